"""A worker of one entity in a process of its own: one run after the other, as the schedule starts them, until SIGINT.

`python -m soak.worker ENTITY NAME`; the settings come from the environment. Each run's end is a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from app.effective_settings import AppContext, effective_settings, is_outdated, read
from app.run.request import RunEnvironment, RunRequest
from app.run.work import work_on
from settings import Settings

PAUSE = 1.0
"""Seconds between two runs; the real schedule runs every minute."""


async def work(entity: str, name: str) -> None:
    """Run until this process is ended."""
    with effective_settings(needs_both_systems=True) as now:
        newer = _saved_after(now)
        settings = now.settings
        while True:
            settings = newer() or settings
            request = RunRequest(entity, due_at=datetime.now(UTC), holder=name)
            outcome = await work_on(request, settings, now.state, RunEnvironment(newer_settings=newer))
            message = {"fault": outcome.fault, "stopped": outcome.stopped, **outcome.counters.as_json()}
            print(json.dumps(message), flush=True)
            await asyncio.sleep(PAUSE)


def _saved_after(now: AppContext) -> Callable[[], Settings | None]:
    """Return a function that returns the settings saved since its last call, or `None`."""

    def newer() -> Settings | None:
        nonlocal now
        if not is_outdated(now):
            return None
        now = read(now.state, needs_both_systems=True)
        return now.settings

    return newer


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
    with suppress(KeyboardInterrupt):
        asyncio.run(work(sys.argv[1], sys.argv[2]))
