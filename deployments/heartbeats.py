"""A run's heartbeats, by which Prefect's automations detect a run that died.

Prefect's engine sends the first heartbeat when the run begins. That takes a thread, a websocket and four requests, for
which the run's first request waits. Here the first heartbeat follows once the run is working.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event
from prefect.settings import get_current_settings

HEARTBEAT = "prefect.flow-run.heartbeat"
FIRST_AFTER = 2.0
"""Seconds."""
pause = asyncio.sleep


def seconds_between() -> int | None:
    """Return the seconds between two heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY); None where there are none."""
    return get_current_settings().flows.heartbeat_frequency


@asynccontextmanager
async def heartbeats(run: FlowRun, seconds: int | None) -> AsyncIterator[None]:
    """Send heartbeats of the run while the body works."""
    beating = asyncio.create_task(_beat(run, seconds)) if seconds else None
    try:
        yield
    finally:
        if beating is not None:
            beating.cancel()


async def _beat(run: FlowRun, seconds: int) -> None:
    resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}
    await pause(FIRST_AFTER)
    while True:
        emit_event(event=HEARTBEAT, resource=resource)
        await pause(seconds)
