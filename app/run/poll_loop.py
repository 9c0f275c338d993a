"""The life of a run: sync, and while Check Process Time has not passed, sleep and sync again.

`Check Process Time` counts from when the run was due (a hand-started one: from its start); `Process Sleep Time` is the
pause between two syncs, and the last one is clipped. 50/5 with instant work syncs at 0, 5, …, 50; at 59/2 the last
pause is one second (spec, case 4).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from connector.clock import Clock


class StopPolling(Exception):
    """A sync found out that this life is over: there is no reason for another sync of it."""


async def poll_loop(
    sync: Callable[[], Awaitable[None]],
    clock: Clock,
    *,
    due_at: datetime,
    check_process_time: float,
    process_sleep_time: float,
    pause: Callable[[float], Awaitable[None]] | None = None,
) -> None:
    """Sync at once, then again after each pause until the run's time is over. Whatever a sync raises ends the run;
    `StopPolling` ends it without a fault. `pause` waits for so many seconds, or less where a sync is asked for.
    """
    ends_at = due_at + timedelta(seconds=check_process_time)
    with suppress(StopPolling):
        await sync()
        while (left := (ends_at - clock.now()).total_seconds()) > 0:
            await (pause or clock.sleep)(min(process_sleep_time, left))
            await sync()
