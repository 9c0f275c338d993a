"""Looks in processes of their own, which die at a chosen step of the data's way."""

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
from support.forked import forked
from support.tried import tried

from connector import failpoints

DIED = 70


@dataclass(frozen=True)
class Death:
    """Where a process dies: at the nth time that it reaches the step."""

    step: str
    time: int


class Died(BaseException):
    """What a process that dies at a step looks like from within: nobody catches it to go on."""


@contextmanager
def dies_at(death: Death) -> Iterator[None]:
    """Looks in this process die there; whoever sees it may go on with the next sync."""
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
            tried("sync died at a step")


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
    """One sync of an entity in a process of its own, at `now`; gives how often it reached each step before its end.

    Fails unless the process died where it should, or ended well where it should not; with `must_die` off it may not
    have come as far.
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
        tried("process died at a step")
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
