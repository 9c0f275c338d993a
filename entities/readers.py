"""Read from Magento over as many connections as are allowed, each kept open until everything is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from connector.magento.client import MagentoClient

T = TypeVar("T")


class Readers:
    """A pool of connections for reading. One is opened when all others are in use, and `close` closes them all.

    Each request is a function that takes a client and further arguments.
    """

    def __init__(self, open_client: Callable[[], AbstractAsyncContextManager[MagentoClient]], connections: int) -> None:
        self._open_client = open_client
        self._places = asyncio.Semaphore(connections)
        self._free: list[MagentoClient] = []
        self._opened = AsyncExitStack()
        self._begun: set[asyncio.Future[Any]] = set()

    def begin(self, ask: Callable[..., Awaitable[T]], *given: Any) -> asyncio.Future[T]:
        """Run the function as soon as a connection is free, in the order in which requests were begun."""
        begun = asyncio.ensure_future(self._ask(ask, *given))
        self._begun.add(begun)
        begun.add_done_callback(self._over)
        return begun

    async def ask_all(self, ask: Callable[..., Awaitable[T]], of_each: Iterable[Any]) -> list[T]:
        """Run the function for each item and return the answers in this order; the first fault is raised."""
        return list(await asyncio.gather(*(self.begin(ask, item) for item in of_each)))

    async def close(self) -> None:
        """Cancel open requests and close the connections. They are opened again if something is read later."""
        begun = list(self._begun)
        for future in begun:
            future.cancel()
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
            begun.exception()  # nobody waits for this fault, because another one has already been reported
