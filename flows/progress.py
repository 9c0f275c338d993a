"""A progress artifact while a run works: the share of its queued messages that is sent. An idle run has none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect import get_run_logger
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from app.run.request import RunResult
from entities.events import Event, Listener, Progress


@asynccontextmanager
async def progress_of(outcome: RunResult) -> AsyncIterator[Listener]:
    """Yield a listener that logs progress and updates the artifact, which at the end shows the final share."""
    changed, is_over = asyncio.Event(), asyncio.Event()
    moving: asyncio.Task[None] | None = None
    logger = get_run_logger()

    def listen(event: Event) -> None:
        nonlocal moving
        if isinstance(event, Progress):
            logger.info(event.message)
            changed.set()
            moving = moving or asyncio.create_task(_move(outcome, changed, is_over))

    try:
        yield listen
    finally:
        is_over.set()
        changed.set()
        if moving is not None:
            (ended,) = await asyncio.gather(moving, return_exceptions=True)
            if isinstance(ended, Exception):  # the run must not fail because of its progress artifact
                logger.warning("The progress could not be shown: %s", ended)


async def _move(outcome: RunResult, changed: asyncio.Event, is_over: asyncio.Event) -> None:
    artifact_id = await acreate_progress_artifact(
        progress=_percent(outcome),
        key=f"{outcome.counters.entity}-progress",
        description=f"{outcome.counters.entity}: sent of what was queued",
    )
    while not is_over.is_set():
        await changed.wait()
        changed.clear()
        await aupdate_progress_artifact(artifact_id=artifact_id, progress=_percent(outcome))
    await aupdate_progress_artifact(artifact_id=artifact_id, progress=_percent(outcome))


def _percent(outcome: RunResult) -> float:
    counters = outcome.counters
    done = counters.sent + counters.failed + counters.superseded
    return 100.0 if counters.queued == 0 else round(min(100.0, 100.0 * done / counters.queued), 1)
