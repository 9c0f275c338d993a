"""What Magento shows of a chunk's SKUs: read over several connections, before it is needed, and once for each SKU.

Input: SKUs, as soon as they are known. Output: the answers, in the order of the requests. The fault of a request is
raised to the caller that waits for the answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from connector.clock import Clock
from connector.magento import queries, search
from connector.magento.client import MagentoClient
from entities.readers import Readers

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of request about SKUs. `parts` divides SKUs into requests, `ask` sends one."""

    parts: Callable[[Sequence[str]], Iterable[list[str]]]
    ask: Callable[[MagentoClient, Sequence[str]], Awaitable[T]]


PRICES = Kind(search.parts_of_body, queries.store_prices)
SOURCE_ITEMS = Kind(search.parts_of_address, queries.source_items)
TYPES = Kind(search.parts_of_address, queries.product_types)
MADE_AT = Kind(search.parts_of_address, queries.made_at)
AHEAD = 1_000
"""Requests ahead of the need are sent for at least this many SKUs at a time, because fewer would make more requests."""


class Shown:
    """The requests and answers of one chunk. `asked_at`: when the first request was sent; no answer is older."""

    def __init__(self, readers: Readers, clock: Clock) -> None:
        self._readers = readers
        self._clock = clock
        self._asked: dict[Kind[Any], set[str]] = {}
        self._answers: dict[Kind[Any], list[asyncio.Future[Any]]] = {}
        self._later: dict[Kind[Any], list[str]] = {}
        self.asked_at: datetime | None = None

    def ask_ahead(self, kind: Kind[Any], skus: Iterable[str]) -> None:
        """Request data about these SKUs, once there are enough for full requests."""
        later = self._later.setdefault(kind, [])
        later += skus
        if len(later) >= AHEAD:
            self._later[kind] = []
            self.ask(kind, later)

    def ask(self, kind: Kind[Any], skus: Iterable[str]) -> None:
        """Request data about those of the SKUs that were not requested yet."""
        asked = self._asked.setdefault(kind, set())
        fresh = [sku for sku in dict.fromkeys(skus) if sku not in asked]
        if not fresh:
            return
        self.asked_at = self.asked_at or self._clock.now()
        asked.update(fresh)
        answers = self._answers.setdefault(kind, [])
        answers += [self._readers.begin(kind.ask, part) for part in kind.parts(fresh)]

    async def answers(self, kind: Kind[T], skus: Iterable[str]) -> list[T]:
        """Return the answers about these SKUs, and about others that were requested ahead."""
        self.ask(kind, skus)
        return list(await asyncio.gather(*self._answers.get(kind, ())))

    async def by_sku(self, kind: Kind[dict[str, T]], skus: Iterable[str]) -> dict[str, T]:
        """Return the answers of a kind that is answered by SKU, combined."""
        combined: dict[str, T] = {}
        for answer in await self.answers(kind, skus):
            combined.update(answer)
        return combined
