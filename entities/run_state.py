"""What a run needs of the state database, as protocols: the stages know nothing else of it.

`connector.state.run_state.RunState` is one; `tests/connector/state/test_run_state.py` says for both databases what it
has to hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from connector.state.engine import Connection
from connector.state.queue.desired import Computed, Queued
from connector.state.queue.message import BatchResult, Message
from connector.state.queue.wait import LookedAt
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark


class PullState(Protocol):
    """What was read from Acumatica before, as it is pulled."""

    def watermark(self, feed: str) -> Watermark:
        """Return how far a feed has been pulled."""

    def records(self, acumatica_keys: Sequence[str]) -> dict[str, Stored]:
        """Return what was last read of these records, for those that are known."""

    def records_not_seen(self, column: str, sweep: int, kind: str | None, count: int) -> list[str]:
        """Return up to `count` records that an earlier sweep of a feed saw and the finished `sweep` did not."""

    def records_due(self, today: date, now: datetime) -> list[str]:
        """Return the records whose value changes by itself by today, and those of which Magento is in doubt."""


class QueueState(Protocol):
    """What must be sent to Magento, from the chunk that queues it to the outcome of its request.

    Whatever writes for the entity raises `LeaseLost` once another run works on it.
    """

    def commit(self, computed: Computed, now: datetime) -> Queued:
        """Queue a chunk of computed values with all that was read for it, whole or not at all."""

    def due_count(self, now: datetime) -> int:
        """Return how many messages may be sent now."""

    def is_due(self, entities: Sequence[str], now: datetime) -> bool:
        """Return whether one of these entities has a message that may be sent now."""

    def next_due(self) -> datetime | None:
        """Return when the earliest message that takes its turn may be sent; None if there is none."""

    def all_due(self, until: datetime) -> datetime | None:
        """Return when every message that may be sent before `until` may be sent; None if there is none.

        What waits for something else does not count: no push waits for it.
        """

    def settle(self, results: Sequence[BatchResult], now: datetime) -> list[list[Message]]:
        """Store what requests brought, and claim as many next ones as are wanted, in one transaction; return the claim
        of each. A claim and its attempt are on disk before its request leaves.
        """

    def in_doubt(self) -> list[Message]:
        """Return the messages whose request has no known outcome."""

    def abandon(self, claimed: Sequence[Message], now: datetime, recheck_at: datetime) -> None:
        """Leave these to the run that has the lease now: what Magento shows of them is read again."""

    def failed(self) -> list[Message]:
        """Return the failed messages, by key."""

    def waiting_due(self, now: datetime, limit: int) -> list[Message]:
        """Return the waiting messages that are to be checked now, the longest due first."""

    def keep_waiting(self, looked_at: Sequence[LookedAt], now: datetime) -> None:
        """Record that these messages wait on."""

    def check_again(self, acumatica_keys: Sequence[str]) -> None:
        """Have the next push check what waits of these records, whenever it was due."""

    def blocked_until(self, host: str) -> datetime | None:
        """Return until when the host asked to be left alone; None if it did not."""

    def block_host(self, host: str, until: datetime) -> None:
        """Record that the host asked for nothing before `until`: for every run, so it needs no lease."""


class RunState(PullState, QueueState, Protocol):
    """All that a run needs; what only one entity keeps, it reads and writes itself within `read` and `write`."""

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only reads, and sees one moment."""

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that is committed as a whole or not at all."""

    def remember_sync(self, now: datetime, summary: str, *, did_nothing: bool, full: bool) -> None:
        """Record that a sync ended well, and what it did."""
