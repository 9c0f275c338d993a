"""Queue a chunk of computed values: its desired values, records and cursors are stored in one transaction.

The chunk has the newest state of each of its records. Afterwards each place (key and source) has at most one pending
target, and only if Magento does not show the desired value yet:

- A different pending value is overwritten and counts as superseded; an equal one stays.
- A value equal to the confirmed one is not sent, and closes a pending, failed or skipped message of the place.
- A value equal to that of a failed or skipped message is not queued again, unless the message only waited for its
  product to exist.
- A name or value that the database cannot store fails its own record and no other.
- A record that cannot be sent gets a failed or skipped target of its own, marked as rejected.
- A place of the chunk's records that has no value any more is withdrawn: a quantity is set to 0 once, for a price
  nothing is sent. So is the SKU that a record had before the one that cannot be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from connector import failpoints
from connector.model.failures import REOPENED_BY_THE_NEXT_SYNC, FailureCode
from connector.state.keyed_rows import columns_of_keys
from connector.state.queue import requests
from connector.state.queue.changes import Changes, Target, apply
from connector.state.queue.desired import Computed, DesiredValue, Place, Queued
from connector.state.queue.plain_chunk import TargetColumns, queue_plainly
from connector.state.queue.requests import InRequest
from connector.state.queue.superseded import count_superseded
from connector.state.queue.transitions import Outcome, state_of, stored_as, transition
from connector.state.related import RelatedEntities
from connector.state.rows import among_ids, chunked, driver_ids, driver_rows
from connector.state.schema import (
    CLOSED,
    FAILED,
    IS_PLACE,
    IS_PUT_ASIDE,
    PENDING,
    SENT,
    SKIPPED,
    SUPERSEDED,
    micros,
)
from connector.state.sync import ledger, open_orders, records, watermarks
from connector.state.sync.records import Stored
from connector.state.text import are_all_kept, kept_name, why_not_kept


def commit_chunk(
    connection: Connection,
    entity: str,
    computed: Computed,
    now: datetime,
    related: RelatedEntities = RelatedEntities(),
) -> Queued:
    """Store and queue the chunk, in a transaction of the run that holds the lease; return the result."""
    computed = _storable(computed)
    changes = Changes(micros(now), entity)
    records.write(connection, entity, computed.stored)
    for seen in computed.seen:
        records.mark_seen(connection, entity, seen.column, seen.sweep, seen.acumatica_keys)
    ledger.confirm(connection, entity, computed.confirmed, now, asked_at=computed.asked_at)
    ledger.settle_rechecks(connection, entity, computed.read_again, computed.asked_at or now)
    ledger.forget_places(connection, entity, computed.unshown, computed.asked_at or now)
    ledger.forget_products(connection, entity, computed.gone, related.same_products, now)
    _decide_all(connection, entity, computed, changes)
    apply(connection, changes)
    count_superseded(connection, entity, changes.superseded, now)
    watermarks.write(connection, entity, list(computed.marks))
    open_orders.store(connection, computed.open_orders)
    failpoints.hit("chunk_written")
    skipped = sum(want.skipped for want in changes.unsendable)
    return Queued(
        queued=len(changes.pending),
        superseded=changes.superseded,
        failed=len(changes.unsendable) - skipped,
        skipped=skipped,
        pending=changes.pending,
        unsendable=changes.unsendable,
    )


def _storable(computed: Computed) -> Computed:
    """Return the chunk with names and values that the database can store. Values of records with others are failed."""
    stored, wanted = computed.stored, computed.wanted
    columns: list[Sequence[str | None]] = [
        list(computed.acumatica_keys),
        [one.acumatica_key for one in stored],
        [one.key for one in stored],
        [want.acumatica_key for want in wanted],
        [want.key for want in wanted],
        [want.source for want in wanted],
        [want.sku for want in wanted],
    ]
    distinct = [names for index, names in enumerate(columns) if names not in columns[:index]]
    values = [want.value for want in wanted if want.value is not None]
    values_fit = not values or (min(values) >= -(2**63) and max(values) < 2**63)
    if values_fit and all(are_all_kept(list(filter(None, names))) for names in distinct):
        return computed  # nearly always
    stored = [one for one in computed.stored if why_not_kept(one.acumatica_key) is None]
    return msgspec.structs.replace(
        computed,
        acumatica_keys=[kept_name(key) for key in computed.acumatica_keys],
        wanted=[_storable_want(want) for want in computed.wanted],
        stored=[_with_storable_key(one) for one in stored],
    )


def _with_storable_key(stored: Stored) -> Stored:
    if stored.key is None or why_not_kept(stored.key) is None:
        return stored
    return msgspec.structs.replace(stored, key=kept_name(stored.key))


def _storable_want(want: DesiredValue) -> DesiredValue:
    names = {"Acumatica key": want.acumatica_key, "SKU": want.sku or "", "key": want.key, "source": want.source}
    wrong = [f"The {what} {kept_name(name)} {why}" for what, name in names.items() if (why := why_not_kept(name))]
    if want.value is not None and not -(2**63) <= want.value < 2**63:
        wrong.append(f"The value {want.value:.3e} is larger than any that can be kept")
    if not wrong:
        return want
    return msgspec.structs.replace(
        want,
        acumatica_key=kept_name(want.acumatica_key),
        key=kept_name(want.key),
        source=kept_name(want.source),
        sku=None,
        value=None,
        cause=want.cause or FailureCode.CANNOT_BE_KEPT,
        reason=want.reason or f"{wrong[0]}. Correct it in Acumatica.",
    )


_IS_OPEN = f"rejected OR state NOT IN ('{SENT}', '{SUPERSEDED}')"
_CLOSED_COLUMNS = ("id", "key", "source", "acumatica_key", "sku", "confirmed", "confirmed_in_stock", _IS_OPEN)
_SELECT_TARGETS = f"SELECT {', '.join(Target._fields)} FROM targets WHERE id"
_Closed = tuple[int, str, str, str, str | None, int | None, Any, Any]
"""A row of `_CLOSED_COLUMNS` of a closed target. Nearly all are closed; of the others all columns are read."""


class _Targets(NamedTuple):
    """The targets of a chunk: closed and open ones by place, and rejected ones by place and Acumatica key."""

    closed: dict[Place, _Closed]
    open: dict[Place, Target]
    rejected: dict[Place, dict[str, Target]]

    def at(self, place: Place) -> Target | None:
        """Return the target of a place, or `None`."""
        row = self.closed.get(place)
        return self.open.get(place) if row is None else _target(row)


def _target(closed: _Closed) -> Target:
    number, key, source, acumatica_key, sku, confirmed, in_stock, _is_open = closed
    return Target(number, key, source, False, acumatica_key, sku, None, None, 0, confirmed, in_stock, SENT, None, None)


def _columns(
    connection: Connection, entity: str, computed: Computed, column: str, values: Sequence[str], condition: str = ""
) -> TargetColumns:
    """Return the targets whose `column` is one of the values. condition: further SQL, beginning with AND."""
    rows_per_key = max(1, len(computed.wanted) / max(1, len(values)))
    return TargetColumns(
        *columns_of_keys(
            connection,
            "targets",
            _CLOSED_COLUMNS,
            column,
            entity,
            values,
            condition=condition,
            rows_per_key=rows_per_key,
        )
    )


def _targets_of_chunk(
    connection: Connection,
    entity: str,
    computed: Computed,
    sending: Collection[int],
    of_records: TargetColumns,
    put_aside: TargetColumns | None,
) -> _Targets:
    """Return the targets of a chunk's records, and the targets of their SKUs that belong to other records.

    of_records: the targets of its records. put_aside: failed and skipped targets of its SKUs.
    """
    found = _Targets({}, {}, {})
    not_closed: set[int] = set()

    def add(columns: TargetColumns) -> None:
        for row in zip(*columns, strict=True):
            if row[-1] or row[0] in sending:
                not_closed.add(row[0])
            else:
                found.closed[row[1], row[2]] = row

    add(of_records)
    unknown = {want.key for want in computed.wanted if (want.key, want.source) not in found.closed}
    if unknown:  # the place may belong to another record with the same SKU
        add(_columns(connection, entity, computed, "key", sorted(unknown), f"AND {IS_PLACE.text}"))
    if put_aside is not None:
        add(put_aside)
    for target in _read_targets(connection, sorted(not_closed)):
        if target.rejected:
            found.rejected.setdefault((target.key, target.source), {})[target.acumatica_key] = target
        else:
            found.open[target.key, target.source] = target
    return found


def _some_are_put_aside(connection: Connection, entity: str) -> bool:
    query = f"SELECT 1 FROM targets WHERE entity = ? AND {IS_PUT_ASIDE.text} LIMIT 1"
    return bool(driver_rows(connection, query, (entity,)))


def _read_targets(connection: Connection, ids: Sequence[int]) -> list[Target]:
    query = f"{_SELECT_TARGETS} {among_ids(connection)}"
    rows = (row for part in chunked(ids) for row in driver_rows(connection, query, (driver_ids(connection, part),)))
    return list(map(Target._make, rows))


def _decide_all(connection: Connection, entity: str, computed: Computed, changes: Changes) -> None:
    sending = requests.targets_in(connection, entity)
    of_records = _columns(connection, entity, computed, "acumatica_key", computed.acumatica_keys)
    put_aside = None
    if _some_are_put_aside(connection, entity):
        keys = list(map(attrgetter("key"), computed.wanted))
        put_aside = _columns(connection, entity, computed, "key", keys, f"AND {IS_PUT_ASIDE.text}")
    if not (put_aside and put_aside.ids) and queue_plainly(computed.wanted, of_records, sending, changes):
        return
    known = _targets_of_chunk(connection, entity, computed, sending, of_records, put_aside)
    of_closed: list[tuple[DesiredValue, int]] = []
    handled: set[Place] = set()
    unsendable: set[tuple[Place, str]] = set()
    for want in chain(computed.wanted, _withdrawn(computed, known, sending, handled)):
        place = (want.key, want.source)
        handled.add(place)
        closed = known.closed.get(place)
        is_plain = want.cause is None and want.document is None and place not in known.rejected
        if is_plain and closed is not None:  # nearly always
            number, _key, _source, acumatica_key, sku, confirmed, in_stock, _is_open = closed
            if acumatica_key != want.acumatica_key or sku != want.sku:
                changes.own(want, _target(closed))
            if not _same(want, confirmed, in_stock):
                of_closed.append((want, number))
            continue
        target = known.at(place)
        rejected = known.rejected.get(place)
        own = None if rejected is None else rejected.pop(want.acumatica_key, None)
        sent = None if target is None else sending.get(target.id)
        if want.cause is not None:
            if (place, want.acumatica_key) not in unsendable:  # records without a key cannot be told apart
                _decide_unsendable(want, target, sent, own, changes)
            unsendable.add((place, want.acumatica_key))
            continue
        for other in (rejected or {}).values():
            changes.drop(other)
        known.rejected.pop(place, None)
        _decide(want, target, sent, own, changes)
    changes.queue_closed([want for want, _number in of_closed], [number for _want, number in of_closed])
    _drop_others(computed, known, sending, handled, changes)


def _drop_others(
    computed: Computed, known: _Targets, sending: dict[int, InRequest], handled: set[Place], changes: Changes
) -> None:
    """Supersede the open and rejected targets of the chunk's records at places that no value of the chunk names."""
    own = set(computed.acumatica_keys)
    for place, target in known.open.items():
        if place in handled or target.state in CLOSED or target.acumatica_key not in own:
            continue
        changes.overtake(target, sending.get(target.id))
    for rejected in known.rejected.values():
        for acumatica_key, target in rejected.items():
            if acumatica_key in own:
                changes.drop(target)


