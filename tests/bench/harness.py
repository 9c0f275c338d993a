"""Servers and opponents in processes of their own, runs that take turns, and what is made of their figures."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import psutil
from bench.ours import settings_for

TESTS = Path(__file__).resolve().parents[1]
HERE = TESTS.parent
COUNTED = TESTS / "bench" / "counted.py"
Figures = dict[str, Any]


class MeasureFailed(Exception):
    """The code to be measured failed."""


class Servers(NamedTuple):
    """A lean Acumatica and a lean Magento, and a folder for state databases."""

    acumatica: str
    magento: str
    processes: tuple[psutil.Process, ...]
    folder: Path

    def cpu(self) -> float:
        """Return the processor seconds that both servers have used so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)

    def settings(self, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the settings that connect to them."""
        return settings_for(self.acumatica, self.magento, **sections)

    def change(self, kind: str, every: int = 1) -> int:
        """Change every nth item in Acumatica; return the generation."""
        answer = httpx.post(f"{self.acumatica}/_bench/change?every={every}&kind={kind}", timeout=600)
        return int(answer.json()["generation"])

    def make_ready(self, *kinds: str) -> None:
        """Make all pages of these lists in Acumatica: what is measured is who reads them, not who makes them."""
        httpx.post(f"{self.acumatica}/_bench/ready", params={"kind": list(kinds)}, timeout=600).raise_for_status()

    def forget(self) -> None:
        """Delete what Magento has been sent."""
        httpx.post(f"{self.magento}/_bench/reset")

    def sent_values(self) -> Figures:
        """Return counts and a checksum of what Magento has been sent."""
        found: Figures = httpx.get(f"{self.magento}/_bench/told", timeout=600).json()
        return found

    def connected(self, entity: str, sections: Figures, checkout: Path = HERE) -> Path:
        """A state database whose shop shows what Acumatica says: the first sync found everything right already."""
        state = self.folder / f"{entity}-connected-{checkout.name}.sqlite"
        figures = in_process(sync_of(checkout), checkout, entity=entity, database=str(state), sections=sections)
        assert figures["tally_requests"] == 0, "the first sync of a shop that is right already writes nothing"
        return state

    def copy_of(self, state: Path) -> str:
        """A copy of a state database for one run."""
        copy = self.folder / "run.sqlite"
        for old in self.folder.glob("run.sqlite*"):
            old.unlink()
        shutil.copy(state, copy)
        return str(copy)


def sync_of(checkout: Path = HERE) -> str:
    """The measure that is one sync, by the name that the checkout has for it."""
    is_named_so = "def sync(" in (checkout / "tests" / "bench" / "ours.py").read_text()
    return "bench.ours:sync" if is_named_so else "bench.ours:look"


@contextmanager
def servers(count: int, warehouses: int = 1, *, real: bool = False, sources: int = 1) -> Iterator[Servers]:
    """Both servers for a catalogue of so many items; `real`: Magento takes as long as the real one."""
    with TemporaryDirectory(prefix="a2m-bench-") as folder:
        started = [
            _start("bench.acumatica_server", str(count), str(warehouses)),
            _start("bench.magento_server", str(warehouses), str(sources), *(["real"] if real else [])),
        ]
        try:
            urls = [(process.stdout.readline() if process.stdout else "").strip() for process in started]
            watched = tuple(psutil.Process(process.pid) for process in started)
            yield Servers(urls[0], urls[1], watched, Path(folder))
        finally:
            for process in started:
                process.terminate()
                process.wait()


def _environment(checkout: Path = HERE, tests: Path = TESTS) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("A2M_")}
    return {**clean, "PYTHONPATH": f"{tests}{os.pathsep}{checkout}"}


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, env=_environment()
    )


def in_process(
    what: str,
    checkout: Path = HERE,
    tests: Path | None = None,
    /,
    *,
    counted: bool = False,
    settings: Mapping[str, str] | None = None,
    **arguments: Any,
) -> Figures:
    """One measured thing in a new process; starting it and importing are not part of its figures.

    checkout: whose code; and whose measures, unless `tests` are told. counted: its statements to SQLite are counted,
    which takes time. settings: as its environment has them.
    """
    program = ["-P", str(COUNTED)] if counted else ["-m", "bench.one"]
    command = [sys.executable, *program, what, json.dumps(arguments)]
    environment = {**_environment(checkout, tests or checkout / "tests"), **(settings or {})}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=checkout)
    if done.returncode:
        raise MeasureFailed(f"{what} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    found: Figures = json.loads(done.stdout.rpartition("RESULT ")[2])
    return found


def in_turns(rounds: int, here: Servers | None, **runs: Callable[[], Figures]) -> dict[str, list[Figures]]:
    """Each run once, then each again, so many rounds: what disturbs the machine disturbs all alike."""
    found: dict[str, list[Figures]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            before = here.cpu() if here else 0.0
            figures = run()
            figures["server_cpu"] = (here.cpu() if here else 0.0) - before
            found[name].append(figures)
    return found


class Spread(NamedTuple):
    """The median of some figures, with the least and the greatest."""

    median: float
    least: float
    greatest: float
    runs: int

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g}–{self.greatest:.3g})"


def spread(figures: list[Figures], name: str = "seconds") -> Spread:
    """The spread of one figure over its runs."""
    values = [float(one[name]) for one in figures]
    return Spread(statistics.median(values), min(values), max(values), len(values))


def ratio(ours: list[Figures], theirs: list[Figures], name: str = "seconds") -> Spread:
    """Ours as a multiple of theirs, run by run, so that each pair met the same machine."""
    values = [float(one[name]) / float(other[name]) for one, other in zip(ours, theirs, strict=True)]
    return Spread(statistics.median(values), min(values), max(values), len(values))
