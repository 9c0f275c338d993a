"""Stock goes before prices: while stock is waiting, prices use one connection.

Four connections of prices leave stock a quarter of its own rate (magento-observed.md, part two, section 6), and a
sold-out product must not wait for a price load. Source: docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from entities.base import RunContext, Urgency
from entities.registry import ENTITIES

_GOES_FIRST = [entity.name for entity in ENTITIES.values() if entity.urgency is Urgency.FIRST]
CHECKED_EVERY = timedelta(seconds=1)


def allowed_requests(context: RunContext[Any]) -> Callable[[], int]:
    """Return a function that returns the number of requests, reads and writes, that this run may have under way at
    once.
    """
    priority = StockPriority()

    def allowed() -> int:
        return 1 if priority.stock_waits(context) else context.shop.batching.connections(context.shop.connections)

    return allowed


class StockPriority(msgspec.Struct):
    """Whether the further connections of a price push have to wait. The state database is asked once a second."""

    is_open: bool = True
    checked_at: datetime | None = None
    has_stock: bool = False

    def open(self) -> None:
        """Start a round."""
        self.is_open = True

    def close(self) -> None:
        """End the waiting: the first connection has nothing more to send."""
        self.is_open = False

    def stock_waits(self, context: RunContext[Any]) -> bool:
        """Return whether this push yields and an entity that goes first has something due."""
        if context.entity.urgency is not Urgency.YIELDS or context.shop.connections == 1:
            return False
        now = context.clock.now()
        if self.checked_at is None or now - self.checked_at >= CHECKED_EVERY:
            self.checked_at = now
            self.has_stock = context.state.is_due(_GOES_FIRST, now)
        return self.has_stock

    async def wait(self, context: RunContext[Any]) -> None:
        """Wait until stock is sent, or the first connection has sent everything."""
        while self.is_open and self.stock_waits(context):
            await context.clock.sleep(CHECKED_EVERY.total_seconds())
