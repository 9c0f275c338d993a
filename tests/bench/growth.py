"""What runs leave in both databases: a real Prefect server, a real `a2m serve`, the sandbox, real runs of prices.

    PYTHONPATH=tests:. .venv/bin/python -m bench.growth idle --runs 200
    PYTHONPATH=tests:. .venv/bin/python -m bench.growth steady --minutes 9

`idle`: how many bytes and rows each run adds that finds nothing to do; each is started by hand and run by `a2m serve`.
`steady`: a run every few seconds, in this process, so that a slow machine keeps up; half of them find changed prices;
everything is kept for a minute only, and housekeeping comes after every few runs: by how much both databases still grow
in the last third. Sizes are those of SQLite: pages in use, and pages of the file, which are used again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
from bench.harness import MeasureFailed
from dotenv import dotenv_values
from support.commands import command, environment, run
from support.processes import answers, running, wait_until

from app.deployment_names import deployment_name
from sandbox.catalogue import generated

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

SKUS = 200
SETTLES = 20.0
"""Seconds: events and task runs reach Prefect's database late."""
STARTS_EVERY = 6.0
RETENTION = 60
"""Seconds."""
CHANGED = 20
TURN = 2
"""Runs between two housekeepings."""


@dataclass(frozen=True)
class Size:
    """A database: bytes in use, bytes of the file, and the rows of its tables."""

    used: int
    file: int
    rows: Mapping[str, int]


