"""Self-tuning of a push: what the answers teach, and the connections that wait until they are wanted."""

from __future__ import annotations

import asyncio

from connector.magento.batches import Delivery
from entities.pace import Pace


class Tuning:
    """One run's. Without a pace everything goes as the settings say."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace
        self._changed = asyncio.Event()
        self._is_over = False

    def size(self, size: int) -> int:
        """How many records go into a request that may carry `size`. One by one stays one by one."""
        return size if self._pace is None or size == 1 else min(size, self._pace.batch)

    def is_wanted(self, place: int) -> bool:
        """Whether the connection at this place, counted from 0, is to send."""
        return self._pace is None or self._is_over or place < self._pace.connections

    def connections(self, most: int) -> int:
        """Return how many of so many connections are used."""
        return most if self._pace is None else min(most, self._pace.connections)

    async def wait_until_wanted(self, place: int) -> None:
        """Wait while the connection is not wanted; the first one always is."""
        while not self.is_wanted(place):
            await self._changed.wait()

    def learn(self, delivery: Delivery, records: int, seconds: float) -> None:
        """Learn from one answer."""
        if self._pace is None:
            return
        before = self._pace.connections
        is_fault = any(outcome.kind in ("temporary", "unknown", "not_sent") for outcome in delivery.outcomes)
        self._pace.answered(records, seconds, is_fault=is_fault)
        if self._pace.connections != before:
            self._tell()

    def begin(self) -> None:
        """A round begins."""
        self._is_over = False

    def end(self) -> None:
        """The first connection has nothing more to send: the others need not wait any more."""
        self._is_over = True
        self._tell()

    def in_words(self) -> str | None:
        """What it came to; none where nothing is tuned."""
        if self._pace is None:
            return None
        connections = f"{self._pace.connections} connection{'' if self._pace.connections == 1 else 's'}"
        return f"Tuned to {self._pace.batch:,} records a request over {connections}."

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
