"""This version beside earlier ones: the same measures in turns, by processor time, wall time and statements.

    git worktree add ../earlier COMMIT
    PYTHONPATH=tests:. .venv/bin/python -m bench.versions ../earlier [../another …] [--rounds 9] [--only prices]

Servers are this checkout's. Each run is a process of its own, over the tests and the code of its checkout.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.__main__ import TOLD, machine
from bench.catalogue import WAREHOUSES
from bench.harness import HERE, TESTS, Figures, Servers, in_process, in_turns, ratio, servers, spread, sync_of
from rich.console import Console
from rich.table import Table

Checkouts = dict[str, Path]
"""Each by its name, this one first."""
Raw = dict[str, list[Figures]]
DOCUMENTS = ("customer", "order", "shipment")


def _sync(
    here: Servers, all_of: Checkouts, entity: str, sections: Figures, kind: str, rows: int, rounds: int
) -> tuple[Raw, dict[str, int]]:
    """Changed values of an entity, from a state that each version wrote itself."""
    states = {name: here.connected(entity, sections, root) for name, root in all_of.items()}
    here.change(kind)

    def run(name: str, *, counted: bool = False) -> Figures:
        here.forget()
        figures = in_process(
            sync_of(all_of[name]),
            all_of[name],
            counted=counted,
            entity=entity,
            database=here.copy_of(states[name]),
            sections=sections,
        )
        assert here.sent_values()["rows"] == rows, here.sent_values()
        return figures

    raw = in_turns(rounds, here, **{name: lambda name=name: run(name) for name in all_of})
    return raw, {name: run(name, counted=True)["statements"] for name in all_of}


def prices(all_of: Checkouts, rounds: int, count: int) -> tuple[str, Raw, dict[str, int]]:
    """Every price changed."""
    with servers(count) as here:
        sections = here.settings(magento={"concurrency": 4})
        found = _sync(here, all_of, "price", sections, "items", count, rounds)
    return f"{count:,} changed prices, batch 100, 4 connections", *found


def quantities(all_of: Checkouts, rounds: int, count: int) -> tuple[str, Raw, dict[str, int]]:
    """Every quantity changed: of four warehouses the last two are one source."""
    codes = dict(zip(WAREHOUSES[:4], ("default", "east", "west", "west"), strict=True))
    with servers(count, 4, sources=3) as here:
        sections = here.settings(magento={"concurrency": 4})
        sections["inventory"] |= {"warehouses": list(codes), "sources": codes}
        found = _sync(here, all_of, "inventory", sections, "quantities", 3 * count, rounds)
    return f"{3 * count:,} changed quantities, {count:,} SKUs, 4 warehouses, 3 sources", *found


def idle(all_of: Checkouts, rounds: int, count: int) -> tuple[str, Raw, dict[str, int]]:
    """A run in whose whole life nothing changes."""
    with servers(count) as here:
        sections = here.settings()
        states = {name: here.connected("price", sections, root) for name, root in all_of.items()}

        def run(name: str, *, counted: bool = False) -> Figures:
            given = {"entity": "price", "database": here.copy_of(states[name]), "sections": sections, "idle": True}
            figures = in_process(sync_of(all_of[name]), all_of[name], counted=counted, **given)
            return {**figures, "cpu": figures["idle_look"]}

        raw = in_turns(rounds, here, **{name: lambda name=name: run(name) for name in all_of})
        statements = {name: run(name, counted=True)["statements"] for name in all_of}
    return f"an idle sync, {count:,} items (statements and wall: of its run of 50 s)", raw, statements


def compute(all_of: Checkouts, rounds: int, count: int) -> tuple[str, Raw, dict[str, int]]:
    """The rule of quantities and what differs from the ledger."""
    given = {"tool": "ours", "skus": count, "warehouses": 10}
    run = {name: lambda root=root: in_process("bench.computing:run", root, **given) for name, root in all_of.items()}
    raw = in_turns(rounds, None, **run)
    return f"compute, {count:,} SKUs × 10 warehouses", raw, {}


def pull(all_of: Checkouts, rounds: int, count: int) -> tuple[str, Raw, dict[str, int]]:
    """Pages over HTTP, decoded."""
    with servers(count) as here:
        given = {"tool": "ours", "acumatica": here.acumatica, "count": count}
        in_process("bench.flattening:run", **given)  # the server makes its pages at the first reading
        run = {  # these tests: what they import counts
            name: lambda root=root: in_process("bench.flattening:run", root, TESTS, **given)
            for name, root in all_of.items()
        }
        raw = in_turns(rounds, here, **run)
    return f"pull {count:,} items in pages of 1,000", raw, {}


def documents(all_of: Checkouts, rounds: int, count: int) -> tuple[str, Raw, dict[str, int]]:
    """All customers, orders and shipments of a sandbox for the first time."""

    def run(checkout: Path, *, counted: bool = False) -> Figures:
        with sandbox(count) as settings, TemporaryDirectory(prefix="a2m-bench-") as folder:
            database = f"{folder}/state.sqlite"
            each = [
                in_process(
                    sync_of(checkout),
                    checkout,
                    counted=counted,
                    settings=settings,
                    entity=entity,
                    database=database,
                    sections={},
                )
                for entity in DOCUMENTS
            ]
        sums = {name: sum(one.get(name, 0) for one in each) for name in ("seconds", "cpu", "statements", "tally_sent")}
        return {**sums, "each": each}

    raw = in_turns(rounds, None, **{name: lambda root=root: run(root) for name, root in all_of.items()})
    statements = {name: run(root, counted=True)["statements"] for name, root in all_of.items()}
    sent = {name: runs[0]["tally_sent"] for name, runs in raw.items()}
    return f"first sync of customers, orders, shipments of {count} orders (sent: {sent})", raw, statements


@contextmanager
def sandbox(orders: int) -> Iterator[dict[str, str]]:
    """Both simulators with documents, in a process of their own; gives the settings that connect to them."""
    with TemporaryDirectory(prefix="a2m-bench-") as folder:
        lines = Path(folder) / "lines"
        ports = ("--acumatica-port", "0", "--magento-port", "0")
        command = [sys.executable, "-m", "a2m", "sandbox", "--documents", str(orders), *ports, "--env", str(lines)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=HERE)
        try:
            while not lines.exists():
                assert process.poll() is None, "the sandbox did not start"
                time.sleep(0.1)
            pairs = (line.split("=", 1) for line in lines.read_text().splitlines())
            yield {name: shlex.split(value)[0] for name, value in pairs}
        finally:
            process.terminate()
            process.wait()


MEASURES: dict[str, tuple[Callable[[Checkouts, int, int], tuple[str, Raw, dict[str, int]]], int]] = {
    "prices": (prices, 200_000),
    "quantities": (quantities, 50_000),
    "pull": (pull, 100_000),
    "compute": (compute, 300_000),
    "idle": (idle, 100_000),
    "documents": (documents, 150),
}
"""With their sizes."""


def table(found: dict[str, tuple[str, Raw, dict[str, int]]], names: list[str]) -> Table:
    """The medians, and this version as a multiple of each earlier one, pair by pair."""
    shown = Table(title="Medians; in brackets the least and the greatest", show_lines=True)
    for column in ("measure", "figure", *names, *(f"{names[0]} / {name}" for name in names[1:])):
        shown.add_column(column)
    for what, raw, statements in found.values():
        for place, (figure, label) in enumerate((("cpu", "processor, s"), ("seconds", "wall, s"))):
            own = [str(spread(raw[name], figure)) for name in names]
            shares = [f"× {ratio(raw[names[0]], raw[name], figure)}" for name in names[1:]]
            shown.add_row("" if place else what, label, *own, *shares)
        if statements:
            shares = [f"× {statements[names[0]] / statements[name]:.3g}" for name in names[1:]]
            shown.add_row("", "statements", *(f"{statements[name]:,}" for name in names), *shares)
    return shown


def main() -> None:
    """Run the chosen measures."""
    parser = argparse.ArgumentParser(prog="python -m bench.versions", description=__doc__)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes")
    parser.add_argument("--only", action="append", choices=list(MEASURES))
    given = parser.parse_args()
    all_of = {"this": HERE, **{one.name: one.resolve() for one in given.checkouts}}
    console = Console(width=None if sys.stdout.isatty() else 200)
    found: dict[str, Any] = {}
    for name in given.only or MEASURES:
        console.print(f"{name} …", style="dim")
        measure, size = MEASURES[name]
        found[name] = measure(all_of, given.rounds, round(size * given.scale))
        console.print(table({name: found[name]}, list(all_of)))
    TOLD.mkdir(exist_ok=True)
    kept = TOLD / f"versions-{time.strftime('%Y%m%d-%H%M%S')}.json"
    kept.write_text(json.dumps({"machine": machine().__dict__, "found": found}, indent=1))
    console.print(f"Kept as {kept.name}")


if __name__ == "__main__":
    main()
