"""The state database as one run of an entity uses it: every write is one transaction that checks the run's fence.

A run whose lease was taken over can change nothing any more: `write`, and every method that uses it, raises
`LeaseLost`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import Connection

from connector.state.coordination import hosts, lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue import lost_lease, messages, waits
from connector.state.queue.chunk import commit_chunk
from connector.state.queue.claims import settle_together
from connector.state.queue.desired import Computed, Queued
from connector.state.queue.message import BatchResult, Message
from connector.state.queue.wait import LookedAt
from connector.state.related import RelatedEntities
from connector.state.sync import entities, ledger, records, watermarks
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark


class RunState:
    """The reads and writes of one run for its entity; the stages know it as `entities.run_state.RunState`."""

    def __init__(self, state: State, acquired: Lease, related: RelatedEntities = RelatedEntities()) -> None:
        self._state = state
        self._lease = acquired
        self._related = related

    @property
    def entity(self) -> str:
        """The entity that the run works on."""
        return self._lease.entity

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a read-only transaction on one snapshot."""
        with self._state.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield one transaction, committed as a whole or not at all. Raises `LeaseLost`."""
        with self._state.write() as connection:
            lease.require(connection, self._lease)
            yield connection

    def watermark(self, feed: str) -> Watermark:
        """Return how far a feed has been pulled."""
        with self.read() as connection:
            return watermarks.read(connection, self.entity, feed)

    def records(self, acumatica_keys: Sequence[str]) -> dict[str, Stored]:
        """Return those of these records that are known, as they were last read in Acumatica, by Acumatica key."""
        with self.read() as connection:
            return records.read(connection, self.entity, acumatica_keys)

    def records_not_seen(self, column: str, sweep: int, kind: str | None, count: int) -> list[str]:
        """Return up to `count` records that an earlier sweep of a feed saw and the finished `sweep` did not."""
        with self.read() as connection:
            return records.gone(connection, self.entity, column, sweep, kind, count)

    def records_due(self, today: date, now: datetime) -> list[str]:
        """Return the records whose value changes by itself on or before `today`, and those with a due recheck."""
        with self.read() as connection:
            due = records.due(connection, self.entity, today)
            due_rechecks = ledger.due_rechecks(connection, self.entity, now)
        return list(dict.fromkeys([*due, *(row.acumatica_key for row in due_rechecks)]))

    def commit(self, computed: Computed, now: datetime) -> Queued:
        """Queue a chunk of computed values, and store what was read for it. Raises `LeaseLost`."""
        with self.write() as connection:
            return commit_chunk(connection, self.entity, computed, now, self._related)

    def due_count(self, now: datetime) -> int:
        """Return the number of messages that may be sent now."""
        with self.read() as connection:
            return messages.due_count(connection, self.entity, now)

    def is_due(self, entities: Sequence[str], now: datetime) -> bool:
        """Return whether one of these entities has a message that may be sent now."""
        with self.read() as connection:
            return any(messages.is_due(connection, name, now) for name in entities)

    def next_due(self) -> datetime | None:
        """Return when the earliest message that waits for its turn may be sent, or `None` without such a message."""
        with self.read() as connection:
            return messages.next_due(connection, self.entity)

    def all_due(self, until: datetime) -> datetime | None:
        """Return the latest time before `until` at which a message becomes due, or `None` without such a message."""
        with self.read() as connection:
            return messages.all_due(connection, self.entity, until)

    def in_doubt(self) -> list[Message]:
        """Return the messages in requests whose outcome is not known."""
        with self.read() as connection:
            return messages.unsettled(connection, self.entity)

    def failed(self) -> list[Message]:
        """Return the failed messages, by key."""
        with self.read() as connection:
            return messages.failed(connection, self.entity)

    def settle(self, results: Sequence[BatchResult], now: datetime) -> list[list[Message]]:
        """Store the results of requests, claim their next messages in the same transaction, and return one claim per
        result. Raises `LeaseLost`.
        """
        with self.write() as connection:
            return settle_together(connection, self._lease, results, now, self._related)

    def abandon(self, claimed: Sequence[Message], now: datetime, recheck_at: datetime) -> None:
        """Leave these messages to the run that holds the lease now: their values in Magento are read again."""
        lost_lease.leave(self._state, self.entity, claimed, now, recheck_at)

    def waiting_due(self, now: datetime, limit: int) -> list[Message]:
        """Return the waiting messages that are due for a check, the longest overdue first."""
        with self.read() as connection:
            return messages.of_targets(connection, waits.due_ids(connection, self.entity, now, limit))

    def keep_waiting(self, looked_at: Sequence[LookedAt], now: datetime) -> None:
        """Record that these messages were checked and still wait. Raises `LeaseLost`."""
        with self.write() as connection:
            waits.keep(connection, looked_at, now)

    def check_again(self, acumatica_keys: Sequence[str]) -> None:
        """Make the next push check the waiting messages of these records, due or not. Raises `LeaseLost`."""
        with self.write() as connection:
            waits.check_again(connection, self.entity, acumatica_keys)

    def blocked_until(self, host: str) -> datetime | None:
        """Return until when the host asked not to be called, or `None` if it did not."""
        with self.read() as connection:
            return hosts.blocked_until(connection, host)

    def block_host(self, host: str, until: datetime) -> None:
        """Record that the host asked not to be called before `until`. This concerns every run, so it needs no lease."""
        hosts.block(self._state, host, until)

    def remember_sync(self, now: datetime, summary: str, *, did_nothing: bool, full: bool) -> None:
        """Record that a sync succeeded, and its summary. Raises `LeaseLost`."""
        with self.write() as connection:
            entities.remember_sync(connection, self.entity, now, summary, did_nothing=did_nothing, full=full)
