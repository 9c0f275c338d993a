"""Self-tuning: find the number of records per request and of connections, from answer times and errors.

A pure hill-climbing search. After some answers one of the two is changed by a step; the step stays if Magento accepted
more records per second, and is undone if not. A temporary fault (a time-out, 5xx, a deadlock) halves the batch and
drops a connection. The search starts where a real Magento on two cores was at its best (two connections;
magento-observed.md, part two, section 6) and never exceeds the administrator's Batch Count and connections.
"""

from __future__ import annotations

FIRST_BATCH = 100
FIRST_CONNECTIONS = 2
ANSWERS_A_CONNECTION = 4
WORTH_IT = 1.05
"""A step with a smaller gain is undone: the variation of answer times alone accounts for a few per cent."""
RESTS = 20
"""The number of measurements without a new step after every step was tried, or after a fault."""


class ThroughputSearch:
    """The values in use: `batch` (records per request) and `connections`. Report every answer with `answered`."""

    def __init__(self, *, most_records: int, most_connections: int) -> None:
        self._most_records = most_records
        self._most_connections = most_connections
        self.batch = min(FIRST_BATCH, most_records)
        self.connections = min(FIRST_CONNECTIONS, most_connections)
        self._rate = 0.0
        self._before: tuple[int, int] | None = None
        self._untried: list[tuple[int, int]] = []
        self._rests = 0
        self._begin()

    def answered(self, records: int, seconds: float, *, is_fault: bool) -> None:
        """Report that a request of this many records was answered after this time; `is_fault`: with a
        temporary fault.
        """
        self._answers += 1
        self._records += 0 if is_fault else records
        self._seconds += seconds
        if is_fault:
            self._give_way()
        elif self._answers >= ANSWERS_A_CONNECTION * self.connections:
            self._judge(self._records * self.connections / max(self._seconds, 1e-9))

    def _begin(self) -> None:
        self._answers, self._records, self._seconds = 0, 0, 0.0

    def _give_way(self) -> None:
        self.batch, self.connections = max(1, self.batch // 2), max(1, self.connections - 1)
        self._before, self._untried, self._rests, self._rate = None, [], RESTS, 0.0
        self._begin()

    def _judge(self, rate: float) -> None:
        if self._before is None:
            self._rate = rate
        elif rate >= self._rate * WORTH_IT:
            self._rate, self._untried = rate, self._steps()
        else:
            self.batch, self.connections = self._before
        self._before = None
        if self._rests > 0:
            self._rests -= 1
        else:
            self._try_next()
        self._begin()

    def _steps(self) -> list[tuple[int, int]]:
        """Return where a step leads from here, the most promising first."""
        steps = [
            (min(2 * self.batch, self._most_records), self.connections),
            (self.batch, min(self.connections + 1, self._most_connections)),
            (self.batch, max(1, self.connections - 1)),
        ]
        return [step for step in steps if step != (self.batch, self.connections)]

    def _try_next(self) -> None:
        if not self._untried:
            self._untried = self._steps()
        if not self._untried:
            return
        self._before = (self.batch, self.connections)
        self.batch, self.connections = self._untried.pop(0)
        if not self._untried:
            self._rests = RESTS
