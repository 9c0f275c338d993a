"""Repeat reads after temporary faults: how often, after which pauses, and when no longer.

The library is tenacity; time comes from our clock (ADR 0037), on which it sleeps.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from connector.acumatica.errors import AcumaticaBusy
from connector.clock import Clock

ATTEMPTS = 4
LONGEST_PAUSE = 60.0
"""Seconds: the longest pause of our own, and the longest that is waited for regardless of the end of the run."""
_PAUSES = wait_exponential_jitter(multiplier=2.5, jitter=2.5, max=LONGEST_PAUSE)


def repeated(clock: Clock, ends_at: datetime | None = None) -> AsyncRetrying:
    """Return a caller that repeats a read while it raises `AcumaticaBusy`; the last fault is raised.

    It waits as long as `Retry-After` asks, unless the run ends before that; without one the pauses grow.
    """

    def pause(state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome is not None else None
        retry_after = fault.retry_after(clock.now()) if isinstance(fault, AcumaticaBusy) else None
        return retry_after or _PAUSES(state)

    def is_over(state: RetryCallState) -> bool:
        wait = state.upcoming_sleep
        too_late = ends_at is not None and clock.now() + timedelta(seconds=wait) > ends_at
        return state.attempt_number >= ATTEMPTS or (wait > LONGEST_PAUSE and too_late)

    return AsyncRetrying(
        sleep=clock.sleep,
        wait=pause,
        stop=is_over,
        retry=retry_if_exception_type(AcumaticaBusy),
        reraise=True,
    )
