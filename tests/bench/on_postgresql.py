"""Changed prices on PostgreSQL, round after round on one database: processor time of the client and of the server.

The server is the tests' own, with fsync and autovacuum as a server has them that somebody relies on.
"""

from __future__ import annotations

from contextlib import suppress

import psutil
from bench.catalogue import cents
from bench.harness import Figures, in_process, servers
from support.databases import LASTING, Postgres, postgres_server


def rounds_of_prices(count: int, rounds: int) -> list[Figures]:
    """Return the figures of each round, `cpu` of the client and `database_cpu` of the server among them, in seconds."""
    found: list[Figures] = []
    with postgres_server(LASTING) as server, servers(count) as here:
        server.sql("ALTER SYSTEM SET autovacuum_naptime = '5s'", "SELECT pg_reload_conf()")  # as after a day's work
        sections = here.settings(magento={"concurrency": 4})
        given = {"entity": "price", "database": server.url(server.new_database()), "sections": sections}
        assert in_process("bench.ours:sync", **given)["tally_requests"] == 0, "the shop is right already"
        for _ in range(rounds):
            generation = here.change("items")
            here.forget()
            before = processor_time(server)
            figures = in_process("bench.ours:sync", **given)
            figures["database_cpu"] = processor_time(server) - before
            sent = here.sent_values()
            expected = sum(number * cents(number, generation) for number in range(1, count + 1))
            assert (sent["rows"], sent["check"]) == (count, expected), sent
            found.append(figures)
    return found


def processor_time(server: Postgres) -> float:
    """Return the processor seconds that the server has used so far, with those of its processes that have ended."""
    pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    first = psutil.Process(pid)
    seconds = sum(first.cpu_times()[:4])
    for child in first.children():
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile: the next count has it with the first
            seconds += sum(child.cpu_times()[:2])
    return seconds
