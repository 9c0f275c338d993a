"""What runs leave in both databases: a real Prefect server, a real `a2m serve`, the sandbox, real runs of prices.

    PYTHONPATH=tests:. .venv/bin/python -m bench.growth idle --runs 200
    PYTHONPATH=tests:. .venv/bin/python -m bench.growth steady --minutes 12

`idle`: how many bytes and rows each run adds that finds nothing to do. `steady`: prices change all the time, the
schedule and what is kept are shortened, and housekeeping comes every few seconds: by how much both databases still grow
in the last third. Sizes are those of SQLite: pages in use, and pages of the file, which are used again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from bench.harness import MeasureFailed
from dotenv import dotenv_values
from support.commands import command, environment, run
from support.processes import answers, running, wait_until

from sandbox.catalogue import generated

SKUS = 200
SETTLES = 20.0
"""Seconds: events and task runs reach Prefect's database late."""
STARTS_EVERY = 10
KEPT = 120
CHANGED = 20


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
    """The servers, and the folder in which everything lives."""

    def __init__(self, folder: Path, api: str, environ: Mapping[str, str], acumatica: str) -> None:
        self.folder, self.environ = folder, environ
        self.acumatica = acumatica
        self._api = httpx.Client(base_url=f"{api}/", timeout=60)

    def sizes(self) -> tuple[Size, Size]:
        """Of our state, and of Prefect's database."""
        return size_of(self.folder / "a2m" / "state.sqlite"), size_of(self.folder / "prefect" / "prefect.db")

    def ask(self, method: str, path: str, body: Any) -> Any:
        """Call Prefect's API; a call that the busy server refuses is repeated."""
        for _time in range(20):
            answer = self._api.request(method, path, json=body)
            if answer.status_code not in (429, 500, 503):
                break
            time.sleep(1)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def only_by_hand(self) -> dict[str, Any]:
        """Switch every schedule off; gives the deployment of prices."""
        found = self.ask("POST", "deployments/filter", {})
        for one in found:
            for schedule in one["schedules"]:
                self.ask("PATCH", f"deployments/{one['id']}/schedules/{schedule['id']}", {"active": False})
        return next(one for one in found if one["name"] == "price")

    def run(self, deployment: str) -> str:
        """One run, to its end; gives what it said."""
        number = self.ask("POST", f"deployments/{deployment}/create_flow_run", {})["id"]
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
def everything(life: int, **prefect: str) -> Iterator[Here]:
    """The sandbox, a Prefect server with its scheduler, and `a2m serve`; Magento shows what Acumatica says already."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="a2m-growth-")))
        settings = folder / "sandbox.env"
        ports = ["--acumatica-port", "0", "--magento-port", "0", "--env", str(settings)]
        plain = environment(folder, {})
        sandbox = command("sandbox", "--skus", str(SKUS), *ports)
        stack.enter_context(running(sandbox, folder=folder, environ=plain, log=folder / "sandbox.log"))
        wait_until(settings.exists, "a sandbox")
        connected = {name: value or "" for name, value in dotenv_values(settings).items()}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        server = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"]
        stack.enter_context(running(server, folder=folder, environ={**plain, **prefect}, log=folder / "prefect.log"))
        api = f"http://127.0.0.1:{port}/api"
        wait_until(lambda: answers(f"{api}/health"), "a Prefect server")
        pauses = {"A2M_QUEUE__CHECK_PROCESS_TIME": str(life), "A2M_QUEUE__PROCESS_SLEEP_TIME": str(min(life, 5))}
        environ = {**environment(folder, {**connected, **pauses}), "PREFECT_API_URL": api}
        for _look in range(2):
            run(["sync", "all", "--json"], folder=folder, environ=environ)
        log = folder / "serve.log"
        stack.enter_context(running(command("serve"), folder=folder, environ=environ, log=log))
        wait_until(lambda: "Serving" in log.read_text(), "a2m serve")
        yield Here(folder, api, environ, connected["A2M_ACUMATICA__URL"])


def idle(runs: int, life: int) -> dict[str, Any]:
    """What each of so many runs adds that finds nothing to do."""
    with everything(life) as here:
        price = here.only_by_hand()["id"]
        here.run(price)
        before, began = here.settle(), time.monotonic()
        for number in range(runs):
            said = here.run(price)
            if said != "Completed: nothing changed":
                raise MeasureFailed(f"run {number} was not idle: {said}")
        seconds, after = time.monotonic() - began, here.settle()
    return {
        "runs": runs,
        "life": life,
        "seconds": round(seconds),
        "state": _grown(before[0], after[0], runs),
        "prefect": _grown(before[1], after[1], runs),
    }


def _grown(before: Size, after: Size, runs: int) -> dict[str, Any]:
    rows = {name: after.rows[name] - before.rows.get(name, 0) for name in after.rows}
    return {
        "bytes per run": round((after.used - before.used) / runs),
        "rows per run": {name: round(count / runs, 2) for name, count in rows.items() if count},
    }


def steady(minutes: float) -> dict[str, Any]:
    """By how much both databases grow in the last third, while everything is kept for two minutes only."""
    kept = {
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"PT{KEPT}S",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "10",
    }
    with everything(1, **kept) as here:
        price = here.only_by_hand()
        every = {"schedule": {"interval": STARTS_EVERY}, "active": True}
        here.ask("POST", f"deployments/{price['id']}/schedules", [every])
        sizes = asyncio.run(_watch(here, minutes))
        ended = here.ask("POST", "flow_runs/filter", {"flow_runs": {"end_time": {"is_null_": False}}})
    states = Counter(one["state"]["name"] for one in ended)
    found: dict[str, Any] = {"minutes": minutes, "measured": len(sizes), "runs that are left": dict(states)}
    for place, name in enumerate(("state", "prefect")):
        for what in ("used", "file"):
            found[f"{name}, {what}"] = _of_thirds([getattr(one[place], what) for one in sizes])
    return found


def _of_thirds(values: list[int]) -> dict[str, float]:
    """How the last third stands to the one before it: the largest value of each."""
    third = len(values) // 3
    before, last = max(values[third : 2 * third]), max(values[2 * third :])
    return {
        "largest in the first third": max(values[:third]),
        "in the second": before,
        "in the last": last,
        "median": round(statistics.median(values[third:])),
        "the last third grew by %": round((last / before - 1) * 100, 2),
    }


async def _watch(here: Here, minutes: float) -> list[tuple[Size, Size]]:
    """Change prices, keep house, and look at the sizes, again and again."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from connector.clock import SystemClock
    from connector.queue.engine import open_state
    from flows.housekeeping import clean_state, forget_runs

    state, clock, sizes = open_state(f"sqlite:///{here.folder / 'a2m' / 'state.sqlite'}"), SystemClock(), []
    ends_at, turn = time.monotonic() + minutes * 60, 0
    with temporary_settings({PREFECT_API_URL: here.environ["PREFECT_API_URL"]}):
        async with get_client() as client:
            while time.monotonic() < ends_at:
                turn += 1
                _change_prices(here, turn)
                before = datetime.now(UTC) - timedelta(seconds=KEPT)
                deleted = await clean_state(state, clock, before)
                runs = await forget_runs(client, clock, before)
                sizes.append(await asyncio.to_thread(here.sizes))
                used = [f"{one.used:,}" for one in sizes[-1]]
                print(f"{turn}: {deleted.messages} messages, {runs} runs deleted; {' and '.join(used)} bytes used")
                await clock.sleep(10)
    state.close()
    return sizes


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
    of_steady = which.add_parser("steady")
    of_steady.add_argument("--minutes", type=float, default=12)
    given = parser.parse_args()
    found = idle(given.runs, given.life) if given.what == "idle" else steady(given.minutes)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
