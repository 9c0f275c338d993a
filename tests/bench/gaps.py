"""How long nothing is looked at between two syncs, under `a2m serve` with a schedule of every minute.

    PYTHONPATH=tests:. .venv/bin/python -m bench.gaps --minutes 4

A real Prefect server and real runs at Check Process Time 59 and Process Sleep Time 2. A sync begins where its first
request reaches Acumatica, as the sandbox's journal has it. The first minute is left out: runs begin then. Ends with 1
if a gap is longer than Process Sleep Time + 2 s (spec, *Cases that decide*, 5) or a run was cancelled or crashed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
from bench.growth import Here, everything

LIFE, SLEEP = 59, 2
FIRST_OF_A_SYNC = {"ARSalesPrice": "price", "INSiteStatus": "inventory", "Customer": "customer", "Shipment": "shipment"}
"""Looks at orders cannot be told by it: shipments read the same list."""
WARM = timedelta(minutes=1)


def measure(minutes: float) -> dict[str, Any]:
    """The syncs of each entity and the gaps between them, in seconds; and how the runs ended."""
    settings = {
        "A2M_QUEUE__CHECK_PROCESS_TIME": str(LIFE),
        "A2M_QUEUE__PROCESS_SLEEP_TIME": str(SLEEP),
        "A2M_PRICE__SOURCE": "sales_price",  # read from a list of its own, by which its syncs are told from the others
    }
    with everything(LIFE, settings=settings, documents=5) as here:
        began = datetime.fromisoformat(journal(here)[-1]["time"])
        time.sleep(minutes * 60)
        requests = [one for one in journal(here) if datetime.fromisoformat(one["time"]) > began + WARM]
        runs = runs_by_state(here)
    syncs = {entity: _starts(requests, end) for end, entity in FIRST_OF_A_SYNC.items()}
    return {
        "minutes": minutes,
        "load": os.getloadavg(),
        "looks": {entity: len(at) for entity, at in syncs.items()},
        "longest gaps": {entity: _gaps(at)[:5] for entity, at in syncs.items()},
        "runs": dict(runs),
    }


def journal(here: Here) -> list[dict[str, Any]]:
    """Every request that Acumatica got."""
    return list(httpx.get(f"{here.acumatica}/_sandbox/journal", timeout=60).json()["requests"])


def _starts(requests: list[dict[str, Any]], end_of_path: str) -> list[datetime]:
    """Where looks begin: further requests within a second belong to the same one."""
    starts: list[datetime] = []
    for one in requests:
        at = datetime.fromisoformat(one["time"])
        if one["path"].endswith(end_of_path) and (not starts or at - starts[-1] > timedelta(seconds=1)):
            starts.append(at)
    return starts


def _gaps(starts: list[datetime]) -> list[float]:
    pairs = pairwise(starts)
    return sorted((round((later - earlier).total_seconds(), 2) for earlier, later in pairs), reverse=True)


def runs_by_state(here: Here) -> Counter[str]:
    """How many runs of the entities are in which state."""
    asked = {
        "deployments": {"tags": {"all_": ["a2m-entity"]}},
        "flow_runs": {"start_time": {"is_null_": False}},
        "limit": 200,
    }
    return Counter(run["state"]["name"] for run in here.ask("POST", "flow_runs/filter", asked))


def main() -> int:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.gaps", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=4)
    found = measure(parser.parse_args().minutes)
    print(json.dumps(found, indent=1))
    longest = max(gap for gaps in found["longest gaps"].values() for gap in gaps)
    return int(longest > SLEEP + 2 or bool({"Cancelled", "Crashed"} & set(found["runs"])))


if __name__ == "__main__":
    sys.exit(main())
