"""What `a2m serve` costs while nothing changes, and how late a due run is, with five entities at 50/5.

    PYTHONPATH=tests:. .venv/bin/python -m bench.idle_serve --minutes 5

A real Prefect server, the sandbox, and `a2m serve` with a schedule of every minute. Counted are processor time and
memory (proportional set size) of `a2m serve` and of everything that it started; the Prefect server and the sandbox are
not. A due run's first request is the first one of its entity that the sandbox's Acumatica got after the minute began.
The first minute is left out. Ends with 1 where a target of issue 15 is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from bench.gaps import journal, runs_by_state
from bench.growth import Here, everything

LIFE, SLEEP = 50, 5
FIRST_OF_A_SYNC = {
    "price": "ARSalesPrice",
    "inventory": "INSiteStatus",
    "customer": "Customer",
    "shipment": "Shipment",
}
"""Orders cannot be told by a path: shipments read the same list. The sync of both begins with it."""
LOOKED_FOR = 45
"""Seconds after each minute: what comes later belongs to no run of that minute."""
CPU, PSS, LATE, CLICK = 5.0, 500.0, 1.0, 2.0
"""Targets: seconds of processor time a minute, MB, seconds from due to the first request (p95), and from a click."""


def measure(minutes: int) -> dict[str, Any]:
    """Watch so many minutes."""
    settings = {"A2M_PRICE__SOURCE": "sales_price", "A2M_ACUMATICA__SESSIONS": "6"}  # so that none waits for another
    with everything(LIFE, settings=settings, documents=5) as here:
        time.sleep(60 - time.time() % 60 + 55)  # the first runs have begun; it ends just before the next are due
        before, began = cpu_of(here.serving), time.time()
        memory, processes = [], []
        while time.time() < began + minutes * 60:
            sizes = pss_of(here.serving)
            memory.append(sum(sizes))
            processes.append(len(sizes))
            time.sleep(1)
        spent, passed = cpu_of(here.serving) - before, time.time() - began
        late = _late(here, began)
        clicked = [_click(here) for _time in range(3)]
        states = runs_by_state(here)
    every = sorted(seconds for of_entity in late.values() for seconds in of_entity) or [float("inf")]
    return {
        "minutes": minutes,
        "load": os.getloadavg(),
        "processor seconds a minute": round(spent / passed * 60, 2),
        "processes": {"mean": round(statistics.mean(processes), 1), "most": max(processes)},
        "PSS, MB": {"mean": round(statistics.mean(memory)), "most": round(max(memory))},
        "due to first request, s": {
            "p50": round(statistics.median(every), 2),
            "p95": round(every[min(len(every) - 1, int(len(every) * 0.95))], 2),
            "most": every[-1],
            **late,
        },
        "click to the first line of Test Connection, s": clicked,
        "runs": dict(states),
    }


def against_targets(found: dict[str, Any]) -> list[tuple[str, float, float, str]]:
    """Return what has a target: the measure, what was found, the target, and the unit of both."""
    return [
        ("idle serve, processor time a minute", found["processor seconds a minute"], CPU, "s"),
        ("idle serve, memory (PSS), most", found["PSS, MB"]["most"], PSS, "MB"),
        ("five at once, due to first request, p95", found["due to first request, s"]["p95"], LATE, "s"),
        ("a click to its first line, most", max(found["click to the first line of Test Connection, s"]), CLICK, "s"),
    ]


def cpu_of(pid: int) -> float:
    """Processor time of a process, of those below it, and of those of them that have ended."""
    total = 0.0
    for one in _family(pid):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_of(pid: int) -> list[float]:
    """Proportional set size of each process of the family, in MB: what they share is counted once in the sum."""
    sizes = []
    for one in _family(pid):
        try:
            lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes.extend(int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:"))
    return sizes


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def _late(here: Here, began: float) -> dict[str, list[float]]:
    """Seconds from each minute to the first request of each entity that it can be told of."""
    late: dict[str, list[float]] = {entity: [] for entity in FIRST_OF_A_SYNC}
    first = datetime.fromtimestamp(began - began % 60 + 60).astimezone()
    entries = [(datetime.fromisoformat(one["time"]), one["path"]) for one in journal(here)]
    minute = first
    while entries and minute + timedelta(seconds=LOOKED_FOR) < entries[-1][0]:
        for entity, end in FIRST_OF_A_SYNC.items():
            after = [
                at
                for at, path in entries
                if path.endswith(end) and minute <= at < minute + timedelta(seconds=LOOKED_FOR)
            ]
            if after:
                late[entity].append(round((after[0] - minute).total_seconds(), 2))
        minute += timedelta(minutes=1)
    return late


def _click(here: Here) -> float:
    """Seconds from the click on Test Connection to the instant of the first line of its log; five entities work."""
    (found,) = here.ask("POST", "deployments/filter", {"deployments": {"name": {"any_": ["Test Connection"]}}})
    clicked = time.time()
    run = here.ask("POST", f"deployments/{found['id']}/create_flow_run", {})["id"]
    asked = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC"}
    while True:
        lines = [one for one in here.ask("POST", "logs/filter", asked) if one["name"] != "prefect.flow_runs.worker"]
        if lines:
            return round(datetime.fromisoformat(lines[0]["timestamp"]).timestamp() - clicked, 2)
        time.sleep(0.5)


def main() -> int:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle_serve", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=5)
    found = measure(parser.parse_args().minutes)
    print(json.dumps(found, indent=1))
    return int(any(ours > target for _measure, ours, target, _unit in against_targets(found)))


if __name__ == "__main__":
    sys.exit(main())
