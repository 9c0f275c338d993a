"""The limit of parallel requests to Magento, which reading and pushing share."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class RequestLimit:
    """Each request holds a place until its answer; places are given in the order of waiting.

    `most`: the connections in the settings. `allowed`: returns how many of them are used now (self-tuning, stock before
    prices); it is called whenever a place is taken or returned.
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
                await self.__aexit__()  # the place had just been given to it
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
