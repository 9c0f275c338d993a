"""A demo's one full sync: a run of each entity through Prefect, in an order that makes sense, and how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from a2m.console import out, progress
from a2m.demo_server import DemoServer
from a2m.processes import Children

RUN_SECONDS = 900.0


@dataclass
class Steps:
    """How many steps there are and are done, and since when: what stands before every line."""

    began: float
    total: int
    done: list[tuple[str, str, str]] = field(default_factory=list)

    def line(self, text: str, number: int | None = None) -> str:
        """Return a line of the step that is under way, or of this one: `[ 21 s] 3/6 customer 4/12`."""
        under_way = len(self.done) + 1 if number is None else number
        return f"[{time.monotonic() - self.began:3.0f} s] {min(under_way, self.total)}/{self.total} {text}"

    def end(self, outcome: tuple[str, str, str]) -> None:
        """Note a step that is done, and print what it did."""
        self.done.append(outcome)
        entity, state, words = outcome
        name = entity if state == "Completed" else f"{entity} ({state})"
        out.print(self.line(f"{name}: {words}", len(self.done)), markup=False)


def sync_all(children: Children, api: str, began: float) -> list[tuple[str, str, str]]:
    """Run every entity, each after those that it follows; return (entity, state, message) of each run."""
    from entities.registry import waves

    steps = Steps(began, sum(len(wave) for wave in waves()))
    with DemoServer(children, api) as prefect, progress() as show_line:
        show_line(steps.line("the first run"))
        prefect.wait_for_worker()
        for wave in waves():
            _sync_wave(prefect, show_line, wave, steps)
    return steps.done


def _sync_wave(prefect: DemoServer, show_line: Callable[[str], None], wave: Sequence[str], steps: Steps) -> None:
    """Run each entity of a wave once, with a line that shows how far they are."""
    deadline = time.monotonic() + RUN_SECONDS
    runs = {entity: prefect.start_run(entity) for entity in wave}
    while runs and time.monotonic() < deadline:
        show_line(steps.line(_how_far(runs)))
        for entity in list(runs):
            state = prefect.state_of(runs[entity])
            if state is None:
                continue
            known = _status()[entity]
            if state.name == "AlreadyRunning" or (state.is_completed and _is_left(known)):
                # a scheduled run was quicker, or left something to wait for another entity
                runs[entity] = prefect.start_run(entity)
            else:
                # what the last sync that did something said, which may be a scheduled run's
                words = known["last_result"] if state.is_completed else None
                del runs[entity]
                steps.end((entity, state.name, words or state.message))
        time.sleep(0.3)
    for entity in runs:
        steps.end((entity, "still working", "it took longer than the demo waits"))


def _is_left(known: dict[str, Any]) -> bool:
    """Return whether messages are left that another run sends: not those that wait for something in the shop."""
    from entities.waiting import OF_OTHER_ENTITIES

    return bool(known["pending"] or any(code in OF_OTHER_ENTITIES for code in known["waiting_for"]))


def _status() -> dict[str, dict[str, Any]]:
    """Return the state of each entity, as `a2m status` shows it."""
    from a2m.status import read_status

    return {row["entity"]: row for row in read_status()}


def _how_far(entities: Iterable[str]) -> str:
    """Return how many messages each of the entities has sent, of how many that it has."""
    rows = _status()
    counts = ("pending", "sending", "sent", "failed")
    known = {one: sum(rows[one][name] for name in counts) for one in entities}
    return ", ".join(f"{one} {rows[one]['sent']:,}/{all_:,}" if all_ else f"{one} reads" for one, all_ in known.items())
