"""Collect the writes of a chunk's decisions, and execute them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete

from connector.state.queue.desired import DesiredValue
from connector.state.queue.requests import InRequest
from connector.state.rows import array_of, chunked, driver_count, in_any, insert_tuples, update_tuples
from connector.state.schema import PENDING, SUPERSEDED, targets


class Target(NamedTuple):
    """A stored target: that of a place, or the rejected one of a record that shares the place."""

    id: int
    key: str
    source: str
    rejected: Any
    acumatica_key: str
    sku: str | None
    wanted: int | None
    wanted_in_stock: Any
    seq: int
    confirmed: int | None
    confirmed_in_stock: Any
    state: str
    cause: str | None
    reason: str | None


_INSERTED = (
    *("entity", "key", "source", "rejected", "acumatica_key", "sku", "wanted", "wanted_in_stock", "document"),
    *("state", "cause", "reason", "seq", "wanted_at", "changed_at"),
)
_WANTED_ANEW = ("wanted", "wanted_in_stock", "wanted_at", "changed_at")
_OF_RECORD = ("acumatica_key", "sku", "document")
_FRESH = (
    "attempts = 0, not_before = 0, wait = NULL, waiting_since = NULL, waits_for = NULL, wait_told_at = NULL, "
    "cause = NULL, reason = NULL"
)
_QUEUED = f"state = '{PENDING}', seq = seq + 1, {_FRESH}"
_REOPENED = f"state = '{PENDING}', {_FRESH}"
_CLOSED = f"state = '{SUPERSEDED}', seq = seq + 1, {_FRESH}"


@dataclass
class Changes:
    """The writes of a chunk.

    now: microseconds since 1970. queued: new desired values by target id, grouped by their stock status. of_records:
    targets that get another record or SKU. superseded: how many messages were superseded. pending, unsendable: the
    values whose messages the chunk created or changed.
    """

    now: int
    entity: str
    inserted: list[tuple[Any, ...]] = field(default_factory=list)
    queued: dict[bool | None, dict[int, int | None]] = field(default_factory=dict)
    reopened: list[tuple[Any, ...]] = field(default_factory=list)
    of_records: list[tuple[Any, ...]] = field(default_factory=list)
    rejected: list[tuple[Any, ...]] = field(default_factory=list)
    closed: list[tuple[Any, ...]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    superseded: int = 0
    pending: list[DesiredValue] = field(default_factory=list)
    unsendable: list[DesiredValue] = field(default_factory=list)

    def queue(self, want: DesiredValue, target: Target | None, *, is_new: bool = True) -> None:
        """Queue the value. Without `is_new`, the failed message is opened again with this value."""
        self.pending.append(want)
        self.want_again(want, target, is_new=is_new)

    def want_again(self, want: DesiredValue, target: Target | None, *, is_new: bool = True) -> None:
        """Queue the value without counting it, because it equals the one that is being sent."""
        if target is None:
            self._insert(want, PENDING, rejected=False, seq=1)
            return
        if want.document is None:
            self.own(want, target)
        else:
            self._is_of(want, target)
        if is_new:
            self.queued.setdefault(want.in_stock, {})[target.id] = want.value
        else:
            self.reopened.append((target.id, want.value, want.in_stock, self.now, self.now))

    def queue_closed(self, wanted: Sequence[DesiredValue], ids: Sequence[int]) -> None:
        """Queue values of closed targets whose records and SKUs are unchanged."""
        self.pending += wanted
        statuses = list(map(attrgetter("in_stock"), wanted))
        values = list(zip(ids, map(attrgetter("value"), wanted), strict=True))
        for status in set(statuses):
            of_status = [one == status for one in statuses]
            self.queued.setdefault(status, {}).update(compress(values, of_status))

    def own(self, want: DesiredValue, target: Target) -> None:
        """Assign the target to the record of the value, with its SKU, if it has another one."""
        if target.acumatica_key != want.acumatica_key or target.sku != want.sku:
            self._is_of(want, target)

    def _is_of(self, want: DesiredValue, target: Target) -> None:
        self.of_records.append((target.id, want.acumatica_key, want.sku, want.document))

    def reject(self, want: DesiredValue, own: Target | None) -> None:
        """Store why the record cannot be sent: in its own rejected target, else in a new one."""
        state = want.unsendable_state()
        self.unsendable.append(want)
        if own is None:
            self._insert(want, state, rejected=True, seq=1)
            return
        says = (want.sku, want.value, want.in_stock, want.document, state, want.cause, want.reason, self.now)
        self.rejected.append((own.id, *says))

    def _insert(self, want: DesiredValue, state: str, *, rejected: bool, seq: int) -> None:
        of_record = (want.acumatica_key, want.sku, want.value, want.in_stock, want.document)
        says = (state, want.cause, want.reason, seq, self.now, self.now)
        self.inserted.append((self.entity, want.key, want.source, rejected, *of_record, *says))

    def close(self, target: Target) -> None:
        """Close the target: nothing is sent for it any more."""
        self.closed.append((target.id, self.now))

    def overtake(self, target: Target, sent: InRequest | None) -> None:
        """Supersede the pending value. A value that is being sent is not counted, but is not tried again."""
        if target.state == PENDING and sent is not None and sent.seq == target.seq:
            self.close(target)
        else:
            self.drop(target)

    def drop(self, target: Target | None) -> None:
        """Supersede the pending, failed or skipped message of the target."""
        if target is None:
            return
        self.superseded += 1
        if target.rejected:
            self.deleted.append(target.id)
        else:
            self.close(target)


_REJECTED_ANEW = ("sku", "wanted", "wanted_in_stock", "document", "state", "cause", "reason", "changed_at")


def apply(connection: Connection, changes: Changes) -> None:
    update_tuples(connection, targets, _OF_RECORD, changes.of_records)
    update_tuples(connection, targets, ("changed_at",), changes.closed, _CLOSED)
    _apply_queued(connection, changes)
    update_tuples(connection, targets, _WANTED_ANEW, changes.reopened, _REOPENED)
    update_tuples(connection, targets, _REJECTED_ANEW, changes.rejected)
    for part in chunked(changes.deleted):
        connection.execute(delete(targets).where(in_any(connection, targets.c.id, part)))
    # sorted, because targets are claimed in the order of their ids
    changes.inserted.sort(key=itemgetter(*map(_INSERTED.index, ("key", "source"))))
    insert_tuples(connection, targets, _INSERTED, changes.inserted)


def _apply_queued(connection: Connection, changes: Changes) -> None:
    """Store new desired values. One statement for many is twice as fast as one for each."""
    for in_stock, values in changes.queued.items():
        if connection.dialect.name == "sqlite":
            driver_count(connection, _QUEUED_ON_SQLITE, (msgspec.json.encode(values).decode(), in_stock, changes.now))
            continue
        for ids in chunked(list(values)):
            wanted = (array_of(ids), array_of([values[number] for number in ids]))
            driver_count(connection, _QUEUED_ON_POSTGRESQL, (in_stock, changes.now, *wanted))


_QUEUED_ON_SQLITE = f"""
UPDATE targets SET wanted = new.value, wanted_in_stock = ?2, wanted_at = ?3, changed_at = ?3, {_QUEUED}
FROM json_each(?1) AS new WHERE targets.id = CAST(new.key AS INTEGER)
"""
_QUEUED_ON_POSTGRESQL = f"""
UPDATE targets SET wanted = value, wanted_in_stock = in_stock, wanted_at = now, changed_at = now, {_QUEUED}
FROM (VALUES (%s::boolean, %s::bigint)) AS this(in_stock, now), unnest(%s::bigint[], %s::bigint[]) AS new(target, value)
WHERE targets.id = target
"""
