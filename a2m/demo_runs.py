"""The demo's full sync: one run of each entity through Prefect, in the order of their dependencies, with progress."""

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
    """The steps of the demo, with the prefix of every line: the time since the start and the number of the step."""

    began: float
    total: int
    done: list[tuple[str, str, str]] = field(default_factory=list)

    def line(self, text: str, number: int | None = None) -> str:
        """Return a line such as `[ 21 s] 3/6 customer 4/12`. `number`: of the step; by default the current one."""
        current = len(self.done) + 1 if number is None else number
        return f"[{time.monotonic() - self.began:3.0f} s] {min(current, self.total)}/{self.total} {text}"

    def end(self, outcome: tuple[str, str, str]) -> None:
        """Add and print the outcome of a step: entity, state and message."""
        self.done.append(outcome)
        entity, state, message = outcome
        name = entity if state == "Completed" else f"{entity} ({state})"
        out.print(self.line(f"{name}: {message}", len(self.done)), markup=False)


def sync_all(children: Children, api: str, began: float) -> list[tuple[str, str, str]]:
    """Run every entity, each after those that it depends on; return (entity, state, message) of each run."""
    from entities.registry import waves

    steps = Steps(began, sum(len(wave) for wave in waves()))
    with DemoServer(children, api) as prefect, progress() as show_line:
        show_line(steps.line("the first run"))
        prefect.wait_for_worker()
        for wave in waves():
            _sync_wave(prefect, show_line, wave, steps)
    return steps.done


def _sync_wave(prefect: DemoServer, show_line: Callable[[str], None], wave: Sequence[str], steps: Steps) -> None:
    """Run the entities of a wave at the same time, once each, and show their progress."""
    deadline = time.monotonic() + RUN_SECONDS
    runs = {entity: prefect.start_run(entity) for entity in wave}
    while runs and time.monotonic() < deadline:
        show_line(steps.line(_how_far(runs)))
        for entity in list(runs):
            state = prefect.state_of(runs[entity])
            if state is None:
                continue
            status = _status()[entity]
            if state.name == "AlreadyRunning" or (state.is_completed and _has_work_left(status)):
                # a scheduled run was quicker, or left messages that wait for another entity
                runs[entity] = prefect.start_run(entity)
            else:
                # the result of the last sync that did something, which may be a scheduled run's
                message = status["last_result"] if state.is_completed else None
                del runs[entity]
                steps.end((entity, state.name, message or state.message))
        time.sleep(0.3)
    for entity in runs:
        steps.end((entity, "still working", "it took longer than the demo waits"))


def _has_work_left(status: dict[str, Any]) -> bool:
    """Return whether another run would send messages. Messages that wait for something in the shop do not count."""
    from entities.waiting import OF_OTHER_ENTITIES

    return bool(status["pending"] or any(code in OF_OTHER_ENTITIES for code in status["waiting_for"]))


def _status() -> dict[str, dict[str, Any]]:
    """Return the status of each entity, as `a2m status` shows it."""
    from a2m.status import read_status

    return {row["entity"]: row for row in read_status()}


def _how_far(entities: Iterable[str]) -> str:
    """Return the number of sent messages of each entity, out of all its messages."""
    rows = _status()
    counts = ("pending", "sending", "sent", "failed")
    totals = {entity: sum(rows[entity][name] for name in counts) for entity in entities}
    return ", ".join(
        f"{entity} {rows[entity]['sent']:,}/{total:,}" if total else f"{entity} reads"
        for entity, total in totals.items()
    )
