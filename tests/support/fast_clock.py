"""A clock on which a minute takes two seconds, and that shows the same time in every process."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

FACTOR = 30.0


class FastClock:
    """Real time, thirty times as fast, since an instant that all processes are started with."""

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=(time.time() - self._began) * FACTOR)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / FACTOR)
