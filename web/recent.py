"""Deliveries of the last day, for the Overview, cached for half a minute: the log of a day may have a million rows."""

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
"""The least time between two counts of requests from which a rate is computed."""


@dataclass(frozen=True)
class Day:
    """By entity: how many deliveries were accepted and failed in each of the last hours, and their delays."""

    by_hour: Mapping[str, Sequence[int]]
    failed: Mapping[str, Sequence[int]]
    delays: Mapping[str, Delay]


class Recent:
    """The cached deliveries of the last day, and recent counts of requests."""

    def __init__(self) -> None:
        self._read: tuple[datetime, Day] | None = None
        self._counts: list[tuple[datetime, int]] = []
        self._one_at_a_time = threading.Lock()

    def requests_per_minute(self, count: int, now: datetime) -> int | None:
        """Return the requests to Acumatica per minute, from the total `count` now and at an earlier call.

        Return None if there was no call between `COUNTS_AFTER` and `COUNTS_FOR` ago.
        """
        with self._one_at_a_time:
            self._counts = [(at, total) for at, total in self._counts if timedelta(0) <= now - at < COUNTS_FOR]
            first = self._counts[0] if self._counts else None
            self._counts.append((now, count))
        if first is None or now - first[0] < COUNTS_AFTER:
            return None
        return round((count - first[1]) / ((now - first[0]) / timedelta(minutes=1)))

    def day(self, state: State, now: datetime) -> Day:
        """Return the last day, at most half a minute old. Raises `StateError`."""
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
