"""Self-tuning of a push: it learns from answers, and connections wait until they are needed."""

from __future__ import annotations

import asyncio

from connector.magento.batches import Delivery
from entities.throughput_search import ThroughputSearch


class AdaptiveBatching:
    """The tuning of one run. Without a search the settings apply unchanged."""

    def __init__(self, search: ThroughputSearch | None = None) -> None:
        self._search = search
        self._changed = asyncio.Event()
        self._is_over = False

    def size(self, size: int) -> int:
        """Return the number of records for a request that may contain `size`. A size of 1 is never changed."""
        return size if self._search is None or size == 1 else min(size, self._search.batch)

    def may_send(self, index: int) -> bool:
        """Return whether the connection with this index, from 0, may send."""
        return self._search is None or self._is_over or index < self._search.connections

    def connections(self, most: int) -> int:
        """Return how many of `most` connections are used."""
        return most if self._search is None else min(most, self._search.connections)

    async def wait_until_needed(self, index: int) -> None:
        """Wait while the connection is not needed; the first one always is."""
        while not self.may_send(index):
            await self._changed.wait()

    def learn(self, delivery: Delivery, records: int, seconds: float) -> None:
        """Learn from one answer."""
        if self._search is None:
            return
        before = self._search.connections
        is_fault = any(outcome.kind in ("temporary", "unknown", "not_sent") for outcome in delivery.outcomes)
        self._search.answered(records, seconds, is_fault=is_fault)
        if self._search.connections != before:
            self._notify()

    def begin(self) -> None:
        """Start a round."""
        self._is_over = False

    def end(self) -> None:
        """Release the waiting connections: the first connection has nothing more to send."""
        self._is_over = True
        self._notify()

    def summary(self) -> str | None:
        """Return the result as a sentence; None if nothing is tuned."""
        if self._search is None:
            return None
        connections = f"{self._search.connections} connection{'' if self._search.connections == 1 else 's'}"
        return f"Tuned to {self._search.batch:,} records a request over {connections}."

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