def _is_pending(target: Target, sent: InRequest | None) -> bool:
    """Return whether the newest value of the target is pending and in no request."""
    return target.state == PENDING and (sent is None or sent.seq != target.seq)


def _withdrawn(
    computed: Computed, known: _Targets, sending: Collection[int], handled: Collection[Place]
) -> Iterator[DesiredValue]:
    """Yield the withdrawn values of the chunk's records, for places that no value names. handled: the places named.

    A record that could not be computed keeps all that Magento shows. One whose value is known, but cannot be sent,
    leaves the SKU that it had before: Magento would go on selling a product that nobody updates any more.
    """
    if computed.withdrawn_value is None:
        return
    own = set(computed.acumatica_keys)
    unsendable = [want for want in computed.wanted if want.cause is not None]
    unclear = {want.acumatica_key for want in unsendable if want.value is None}
    same_sku = {(want.acumatica_key, want.key) for want in unsendable}
    for place in [place for place in chain(known.closed, known.open) if place not in handled]:
        target = known.at(place)
        assert target is not None
        is_there = target.confirmed is not None or target.id in sending
        is_left = target.acumatica_key not in unclear and (target.acumatica_key, target.key) not in same_sku
        if is_there and is_left and target.acumatica_key in own:
            yield DesiredValue(target.acumatica_key, *place, target.sku, computed.withdrawn_value, in_stock=False)


