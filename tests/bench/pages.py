"""The workspace's pages over a large state: 1,000,000 targets of which Magento confirmed all, 100,000 more that failed.

Each page is asked for again and again in this process, without sockets and without a browser: what the server takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.harness import Figures
from support.databases import postgres_server
from support.workspace import Site

from connector.state.engine import State, open_state
from connector.state.rows import insert_rows
from connector.state.schema import micros, requests, targets

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
PAGES = {
    "Overview": "/",
    "Failed messages, groups": "/failed",
    "Failed messages, a group's page 900": "/failed/group?entity=price&code=unknown_sku&page=900",
    "Failed messages, a text": "/failed/group?text=SKU-0000777",
    "Failed messages, a text in reasons": "/failed/group?text=Nothing+of+the+kind",
    "One record": "/record/price?key=SKU-0000777",
    "Activity": "/activity",
    "Reconcile": "/reconcile",
    "Setup Parameters, a section": "/setup/inventory",
    "Figures for programs": "/metrics",
}
_PART = 20_000


def measure(kind: str, confirmed: int, failed: int, rounds: int) -> dict[str, Figures]:
    """Return what each page takes on a database of this kind: seconds, of which 95 of a hundred requests took less."""
    for name in [name for name in os.environ if name.startswith("A2M_")]:
        del os.environ[name]
    with _state(kind) as state:
        fill(state, confirmed, failed)
        if kind == "postgresql":  # as its autovacuum does within a minute
            with state.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        site = Site(state)
        found = {}
        for name, path in PAGES.items():
            assert site.get(path).status_code == 200, path
            took = sorted(_seconds(site, path) for _ in range(rounds))
            found[name] = {"seconds": took[min(int(0.95 * rounds), rounds - 1)], "half": took[rounds // 2]}
    return found


def _seconds(site: Site, path: str) -> float:
    site.wait(timedelta(seconds=40))  # what is remembered for half a minute is read again
    began = time.perf_counter()
    assert site.get(path).status_code == 200
    return time.perf_counter() - began


@contextmanager
def _state(kind: str) -> Iterator[State]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="a2m-pages-")))
        os.environ["A2M_HOME"] = str(folder)
        url = f"sqlite:///{folder / 'state.sqlite'}"
        if kind == "postgresql":
            server = stack.enter_context(postgres_server())
            url = server.url(server.new_database())
        state = open_state(url)
        stack.callback(state.close)
        yield state


def fill(state: State, confirmed: int, failed: int) -> None:
    """Let so many targets be confirmed and failed, with the log of the requests that carried them."""
    at = micros(NOW)
    same = {"source": "", "wanted_at": at, "changed_at": at, "seq": 1, "last_request": 1}
    for first in range(0, confirmed, _PART):
        sent = {**same, "entity": "price", "state": "sent", "wanted": 5_000_000, "confirmed": 5_000_000}
        rows = [
            {**sent, "key": f"sku-{n:07}", "sku": f"SKU-{n:07}", "acumatica_key": f"I{n}", "confirmed_at": at}
            for n in range(first, min(first + _PART, confirmed))
        ]
        with state.write() as connection:
            insert_rows(connection, targets, rows)
    for first in range(0, failed, _PART):
        rows = [
            {
                **same,
                "entity": "price" if n % 2 else "inventory",
                "source": "" if n % 2 else "default",
                "key": f"bad-{n:07}",
                "sku": f"BAD-{n:07}",
                "acumatica_key": f"B{n}",
                "state": "failed",
                "attempts": 3,
                "cause": "unknown_sku" if n % 10 else "refused_by_magento",
                "reason": f"Unknown SKU: Magento has no product with the SKU BAD-{n:07}; create it there.",
            }
            for n in range(first, min(first + _PART, failed))
        ]
        with state.write() as connection:
            insert_rows(connection, targets, rows)
    every = timedelta(days=2) / (confirmed // 20)
    lists = {
        name: "[" + ",".join(map(str, range(1, 101))) + "]" for name in ("targets", "seqs", "new_values", "old_values")
    }
    for first in range(0, confirmed // 20, _PART):
        rows = []
        for n in range(first, min(first + _PART, confirmed // 20)):
            sent_at = micros(NOW - timedelta(days=2) + every * n)
            times = {"sent_at": sent_at, "settled_at": sent_at + 400_000, "oldest_wanted_at": sent_at - 2_000_000}
            rows.append({**lists, **times, "entity": "price", "state": "settled", "fence": 1, "sent": 100, "failed": 0})
        with state.write() as connection:
            insert_rows(connection, requests, rows)
