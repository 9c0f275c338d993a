"""`a2m serve` was away for hours: how many of the runs that are late begin, and how soon every entity has synced.

    PYTHONPATH=tests:. .venv/bin/python -m bench.outage --hours 8

A real Prefect server, the sandbox, and `a2m serve`, which is stopped once everything has synced. The runs that its
schedules of every minute make in so many hours are written into Prefect's database, as Prefect's scheduler writes them;
then `a2m serve` is started again. Its start counts too: the seconds are from the command to the last entity's sync.
Ends with 1 where a target of issue 15 is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from bench.growth import Here, everything
from bench.idle_serve import LIFE
from support.commands import command
from support.processes import running, wait_until

from deployments.catalogue import OF_ENTITIES
from deployments.late_runs import SKIPPED
from entities.names import NAMES

SYNCED_WITHIN = 20.0
"""Seconds: the target."""
SKIPPED_WITHIN = 1800.0
BEGUN_BY = 45.0
"""Seconds after the minute: runs that begin until then are late ones, the next minute's not yet among them."""


def measure(hours: float) -> dict[str, Any]:
    """Stop it, let so many hours pass, and start it again."""
    with everything(LIFE, settings={"A2M_ACUMATICA__SESSIONS": "6"}, documents=5) as here:
        wait_until(lambda: len(_scheduled(here)) == len(NAMES), "scheduled runs of each entity")
        os.kill(here.serving, signal.SIGTERM)
        psutil.wait_procs([psutil.Process(here.serving)], timeout=60)
        late = _make_late(here, round(hours * 60))
        time.sleep(60 - time.time() % 60 + 1)
        load, began, log = os.getloadavg(), datetime.now(UTC), here.folder / "again.log"
        with running(command("serve"), folder=here.folder, environ=here.environ, log=log):
            wait_until(lambda: set(_synced(here, began)) == set(NAMES), "a sync of each entity")
            synced = {name: round(seconds, 1) for name, seconds in _synced(here, began).items()}
            time.sleep(max(0.0, BEGUN_BY - (datetime.now(UTC) - began).total_seconds()))
            begun = _how_many(here, _begun(began))
            wait_until(lambda: _how_many(here, _late(began)) == 0, "the end of skipping", seconds=SKIPPED_WITHIN)
            all_skipped = round((datetime.now(UTC) - began).total_seconds(), 1)
            skipped = _how_many(here, {"state": {"name": {"any_": [SKIPPED]}}})
    return {
        "load": load,
        "late runs": late,
        "runs that began": begun,
        "skipped": skipped,
        "seconds until each entity had synced": synced,
        "seconds until all had synced": max(synced.values()),
        "seconds until all were skipped": all_skipped,
    }


def against_targets(found: dict[str, Any]) -> list[tuple[str, float, float, str]]:
    """Return what has a target: the measure, what was found, the target, and the unit of both."""
    after = f"after an outage with {found['late runs']:,} late runs"
    return [
        (f"{after}, runs that began", found["runs that began"], len(NAMES), "runs"),
        (f"{after}, all entities synced", found["seconds until all had synced"], SYNCED_WITHIN, "s"),
    ]


def _scheduled(here: Here) -> list[sqlite3.Row]:
    """Return a run of each entity that Prefect's scheduler made and that waits."""
    with closing(sqlite3.connect(here.folder / "prefect" / "prefect.db", timeout=60)) as prefect:
        prefect.row_factory = sqlite3.Row
        query = """SELECT flow_run.*, max(expected_start_time) FROM flow_run
            WHERE auto_scheduled AND state_type = 'SCHEDULED' AND tags LIKE ? GROUP BY deployment_id"""
        return prefect.execute(query, (f"%{OF_ENTITIES}%",)).fetchall()


def _make_late(here: Here, minutes: int) -> int:
    """Write runs of each entity for so many minutes until now, each a copy of one that is scheduled; return how many
    wait then. Prefect's server calls a run late after a quarter of a minute, which here is written along.
    """
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with closing(sqlite3.connect(here.folder / "prefect" / "prefect.db", timeout=60)) as prefect, prefect:
        prefect.row_factory = sqlite3.Row
        for one in _scheduled(here):
            run = {name: one[name] for name in one.keys() if not name.startswith("max(")}  # noqa: SIM118 - a row
            state = dict(prefect.execute("SELECT * FROM flow_run_state WHERE id = ?", (run["state_id"],)).fetchone())
            for ago in range(minutes, 0, -1):
                _insert_late(prefect, run, state, now - timedelta(minutes=ago))
        count: int = prefect.execute(
            "SELECT count(*) FROM flow_run WHERE state_name = 'Late' AND tags LIKE ?", (f"%{OF_ENTITIES}%",)
        ).fetchone()[0]
    return count


def _begun(since: datetime) -> dict[str, Any]:
    """Those that began since then: one that is skipped has a start as well, and is cancelled."""
    types = ["RUNNING", "COMPLETED", "FAILED", "CRASHED"]
    return {"start_time": {"after_": since.isoformat()}, "state": {"type": {"any_": types}}}


def _late(began: datetime) -> dict[str, Any]:
    return {"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": {"before_": began.isoformat()}}


def _insert_late(prefect: sqlite3.Connection, run: dict[str, Any], state: dict[str, Any], due: datetime) -> None:
    number, of_state, at = str(uuid4()), str(uuid4()), f"{due:%Y-%m-%d %H:%M:%S.%f}"
    details = {**json.loads(state["state_details"]), "scheduled_time": due.isoformat()}
    named = {
        "id": of_state,
        "name": "Late",
        "flow_run_id": number,
        "timestamp": at,
        "state_details": json.dumps(details),
    }
    _insert(prefect, "flow_run_state", {**state, **named})
    times = {"expected_start_time": at, "next_scheduled_start_time": at}
    keys = {"id": number, "state_id": of_state, "state_name": "Late", "idempotency_key": f"outage {number}"}
    _insert(prefect, "flow_run", {**run, **times, **keys})


def _insert(prefect: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    names, places = ", ".join(values), ", ".join("?" * len(values))
    prefect.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(values.values()))


def _synced(here: Here, since: datetime) -> dict[str, float]:
    """Seconds from then to the sync of each entity that has synced since."""
    file = f"file:{Path(here.folder) / 'a2m' / 'state.sqlite'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True, timeout=60)) as state:
        rows = state.execute("SELECT entity, last_look_at FROM entities WHERE last_look_at IS NOT NULL").fetchall()
    return {name: seconds for name, at in rows if (seconds := at / 1e6 - since.timestamp()) > 0}


def _how_many(here: Here, runs: dict[str, Any]) -> int:
    asked = {"flow_runs": runs, "deployments": {"tags": {"all_": [OF_ENTITIES]}}}
    return int(here.ask("POST", "flow_runs/count", asked))


def main() -> int:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=8)
    found = measure(parser.parse_args().hours)
    print(json.dumps(found, indent=1))
    return int(any(ours > target for _measure, ours, target, _unit in against_targets(found)))


if __name__ == "__main__":
    sys.exit(main())