def _same(want: DesiredValue, value: int | None, in_stock: Any) -> bool:
    """Return whether the desired value equals this one. Stock statuses are compared if both are known."""
    if value is None or value != want.value:
        return False
    return want.in_stock is None or in_stock is None or bool(in_stock) == want.in_stock


def _decide(
    want: DesiredValue, target: Target | None, sent: InRequest | None, own: Target | None, changes: Changes
) -> None:
    """Decide about a value that can be sent.

    target: the target of its place. sent: the target's open request. own: the rejected target of the record.
    """
    if target is not None and _is_pending(target, sent):
        if _became(want, target, Outcome.WANTED) == PENDING:
            changes.own(want, target)
            changes.drop(own)
            return
        changes.superseded += 1
    if target is not None and sent is not None:
        changes.drop(own)
        if not _same(want, sent.value, sent.in_stock):
            changes.queue(want, target)
        elif sent.seq != target.seq:  # back to the value that is being sent
            changes.want_again(want, target)
    elif target is not None and _same(want, target.confirmed, target.confirmed_in_stock):
        changes.own(want, target)
        changes.superseded += target.state in (FAILED, SKIPPED)
        if target.state not in CLOSED:
            changes.close(target)
        changes.drop(own)
    else:
        _decide_again(want, target, own, changes)


