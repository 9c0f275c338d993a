"""What was delivered in the last day, for the Overview: read at most every half minute, however many look at it.

It is a sum over the whole log of a day, which may have a million rows.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.state.engine import State
from connector.state.operator import deliveries
from connector.state.operator.deliveries import Delay
from entities.names import NAMES

READ_EVERY = timedelta(seconds=30)
COUNTS_FOR = timedelta(minutes=2)
COUNTS_AFTER = timedelta(seconds=4)
"""Between two counts that say how many requests a minute there are."""


@dataclass(frozen=True)
class Day:
    """For each entity what Magento took and what failed in each of the last hours, and how long it took."""

    by_hour: Mapping[str, Sequence[int]]
    failed: Mapping[str, Sequence[int]]
    delays: Mapping[str, Delay]


class Recent:
    """The last day as it was read last."""

    def __init__(self) -> None:
        self._read: tuple[datetime, Day] | None = None
        self._counts: list[tuple[datetime, int]] = []
        self._one_at_a_time = threading.Lock()

    def requests_per_minute(self, count: int, now: datetime) -> int | None:
        """Return how many requests a minute Acumatica gets, by how many it had got at the previous call; `None` where
        there was none within the last minutes.
        """
        with self._one_at_a_time:
            self._counts = [(at, one) for at, one in self._counts if timedelta(0) <= now - at < COUNTS_FOR]
            first = self._counts[0] if self._counts else None
            self._counts.append((now, count))
        if first is None or now - first[0] < COUNTS_AFTER:
            return None
        return round((count - first[1]) / ((now - first[0]) / timedelta(minutes=1)))

    def day(self, state: State, now: datetime) -> Day:
        """Return it, not older than half a minute. Raises `StateError`."""
        with self._one_at_a_time:
            if self._read is None or not timedelta(0) <= now - self._read[0] < READ_EVERY:
                with state.read() as connection:
                    day = Day(
                        deliveries.by_hour(connection, now),
                        deliveries.failed_by_hour(connection, now),
                        deliveries.delays(connection, NAMES, now),
                    )
                self._read = (now, day)
            return self._read[1]