def size_of(file: Path) -> Size:
    """As the database itself says, with what its log holds."""
    with closing(sqlite3.connect(file, timeout=60)) as opened:
        page, pages, free = (
            opened.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        names = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: opened.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    return Size((pages - free) * page, pages * page, rows)


class Here:
    """The servers, the process `a2m serve` by its number, and the folder in which everything lives."""

    def __init__(self, folder: Path, api: str, environ: Mapping[str, str], acumatica: str, serving: int) -> None:
        self.folder, self.environ = folder, environ
        self.acumatica, self.serving = acumatica, serving
        self._api = httpx.Client(base_url=f"{api}/", timeout=60)

    def sizes(self) -> tuple[Size, Size]:
        """Of our state, and of Prefect's database."""
        return size_of(self.folder / "a2m" / "state.sqlite"), size_of(self.folder / "prefect" / "prefect.db")

    def ask(self, method: str, path: str, body: Any) -> Any:
        """Call Prefect's API; a call that the busy server refuses is repeated."""
        for _time in range(20):
            try:
                answer = self._api.request(method, path, json=body)
            except httpx.TransportError:
                continue
            if answer.status_code not in (429, 500, 503):
                answer.raise_for_status()
                return answer.json() if answer.content else None
            time.sleep(1)
        raise MeasureFailed(f"Prefect does not answer {path}")

    def only_by_hand(self) -> dict[str, Any]:
        """Switch every schedule off; gives the deployment of prices."""
        found = self.ask("POST", "deployments/filter", {})
        for one in found:
            for schedule in one["schedules"]:
                self.ask("PATCH", f"deployments/{one['id']}/schedules/{schedule['id']}", {"active": False})
        return next(one for one in found if one["name"] == deployment_name("price"))

    def run(self, deployment: str) -> str:
        """One run, to its end; gives what it said."""
        once = {"idempotency_key": str(uuid4())}  # a call whose answer was lost is repeated
        number = self.ask("POST", f"deployments/{deployment}/create_flow_run", once)["id"]
        state: dict[str, Any] = {}

        def ended() -> bool:
            nonlocal state
            state = self.ask("GET", f"flow_runs/{number}", None)["state"]
            return state["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

        wait_until(ended, "the end of a run")
        return f"{state['name']}: {state['message']}"

    def settle(self) -> tuple[Size, Size]:
        """The sizes, once nothing comes any more."""
        time.sleep(SETTLES)
        before, after = None, self.sizes()
        while before != after:
            time.sleep(SETTLES / 2)
            before, after = after, self.sizes()
        return after


@contextmanager
def everything(
    life: int, *, settings: Mapping[str, str] | None = None, documents: int = 0, **prefect: str
) -> Iterator[Here]:
    """The sandbox, a Prefect server with its scheduler, and `a2m serve`; Magento shows what Acumatica says already."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="a2m-growth-")))
        lines = folder / "sandbox.env"
        ports = ["--acumatica-port", "0", "--magento-port", "0", "--env", str(lines)]
        plain = environment(folder, {})
        more = ["--documents", str(documents)] if documents else []
        sandbox = command("sandbox", "--skus", str(SKUS), *more, *ports)
        stack.enter_context(running(sandbox, folder=folder, environ=plain, log=folder / "sandbox.log"))
        wait_until(lines.exists, "a sandbox")
        connected = {name: value or "" for name, value in dotenv_values(lines).items()}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        server = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"]
        stack.enter_context(running(server, folder=folder, environ={**plain, **prefect}, log=folder / "prefect.log"))
        api = f"http://127.0.0.1:{port}/api"
        wait_until(lambda: answers(f"{api}/health"), "a Prefect server")
        pauses = {"A2M_QUEUE__CHECK_PROCESS_TIME": str(life), "A2M_QUEUE__PROCESS_SLEEP_TIME": str(min(life, 5))}
        environ = {**environment(folder, {**connected, **pauses, **(settings or {})}), "PREFECT_API_URL": api}
        for _time in range(2):
            run(["sync", "all", "--json"], folder=folder, environ=environ)
        log = folder / "serve.log"
        serving = stack.enter_context(running(command("serve"), folder=folder, environ=environ, log=log))
        wait_until(lambda: "Serving" in log.read_text(), "a2m serve")
        yield Here(folder, api, environ, connected["A2M_ACUMATICA__URL"], serving.pid)


def idle(runs: int, life: int, *, in_here: bool) -> dict[str, Any]:
    """What each of so many runs adds that finds nothing to do."""
    with everything(life) as here:
        price = here.only_by_hand()["id"]
        here.run(price)
        before, began = here.settle(), time.monotonic()
        if in_here:
            asyncio.run(_idle_here(here, price, runs))
        else:
            for number in range(1, runs + 1):
                _require_idle(here, number, here.run(price))
        seconds, after = time.monotonic() - began, here.settle()
    return {
        "runs": runs,
        "life": life,
        "seconds": round(seconds),
        "state": _grown(before[0], after[0], runs),
        "prefect": _grown(before[1], after[1], runs),
    }


async def _idle_here(here: Here, price: str, runs: int) -> None:
    async with _client_of(here) as client:
        for number in range(1, runs + 1):
            _require_idle(here, number, await _run_here(client, price))


def _require_idle(here: Here, number: int, message: str) -> None:
    if message != "Completed: nothing changed":
        raise MeasureFailed(f"run {number} was not idle: {message}")
    if number % 50 == 0:
        print(f"{number} runs: {' and '.join(f'{one.used:,}' for one in here.sizes())} bytes used")


def _grown(before: Size, after: Size, runs: int) -> dict[str, Any]:
    rows = {name: after.rows[name] - before.rows.get(name, 0) for name in after.rows}
    return {
        "bytes per run": round((after.used - before.used) / runs),
        "rows per run": {name: round(count / runs, 2) for name, count in rows.items() if count},
    }


def steady(minutes: float) -> dict[str, Any]:
    """By how much both databases grow in the last third, while everything is kept for a minute only."""
    kept = {
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"PT{RETENTION}S",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "5",
    }
    with everything(1, **kept) as here:
        price = here.only_by_hand()["id"]
        sizes, ended = asyncio.run(_watch(here, price, minutes))
    found: dict[str, Any] = {"minutes": minutes, "measured": len(sizes), "runs": dict(ended)}
    for place, name in enumerate(("state", "prefect")):
        for what in ("used", "file"):
            found[f"{name}, {what}"] = _of_thirds([getattr(one[place], what) for one in sizes])
    return found


def _of_thirds(values: list[int]) -> dict[str, float]:
    """How the last third stands to the one before it: by its mean, because runs come and go within each of them, and by
    its largest value.
    """
    third = len(values) // 3
    before, last = values[third : 2 * third], values[2 * third :]
    return {
        "mean of the second third": round(statistics.mean(before)),
        "mean of the last third": round(statistics.mean(last)),
        "the mean grew by %": round((statistics.mean(last) / statistics.mean(before) - 1) * 100, 2),
        "the largest grew by %": round((max(last) / max(values[: 2 * third]) - 1) * 100, 2),
    }


async def _watch(here: Here, price: str, minutes: float) -> tuple[list[tuple[Size, Size]], Counter[str]]:
    """Run, keep house, and look at the sizes, again and again; gives the sizes, and what the runs said."""
    from connector.clock import SystemClock
    from connector.state.engine import open_state
    from flows.housekeeping import clean_state, forget_runs

    state, clock = open_state(f"sqlite:///{here.folder / 'a2m' / 'state.sqlite'}"), SystemClock()
    sizes: list[tuple[Size, Size]] = []
    ended: Counter[str] = Counter()
    ends_at = time.monotonic() + minutes * 60
    async with _client_of(here) as client:
        while time.monotonic() < ends_at:
            for number in range(TURN):
                if number % 2:
                    _change_prices(here, len(sizes) + number)
                ended[await _run_here(client, price)] += 1
            before = datetime.now(UTC) - timedelta(seconds=RETENTION)
            deleted = await clean_state(state, clock, before)
            runs = await forget_runs(client, clock, before)
            sizes.append(await asyncio.to_thread(here.sizes))
            used = " and ".join(f"{one.used:,}" for one in sizes[-1])
            print(f"{len(sizes)}: {deleted.messages} messages, {runs} runs deleted; {used} bytes used")
    state.close()
    return sizes, ended


@asynccontextmanager
async def _client_of(here: Here) -> AsyncIterator[PrefectClient]:
    """Prefect's client; what runs in this process meanwhile has the settings of the measure."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    os.environ |= here.environ
    with temporary_settings({PREFECT_API_URL: here.environ["PREFECT_API_URL"]}):
        async with get_client() as client:
            yield client


async def _run_here(client: PrefectClient, deployment: str) -> str:
    """One run of the deployment in this process, not before its turn; `a2m serve` leaves it alone because it is pending
    from the start.
    """
    from prefect.flow_engine import run_flow_async
    from prefect.states import Pending

    from flows.price import price

    its_turn = time.monotonic() + STARTS_EVERY
    run = await client.create_flow_run_from_deployment(UUID(deployment), state=Pending())
    state = await run_flow_async(price, flow_run=run, parameters={}, return_type="state")
    await asyncio.sleep(its_turn - time.monotonic())
    return f"{state.name}: {state.message}"


def _change_prices(here: Here, turn: int) -> None:
    price = f"{turn % 90 + 1}.50"
    changes = [{"set_price": {"inventory_id": one.sku, "price": price}} for one in generated(CHANGED)]
    httpx.post(f"{here.acumatica}/_sandbox/change", json=changes, timeout=60).raise_for_status()


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__.partition("\n")[0])
    which = parser.add_subparsers(dest="what", required=True)
    of_idle = which.add_parser("idle")
    of_idle.add_argument("--runs", type=int, default=200)
    of_idle.add_argument("--life", type=int, default=1, help="Check Process Time, in seconds")
    of_idle.add_argument("--here", action="store_true", help="in this process instead of those of a2m serve: quicker")
    of_steady = which.add_parser("steady")
    of_steady.add_argument("--minutes", type=float, default=9)
    given = parser.parse_args()
    found = idle(given.runs, given.life, in_here=given.here) if given.what == "idle" else steady(given.minutes)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
