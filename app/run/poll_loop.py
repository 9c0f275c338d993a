"""Poll: sync, and until Check Process Time has passed, sleep and sync again.

`Check Process Time` counts from when the run was due, or from its start if a person started it. `Process Sleep Time` is
the pause between two syncs; the last pause is shortened. 50/5 with instant work syncs at 0, 5, …, 50; at 59/2 the last
pause is one second (spec, case 4).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from connector.clock import Clock


class StopPolling(Exception):
    """Raised by a sync to end the loop without a fault."""


async def poll_loop(
    sync: Callable[[], Awaitable[None]],
    clock: Clock,
    *,
    due_at: datetime,
    check_process_time: float,
    process_sleep_time: float,
    pause: Callable[[float], Awaitable[None]] | None = None,
) -> None:
    """Sync at once, then again after each pause until the time is over. Times are in seconds.

    `pause` waits for the given seconds, or less if a sync is requested meanwhile. Raises what a sync raises, except
    `StopPolling`, which ends the loop.
    """
    ends_at = due_at + timedelta(seconds=check_process_time)
    with suppress(StopPolling):
        await sync()
        while (left := (ends_at - clock.now()).total_seconds()) > 0:
            await (pause or clock.sleep)(min(process_sleep_time, left))
            await sync()
