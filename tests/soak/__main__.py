"""`make soak`: all five entities between both simulators for some minutes, with random changes, faults and kill −9.

It prints its seed and a line of figures now and then, and ends with the invariant: 0 only if nothing is lost, doubled,
older than it was, or still waiting. The figures are kept as JSON in `.soak/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table
from soak.machinery import Machinery
from soak.soak_run import SoakRun
from soak.verdict import Verdict
from support.databases import postgres_server

RESULTS = Path(__file__).resolve().parents[2] / ".soak"
SHOWN = 20


def main() -> int:
    """One soak."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is taken down then too
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    load = os.getloadavg()[0]
    again = f"--minutes {given.minutes:g} --skus {given.skus} --seed {given.seed} --database {given.database}"
    console.print(f'seed {given.seed}: make soak ARGS="{again}"')
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="a2m-soak-", ignore_cleanup_errors=True)))
        machinery = Machinery(folder)
        stack.callback(machinery.close)
        database_url = stack.enter_context(_database(given.database, folder))
        run = SoakRun(machinery, random.Random(given.seed), database_url, given.skus, console.print)
        stack.callback(run.close)
        verdict = run.run(given.minutes * 60)
        figures = {
            **vars(given),
            "command": f'make soak ARGS="{again}"',
            "machine": f"{os.cpu_count()} cores, load {load:.1f} at the beginning, {platform.platform()}, "
            f"Python {platform.python_version()}",
            **run.figures(),
            **{name: value for name, value in asdict(verdict).items() if not isinstance(value, list)},
            **{name: len(value) for name, value in asdict(verdict).items() if isinstance(value, list)},
        }
        _print_result(console, figures, verdict)
        saved = _keep(figures, verdict)
        if not verdict.all_is_well():
            _keep_evidence(folder, saved.with_suffix(""))
        console.print(f"Kept as {saved.relative_to(RESULTS.parent)}")
    return 0 if verdict.all_is_well() else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak ARGS=…", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="how long changes and faults go on")
    parser.add_argument("--skus", type=int, default=20_000, help="items at the beginning")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the same seed, the same chances")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    return parser.parse_args()


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'state.sqlite'}"
        return
    with postgres_server() as server:
        yield server.url(server.new_database())


def _print_result(console: Console, figures: dict[str, Any], verdict: Verdict) -> None:
    current = Table(title="The soak", show_header=False)
    for name, value in figures.items():
        current.add_row(name.replace("_", " "), _describe(value))
    console.print(current)
    for name in ("lost", "doubled", "went_back", "unsettled"):
        for message in getattr(verdict, name)[:SHOWN]:
            console.print(f"{name.replace('_', ' ')}: {message}", markup=False)


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_describe(one)}" for name, one in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _keep(figures: dict[str, Any], verdict: Verdict) -> Path:
    RESULTS.mkdir(exist_ok=True)
    saved = RESULTS / f"soak-{time.strftime('%Y%m%d-%H%M%S')}.json"
    saved.write_text(json.dumps({"figures": figures, "verdict": asdict(verdict)}, indent=1))
    return saved


def _keep_evidence(folder: Path, to: Path) -> None:
    """What the workers said, and what was kept of both systems and the state database."""
    to.mkdir(exist_ok=True)
    for file in folder.iterdir():
        if file.suffix in (".log", ".json"):
            shutil.copy(file, to)


if __name__ == "__main__":
    sys.exit(main())
