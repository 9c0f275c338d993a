"""Syncs in processes of their own that die at a chosen step of the sync."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.fault_counts import count_fault
from support.forked import forked

from connector import failpoints

DIED = 70


@dataclass(frozen=True)
class Death:
    """Where a process dies: when it reaches the step for the nth time."""

    step: str
    time: int


class Died(BaseException):
    """Stands for the death of a process. It is a `BaseException`, so that no handler continues after it."""


@contextmanager
def dies_at(death: Death) -> Iterator[None]:
    """Let a sync in this process die at a step. Execution continues after the `with` block."""
    reached: Counter[str] = Counter()

    def reach(step: str) -> None:
        reached[step] += 1
        if (step, reached[step]) == (death.step, death.time):
            raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoints, "hit", reach)
        try:
            yield
        except Died:
            count_fault("sync died at a step")


def sync_in_process(
    entity: str,
    database_url: str,
    sections: Mapping[str, Mapping[str, Any]],
    now: datetime,
    sent: Path,
    death: Death | None = None,
    *,
    must_die: bool = True,
) -> Counter[str]:
    """Run one sync of an entity in a process of its own, at `now`; return how often it reached each step.

    Fails unless the process died at `death`, or succeeded if there is none. Without `must_die` it may also succeed
    before it reaches `death`.
    """
    arguments = (entity, database_url, dict(sections), now, sent, death)
    process = forked().Process(target=_sync, args=arguments)
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError(f"the sync of {entity} did not end")
    expected = (0,) if death is None else (DIED,) if must_die else (0, DIED)
    assert process.exitcode in expected, f"{entity}, {death}: exit code {process.exitcode}"
    if process.exitcode == DIED:
        count_fault("process died at a step")
    return Counter(json.loads(sent.read_text()))


def _sync(
    entity: str,
    database_url: str,
    sections: dict[str, dict[str, Any]],
    now: datetime,
    sent: Path,
    death: Death | None,
) -> None:
    from app.run.request import RunEnvironment, RunRequest
    from app.run.work import work_on
    from connector.clock import ManualClock
    from connector.state.engine import open_state
    from settings import load_settings

    reached: Counter[str] = Counter()

    def reach(step: str) -> None:
        reached[step] += 1
        if death is not None and (step, reached[step]) == (death.step, death.time):
            sent.write_text(json.dumps(reached))
            os._exit(DIED)

    failpoints.hit = reach  # type: ignore[assignment]
    state = open_state(database_url)
    request, around = RunRequest(entity, once=True), RunEnvironment(ManualClock(now))
    outcome = asyncio.run(work_on(request, load_settings(**sections), state, around))
    state.close()
    sent.write_text(json.dumps(reached))
    os._exit(0 if outcome.fault is None and outcome.stopped is None else 1)