def _decide_again(want: DesiredValue, target: Target | None, own: Target | None, changes: Changes) -> None:
    """Decide about a value that Magento does not show: it is queued, unless it failed or was skipped and stays so."""
    failed = own
    if target is not None and target.state in (FAILED, SKIPPED):
        if own is None and target.acumatica_key == want.acumatica_key:
            failed = target
        else:
            changes.superseded += 1
    if failed is None:
        changes.queue(want, target)
        return
    reopens = failed.cause in REOPENED_BY_THE_NEXT_SYNC
    if reopens:
        if _became(want, failed, Outcome.WANTED, newer=False) != PENDING:
            return
    elif _became(want, failed, Outcome.WANTED) != SUPERSEDED:
        return
    changes.superseded += not reopens
    changes.queue(want, target, is_new=failed is not target or not reopens)
    if failed is own:
        changes.deleted.append(failed.id)


def _decide_unsendable(
    want: DesiredValue, target: Target | None, sent: InRequest | None, own: Target | None, changes: Changes
) -> None:
    if target is not None and target.state == PENDING:
        changes.overtake(target, sent)
    failed = own
    if failed is None and target is not None and target.state in (FAILED, SKIPPED):
        failed = target if target.acumatica_key == want.acumatica_key else None
    if failed is None:
        changes.reject(want, None)
        return
    outcome = Outcome.REJECTED_AND_LEFT_OUT if want.skipped else Outcome.REJECTED
    by_hand = failed.state == SKIPPED and failed.cause == FailureCode.BY_HAND
    by_setting = failed.state == SKIPPED and not by_hand
    # a record without a value is decided anew each time, unless a person skipped it: it has no other value yet
    newer = failed.wanted != want.value or by_setting or (want.value is None and not by_hand)
    state = _became(want, failed, outcome, newer=newer)
    if state == failed.state == SKIPPED and not newer:
        return  # a person skipped this message
    if (failed.state, failed.wanted, failed.cause, failed.reason) != (state, want.value, want.cause, want.reason):
        changes.reject(want, failed)


def _became(want: DesiredValue, target: Target, outcome: Outcome, *, newer: bool | None = None) -> str:
    """Return the state to store for the message of the target after this outcome."""
    is_newer = not _same(want, target.wanted, target.wanted_in_stock) if newer is None else newer
    reopens = target.cause in REOPENED_BY_THE_NEXT_SYNC
    became = transition(state_of(target.state), outcome, newer=is_newer, reopens=reopens)
    return stored_as(became, outcome, newer=is_newer)
