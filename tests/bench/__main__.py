"""`make bench`: every measure in turn, one table on the terminal, the figures as JSON in `.bench/`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench.harness import MeasureFailed
from bench.measures import MEASURES
from bench.rows import FULL, QUICK, Row
from rich.console import Console
from rich.table import Table

TOLD = Path(__file__).resolve().parents[2] / ".bench"
PACKAGES = ("httpx", "msgspec", "numpy", "pandas", "polars", "duckdb", "dlt", "sqlalchemy", "prefect")


@dataclass(frozen=True)
class Machine:
    """Where the figures come from."""

    system: str
    python: str
    cores: int
    load_before: float
    versions: dict[str, str]


def machine() -> Machine:
    """This machine, and what is installed on it."""
    installed = (name for name in PACKAGES if find_spec(name) is not None)
    versions = {name: version(name) for name in installed} | {"sqlite": sqlite3.sqlite_version}
    return Machine(platform.platform(), platform.python_version(), os.cpu_count() or 1, os.getloadavg()[0], versions)


def table(rows: list[Row]) -> Table:
    """The rows as they are shown."""
    current = Table(title="Medians; in brackets the least and the greatest", show_lines=True)
    for name in ("measure", "ours", "against", "theirs", "ours / theirs", "target", "met", "servers' cpu", "runs"):
        current.add_column(name)
    for row in rows:
        met = "yes" if row.met else "no"
        current.add_row(
            row.measure, row.ours, row.against, row.theirs, row.ratio, row.target, met, row.server_cpu, str(row.runs)
        )
    return current


def main() -> None:
    """Run the chosen measures."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller numbers; some minutes")
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="this measure only; may be repeated")
    given = parser.parse_args()
    where, size, began = machine(), QUICK if given.quick else FULL, time.perf_counter()
    console = Console(width=None if sys.stdout.isatty() else 200)
    rows: list[Row] = []
    failed: list[str] = []
    for name in given.only or MEASURES:
        console.print(f"{name} …", style="dim")
        try:
            rows += MEASURES[name](size)
        except (MeasureFailed, AssertionError) as fault:
            failed.append(name)
            console.print(f"{name} failed: {fault}", markup=False)
    console.print(table(rows))
    console.print(
        f"{where.cores} cores, load {where.load_before:.1f} when it began, Python {where.python}, {where.system}. "
        "Every run is a process of its own; its start and imports are not counted. The servers are processes of their "
        f"own, their processor time is in the table. {time.perf_counter() - began:.0f} s in all."
    )
    TOLD.mkdir(exist_ok=True)
    kept = TOLD / f"bench-{time.strftime('%Y%m%d-%H%M%S')}.json"
    kept.write_text(json.dumps({"machine": where.__dict__, "rows": [row._asdict() for row in rows]}, indent=1))
    console.print(f"Kept as {kept.relative_to(TOLD.parent)}")
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
