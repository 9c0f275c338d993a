"""The state database as one run of an entity uses it: each of its writes is one transaction that carries its fence.

A run whose lease was taken over changes nothing any more: `write` and all that writes for the entity raise `LeaseLost`.
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
from connector.state.sync import entities, ledger, records, watermarks
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark


class RunState:
    """What a run reads and writes of its entity; the stages know it as `entities.run_state.RunState`."""

    def __init__(self, state: State, acquired: Lease) -> None:
        self._state = state
        self._lease = acquired

    @property
    def entity(self) -> str:
        """The entity that the run works on."""
        return self._lease.entity

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a transaction that only reads, and sees one moment."""
        with self._state.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield one transaction, kept whole or not at all. Raises `LeaseLost`."""
        with self._state.write() as connection:
            lease.require(connection, self._lease)
            yield connection

    def watermark(self, feed: str) -> Watermark:
        """Return how far a feed has been pulled."""
        with self.read() as connection:
            return watermarks.read(connection, self.entity, feed)

    def records(self, acumatica_keys: Sequence[str]) -> dict[str, Stored]:
        """Return what Acumatica last said of these records, of those that are known."""
        with self.read() as connection:
            return records.read(connection, self.entity, acumatica_keys)

    def records_not_seen(self, column: str, sweep: int, kind: str | None, count: int) -> list[str]:
        """Return up to `count` records that an earlier sweep of a feed saw and the finished `sweep` did not."""
        with self.read() as connection:
            return records.gone(connection, self.entity, column, sweep, kind, count)

    def records_due(self, today: date, now: datetime) -> list[str]:
        """Return the records whose value changes by itself by today, and those of which Magento is in doubt."""
        with self.read() as connection:
            due = records.due(connection, self.entity, today)
            due_rechecks = ledger.due_rechecks(connection, self.entity, now)
        return list(dict.fromkeys([*due, *(row.acumatica_key for row in due_rechecks)]))

    def commit(self, computed: Computed, now: datetime) -> Queued:
        """Queue a chunk of computed values with all that was read for it. Raises `LeaseLost`."""
        with self.write() as connection:
            return commit_chunk(connection, self.entity, computed, now)

    def due_count(self, now: datetime) -> int:
        """Return how many messages may be sent now."""
        with self.read() as connection:
            return messages.due_count(connection, self.entity, now)

    def is_due(self, entities: Sequence[str], now: datetime) -> bool:
        """Return whether one of these entities has a message that may be sent now."""
        with self.read() as connection:
            return any(messages.is_due(connection, name, now) for name in entities)

    def next_due(self) -> datetime | None:
        """Return when the earliest message that takes its turn may be sent; None if there is none."""
        with self.read() as connection:
            return messages.next_due(connection, self.entity)

    def all_due(self, until: datetime) -> datetime | None:
        """Return when every message that may be sent before `until` may be sent; None if there is none."""
        with self.read() as connection:
            return messages.all_due(connection, self.entity, until)

    def in_doubt(self) -> list[Message]:
        """Return the messages whose request has no known outcome."""
        with self.read() as connection:
            return messages.unsettled(connection, self.entity)

    def failed(self) -> list[Message]:
        """Return the failed messages, by key."""
        with self.read() as connection:
            return messages.failed(connection, self.entity)

    def settle(self, results: Sequence[BatchResult], now: datetime) -> list[list[Message]]:
        """Store what requests brought, and claim as many next ones as are wanted, in one transaction; return the claim
        of each. Raises `LeaseLost`.
        """
        with self.write() as connection:
            return settle_together(connection, self._lease, results, now)

    def abandon(self, claimed: Sequence[Message], now: datetime, recheck_at: datetime) -> None:
        """Leave these to the run that has the lease now: what Magento shows of them is read again."""
        lost_lease.leave(self._state, self.entity, claimed, now, recheck_at)

    def waiting_due(self, now: datetime, limit: int) -> list[Message]:
        """Return the waiting messages that are due to be checked, the longest due first."""
        with self.read() as connection:
            return messages.of_targets(connection, waits.due_ids(connection, self.entity, now, limit))

    def keep_waiting(self, looked_at: Sequence[LookedAt], now: datetime) -> None:
        """Record that these messages wait on. Raises `LeaseLost`."""
        with self.write() as connection:
            waits.keep(connection, looked_at, now)

    def check_again(self, acumatica_keys: Sequence[str]) -> None:
        """Have waiting messages of these records checked by the next push, due or not. Raises `LeaseLost`."""
        with self.write() as connection:
            waits.check_again(connection, self.entity, acumatica_keys)

    def blocked_until(self, host: str) -> datetime | None:
        """Return until when the host asked to be left alone; None if it did not."""
        with self.read() as connection:
            return hosts.blocked_until(connection, host)

    def block_host(self, host: str, until: datetime) -> None:
        """Record that the host asked for nothing before `until`: for every run, so it needs no lease."""
        hosts.block(self._state, host, until)

    def remember_sync(self, now: datetime, summary: str, *, did_nothing: bool, full: bool) -> None:
        """Record that a sync ended well, and what it did. Raises `LeaseLost`."""
        with self.write() as connection:
            entities.remember_sync(connection, self.entity, now, summary, did_nothing=did_nothing, full=full)
