"""Questions to Magento over as many connections as are allowed, each kept open until everything is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from connector.magento.client import MagentoClient

T = TypeVar("T")


class Readers:
    """A pool of connections that read: one is opened when all others are in use, and `close` closes them all.

    What is asked is a function of a client and of further arguments.
    """

    def __init__(self, open_client: Callable[[], AbstractAsyncContextManager[MagentoClient]], connections: int) -> None:
        self._open_client = open_client
        self._places = asyncio.Semaphore(connections)
        self._free: list[MagentoClient] = []
        self._opened = AsyncExitStack()
        self._begun: set[asyncio.Future[Any]] = set()

    def begin(self, ask: Callable[..., Awaitable[T]], *given: Any) -> asyncio.Future[T]:
        """Ask as soon as a connection is free; what is begun first is asked first."""
        begun = asyncio.ensure_future(self._ask(ask, *given))
        self._begun.add(begun)
        begun.add_done_callback(self._over)
        return begun

    async def ask_all(self, ask: Callable[..., Awaitable[T]], of_each: Iterable[Any]) -> list[T]:
        """Return what is answered about each, in this order; the first fault is raised."""
        return list(await asyncio.gather(*(self.begin(ask, one) for one in of_each)))

    async def close(self) -> None:
        """Give up what is still asked, and close what is open; it is reopened if something is asked later."""
        begun = list(self._begun)
        for one in begun:
            one.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        self._free = []
        await self._opened.aclose()

    async def _ask(self, ask: Callable[..., Awaitable[T]], *given: Any) -> T:
        async with self._places:
            client = self._free.pop() if self._free else await self._opened.enter_async_context(self._open_client())
            try:
                return await ask(client, *given)
            finally:
                self._free.append(client)

    def _over(self, begun: asyncio.Future[Any]) -> None:
        self._begun.discard(begun)
        if not begun.cancelled():
            begun.exception()  # a fault that nothing waits for any more was already reported by another one
