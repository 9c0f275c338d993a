"""What a run needs of the state database, as protocols: the stages know nothing else of it.

`connector.state.run_state.RunState` implements them; `tests/connector/state/test_run_state.py` states the required
behaviour for both databases.
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
    """The data that pulling needs of what was read from Acumatica before."""

    def watermark(self, feed: str) -> Watermark:
        """Return how far a feed has been pulled."""

    def records(self, acumatica_keys: Sequence[str]) -> dict[str, Stored]:
        """Return what was last read of these records, if they are known."""

    def records_not_seen(self, column: str, sweep: int, kind: str | None, count: int) -> list[str]:
        """Return up to `count` records that an earlier sweep of a feed saw and the finished `sweep` did not."""

    def records_due(self, today: date, now: datetime) -> list[str]:
        """Return the records whose value changes by itself by today, and those whose value in Magento has to be
        rechecked.
        """


class QueueState(Protocol):
    """What must be sent to Magento, from the chunk that queues it to the outcome of its request.

    Every method that writes for the entity raises `LeaseLost` once another run works on it.
    """

    def commit(self, computed: Computed, now: datetime) -> Queued:
        """Store a chunk of computed values with everything that was read for it, as a whole or not at all."""

    def due_count(self, now: datetime) -> int:
        """Return the number of messages that may be sent now."""

    def is_due(self, entities: Sequence[str], now: datetime) -> bool:
        """Return whether one of these entities has a message that may be sent now."""

    def next_due(self) -> datetime | None:
        """Return when the next message of the queue may be sent; None if there is none."""

    def all_due(self, until: datetime) -> datetime | None:
        """Return when every message that may be sent before `until` may be sent; None if there is none.

        Messages that wait for something else do not count, because no push waits for them.
        """

    def settle(self, results: Sequence[BatchResult], now: datetime) -> list[list[Message]]:
        """Store the outcomes of requests and claim the next messages for each, in one transaction. Return each claim.

        A claim and its attempt are on disk before its request is sent.
        """

    def in_doubt(self) -> list[Message]:
        """Return the messages whose request has no known outcome."""

    def abandon(self, claimed: Sequence[Message], now: datetime, recheck_at: datetime) -> None:
        """Leave these messages to the run that has the lease now: their values in Magento are read again."""

    def failed(self) -> list[Message]:
        """Return the failed messages, by key."""

    def waiting_due(self, now: datetime, limit: int) -> list[Message]:
        """Return the waiting messages that are to be checked now, the longest due first."""

    def keep_waiting(self, looked_at: Sequence[LookedAt], now: datetime) -> None:
        """Record that these messages continue to wait."""

    def check_again(self, acumatica_keys: Sequence[str]) -> None:
        """Make the next push check the waiting messages of these records, whenever they were due."""

    def blocked_until(self, host: str) -> datetime | None:
        """Return until when the host asked to be left alone; None if it did not."""

    def block_host(self, host: str, until: datetime) -> None:
        """Record that the host must not be called before `until`. It applies to every run, so it needs no lease."""


class RunState(PullState, QueueState, Protocol):
    """Everything that a run needs. Data of a single entity is read and written by that entity within `read` and
    `write`.
    """

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only reads, from one snapshot."""

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that is committed as a whole or not at all."""

    def remember_sync(self, now: datetime, summary: str, *, did_nothing: bool, full: bool) -> None:
        """Record that a sync ended successfully, and its summary."""
