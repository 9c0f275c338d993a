"""How many requests are under way at Magento at once: what reads and what pushes share one limit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class RequestLimit:
    """Each request holds a place while it is under way, the one that waits longest goes first.

    `most`: the connections of the settings. `allowed`: how many of them are used now (self-tuning, stock before
    prices); asked whenever a place is taken or given back.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.allowed: Callable[[], int] = lambda: most
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if not self._waiting and self._taken < self._now():
            self._taken += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                await self.__aexit__()  # it was given just before
            raise

    async def __aexit__(self, *_exc: object) -> None:
        self._taken -= 1
        while self._waiting and self._taken < self._now():
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)

    def _now(self) -> int:
        return max(1, min(self.most, self.allowed()))
