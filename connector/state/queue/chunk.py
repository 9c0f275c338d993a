"""A chunk of computed values enters the queue: what its targets want, its records and its cursors are one transaction.

What comes in is the newest state of every record in the chunk. What goes out is at most one pending target per key and
source, and only where Magento does not show that value yet:

- another value that waits is overwritten, and so counts as superseded; the same one stays;
- a value equal to the confirmed one sends nothing, and closes what waited, failed or was skipped there;
- a value equal to that of the key's failed or skipped message is not queued again, unless that message only waited for
its product to exist;
- a name or a value that the database cannot keep fails its own record, and nothing else;
- a record that cannot be sent has a failed or skipped row of its own beside the place;
- a key of the records in the chunk that has no value any more is withdrawn: with quantities it goes to 0 once, with
prices nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete

from connector import failpoints
from connector.model.failures import REOPENED_BY_THE_NEXT_SYNC, FailureCode
from connector.state.keyed_rows import rows_of_keys
from connector.state.queue import requests
from connector.state.queue.desired import Computed, DesiredValue, Place, Queued
from connector.state.queue.requests import InRequest
from connector.state.queue.superseded import count_superseded
from connector.state.queue.transitions import Outcome, state_of, stored_as, transition
from connector.state.rows import chunked, in_any, insert_tuples, update_tuples
from connector.state.schema import (
    CLOSED,
    FAILED,
    IS_PLACE,
    IS_PUT_ASIDE,
    PENDING,
    SKIPPED,
    SUPERSEDED,
    micros,
    targets,
)
from connector.state.sync import ledger, open_orders, records, watermarks
from connector.state.sync.records import Stored
from connector.state.text import are_all_kept, kept_name, why_not_kept


class _Target(NamedTuple):
    """What is kept of a place, or of a record beside it."""

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


_SELECTED = f"SELECT {', '.join(_Target._fields)} FROM targets"
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
class _Changes:
    """The writes that the decisions ask for; `became`: each message that the chunk made or wrote anew."""

    now: int
    entity: str
    inserted: list[tuple[Any, ...]] = field(default_factory=list)
    queued: list[tuple[Any, ...]] = field(default_factory=list)
    reopened: list[tuple[Any, ...]] = field(default_factory=list)
    of_records: list[tuple[Any, ...]] = field(default_factory=list)
    rejected: list[tuple[Any, ...]] = field(default_factory=list)
    closed: list[tuple[Any, ...]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    superseded: int = 0
    became: list[tuple[str, str, str]] = field(default_factory=list)

    def queue(self, want: DesiredValue, target: _Target | None, *, is_new: bool = True) -> None:
        """Have the place want this; not `is_new`: the message that failed goes again, with what is wanted now."""
        self.became.append((want.key, want.source, PENDING))
        if target is None:
            self._insert(want, PENDING, rejected=False, seq=1)
            return
        if want.document is None:
            self.own(want, target)
        else:
            self._is_of(want, target)
        values = (target.id, want.value, want.in_stock, self.now, self.now)
        (self.queued if is_new else self.reopened).append(values)

    def own(self, want: DesiredValue, target: _Target) -> None:
        """The place is this record's from now on, in the spelling of its SKU."""
        if target.acumatica_key != want.acumatica_key or target.sku != want.sku:
            self._is_of(want, target)

    def _is_of(self, want: DesiredValue, target: _Target) -> None:
        self.of_records.append((target.id, want.acumatica_key, want.sku, want.document))

    def reject(self, want: DesiredValue, own: _Target | None) -> None:
        """Keep why the record cannot be sent: where it failed before, else in a row beside the place."""
        state = SKIPPED if want.skipped else FAILED
        self.became.append((want.key, want.source, state))
        if own is None:
            self._insert(want, state, rejected=True, seq=1)
            return
        says = (want.sku, want.value, want.in_stock, want.document, state, want.cause, want.reason, self.now)
        self.rejected.append((own.id, *says))

    def _insert(self, want: DesiredValue, state: str, *, rejected: bool, seq: int) -> None:
        of_record = (want.acumatica_key, want.sku, want.value, want.in_stock, want.document)
        says = (state, want.cause, want.reason, seq, self.now, self.now)
        self.inserted.append((self.entity, want.key, want.source, rejected, *of_record, *says))

    def close(self, target: _Target) -> None:
        """Nothing is to be sent there any more."""
        self.closed.append((target.id, self.now))

    def overtake(self, target: _Target, its: InRequest | None) -> None:
        """What waits there is overtaken; what is on its way is not tried again."""
        if target.state == PENDING and its is not None and its.seq == target.seq:
            self.close(target)
        else:
            self.drop(target)

    def drop(self, target: _Target | None) -> None:
        """What waited, failed or was skipped there is overtaken."""
        if target is None:
            return
        self.superseded += 1
        if target.rejected:
            self.deleted.append(target.id)
        else:
            self.close(target)


_REJECTED_ANEW = ("sku", "wanted", "wanted_in_stock", "document", "state", "cause", "reason", "changed_at")


def commit_chunk(connection: Connection, entity: str, computed: Computed, now: datetime) -> Queued:
    """Keep the chunk, in a transaction of the run that has the lease."""
    computed = _keepable(computed)
    changes = _Changes(micros(now), entity)
    records.write(connection, entity, computed.stored)
    for seen in computed.seen:
        records.mark_seen(connection, entity, seen.column, seen.sweep, seen.acumatica_keys)
    ledger.confirm(connection, entity, computed.confirmed, now, asked_at=computed.asked_at)
    ledger.settle_rechecks(connection, entity, computed.read_again, computed.asked_at or now)
    ledger.forget_places(connection, entity, computed.unshown, computed.asked_at or now)
    ledger.forget_products(connection, entity, computed.gone, now)
    _decide_all(connection, entity, computed, changes)
    _apply(connection, changes)
    count_superseded(connection, entity, changes.superseded, now)
    watermarks.write(connection, entity, list(computed.marks))
    open_orders.keep(connection, computed.open_orders)
    failpoints.hit("chunk_written")
    states = [state for _key, _source, state in changes.became]
    return Queued(
        queued=states.count(PENDING),
        superseded=changes.superseded,
        failed=states.count(FAILED),
        skipped=states.count(SKIPPED),
        became=changes.became,
    )


def _keepable(computed: Computed) -> Computed:
    of_chunk: list[Iterable[str | None]] = [computed.acumatica_keys]
    of_chunk += [map(attrgetter(name), computed.stored) for name in ("acumatica_key", "key")]
    of_chunk += [map(attrgetter(name), computed.wanted) for name in ("acumatica_key", "key", "source", "sku")]
    values = [want.value for want in computed.wanted if want.value is not None]
    is_small = not values or (min(values) >= -(2**63) and max(values) < 2**63)
    if is_small and all(are_all_kept(list(filter(None, names))) for names in of_chunk):
        return computed  # nearly always
    stored = [one for one in computed.stored if why_not_kept(one.acumatica_key) is None]
    return msgspec.structs.replace(
        computed,
        acumatica_keys=[kept_name(key) for key in computed.acumatica_keys],
        wanted=[_keepable_want(want) for want in computed.wanted],
        stored=[_with_kept_key(one) for one in stored],
    )


def _with_kept_key(stored: Stored) -> Stored:
    if stored.key is None or why_not_kept(stored.key) is None:
        return stored
    return msgspec.structs.replace(stored, key=kept_name(stored.key))


def _keepable_want(want: DesiredValue) -> DesiredValue:
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


class _Kept(NamedTuple):
    """The targets of a chunk: those of its places, and the records beside them, by place and Acumatica key."""

    at: dict[Place, _Target]
    rejected: dict[Place, dict[str, _Target]]


def _read(connection: Connection, entity: str, computed: Computed) -> _Kept:
    """Return the targets of a chunk's records, and those of their SKUs that other records have."""
    places = len(computed.wanted)
    keys = sorted({want.key for want in computed.wanted})
    kept = _Kept({}, {})

    def add(column: str, values: Sequence[str], also: str = "") -> None:
        at, rows_a_key = _Target._fields.index(column), max(1, places / max(1, len(values)))
        rows = rows_of_keys(connection, _SELECTED, column, entity, values, at=at, also=also, rows_a_key=rows_a_key)
        for one in map(_Target._make, rows):
            if one.rejected:
                kept.rejected.setdefault((one.key, one.source), {})[one.acumatica_key] = one
            else:
                kept.at[one.key, one.source] = one

    add("acumatica_key", computed.acumatica_keys)
    known = {key for key, _source in kept.at}
    add("key", [key for key in keys if key not in known], f"AND {IS_PLACE.text}")
    add("key", keys, f"AND {IS_PUT_ASIDE.text}")
    return kept


def _decide_all(connection: Connection, entity: str, computed: Computed, changes: _Changes) -> None:
    kept = _read(connection, entity, computed)
    sending = requests.targets_in(connection, entity)
    handled: set[Place] = set()
    unsendable: set[tuple[Place, str]] = set()
    for want in (*computed.wanted, *_withdrawn(computed, kept.at, sending)):
        place = (want.key, want.source)
        handled.add(place)
        target = kept.at.get(place)
        beside = kept.rejected.get(place)
        is_plain = want.cause is None and beside is None
        if is_plain and target is not None and target.state in CLOSED and target.id not in sending:  # nearly always
            if _same(want, target.confirmed, target.confirmed_in_stock):
                changes.own(want, target)
            else:
                changes.queue(want, target)
            continue
        own = None if beside is None else beside.pop(want.acumatica_key, None)
        its = None if target is None else sending.get(target.id)
        if want.cause is not None:
            if (place, want.acumatica_key) not in unsendable:  # records without a key cannot be told apart
                _decide_unsendable(want, target, its, own, changes)
            unsendable.add((place, want.acumatica_key))
            continue
        for other in (beside or {}).values():
            changes.drop(other)
        kept.rejected.pop(place, None)
        _decide(want, target, its, own, changes)
    _drop_what_is_left(computed, kept, sending, handled, changes)


def _drop_what_is_left(
    computed: Computed, kept: _Kept, sending: dict[int, InRequest], handled: set[Place], changes: _Changes
) -> None:
    """Nothing is wanted at these places of the chunk's records: what waits there is overtaken."""
    own = set(computed.acumatica_keys)
    for place, target in kept.at.items():
        if place in handled or target.state in CLOSED or target.acumatica_key not in own:
            continue
        changes.overtake(target, sending.get(target.id))
    for beside in kept.rejected.values():
        for acumatica_key, one in beside.items():
            if acumatica_key in own:
                changes.drop(one)


def _waits(target: _Target, its: InRequest | None) -> bool:
    """Whether what the target wants waits, and is in no request."""
    return target.state == PENDING and (its is None or its.seq != target.seq)


def _withdrawn(computed: Computed, at: dict[Place, _Target], sending: dict[int, InRequest]) -> Iterator[DesiredValue]:
    if computed.withdrawn_value is None:
        return
    own = set(computed.acumatica_keys)
    unclear = {want.acumatica_key for want in computed.wanted if want.cause is not None}
    wanted = {(want.key, want.source) for want in computed.wanted}
    for place, one in at.items():
        is_there = one.confirmed is not None or one.id in sending
        if is_there and place not in wanted and one.acumatica_key in own and one.acumatica_key not in unclear:
            yield DesiredValue(one.acumatica_key, *place, one.sku, computed.withdrawn_value, in_stock=False)


def _same(want: DesiredValue, value: int | None, in_stock: Any) -> bool:
    """Whether the value, and the stock status as far as both say it, are those that are wanted."""
    if value is None or value != want.value:
        return False
    return want.in_stock is None or in_stock is None or bool(in_stock) == want.in_stock


def _decide(
    want: DesiredValue, target: _Target | None, its: InRequest | None, own: _Target | None, changes: _Changes
) -> None:
    """Decide what becomes of a place that is wanted so. own: the record's row beside it, if it could not be sent."""
    if target is not None and _waits(target, its):
        if _became(want, target, Outcome.WANTED) == PENDING:
            changes.own(want, target)
            changes.drop(own)
            return
        changes.superseded += 1
    if target is not None and its is not None:
        changes.drop(own)
        if not _same(want, its.value, its.in_stock):
            changes.queue(want, target)
        elif its.seq != target.seq:  # back to what is on its way: that ends it, or it goes once more
            changes.queue(want, target)
            changes.became.pop()
    elif target is not None and _same(want, target.confirmed, target.confirmed_in_stock):
        changes.own(want, target)
        changes.superseded += target.state in (FAILED, SKIPPED)
        if target.state not in CLOSED:
            changes.close(target)
        changes.drop(own)
    else:
        _decide_again(want, target, own, changes)


def _decide_again(want: DesiredValue, target: _Target | None, own: _Target | None, changes: _Changes) -> None:
    """What failed or was left out stays so, goes again as it is, or is overtaken by another value."""
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
    want: DesiredValue, target: _Target | None, its: InRequest | None, own: _Target | None, changes: _Changes
) -> None:
    if target is not None and target.state == PENDING:
        changes.overtake(target, its)
    failed = own
    if failed is None and target is not None and target.state in (FAILED, SKIPPED):
        failed = target if target.acumatica_key == want.acumatica_key else None
    if failed is None:
        changes.reject(want, None)
        return
    outcome = Outcome.REJECTED_AND_LEFT_OUT if want.skipped else Outcome.REJECTED
    newer = want.value is None or failed.wanted != want.value
    state = _became(want, failed, outcome, newer=newer)
    if state == failed.state == SKIPPED and not newer:
        return  # somebody has seen this note and left it out
    if (failed.state, failed.wanted, failed.cause, failed.reason) != (state, want.value, want.cause, want.reason):
        changes.reject(want, failed)


def _became(want: DesiredValue, target: _Target, outcome: Outcome, *, newer: bool | None = None) -> str:
    """Return how the message is stored once this is wanted."""
    is_newer = not _same(want, target.wanted, target.wanted_in_stock) if newer is None else newer
    reopens = target.cause in REOPENED_BY_THE_NEXT_SYNC
    became = transition(state_of(target.state), outcome, newer=is_newer, reopens=reopens)
    return stored_as(became, outcome, newer=is_newer)


def _apply(connection: Connection, changes: _Changes) -> None:
    update_tuples(connection, targets, _OF_RECORD, changes.of_records)
    update_tuples(connection, targets, ("changed_at",), changes.closed, _CLOSED)
    _apply_queued(connection, changes)
    update_tuples(connection, targets, _WANTED_ANEW, changes.reopened, _REOPENED)
    update_tuples(connection, targets, _REJECTED_ANEW, changes.rejected)
    for part in chunked(changes.deleted):
        connection.execute(delete(targets).where(in_any(connection, targets.c.id, part)))
    changes.inserted.sort(key=itemgetter(*map(_INSERTED.index, ("key", "source"))))  # they are claimed in that order
    insert_tuples(connection, targets, _INSERTED, changes.inserted)


def _apply_queued(connection: Connection, changes: _Changes) -> None:
    """Have targets want other values; on SQLite one statement for many is twice as quick as one for each."""
    if connection.dialect.name != "sqlite":
        update_tuples(connection, targets, _WANTED_ANEW, changes.queued, _QUEUED)
        return
    by_stock: dict[bool | None, dict[int, int | None]] = {}
    for number, value, in_stock, *_at in changes.queued:
        by_stock.setdefault(in_stock, {})[number] = value
    for in_stock, values in by_stock.items():
        given = (msgspec.json.encode(values).decode(), in_stock, changes.now)
        connection.exec_driver_sql(_QUEUED_ON_SQLITE, given)


_QUEUED_ON_SQLITE = f"""
UPDATE targets SET wanted = new.value, wanted_in_stock = ?2, wanted_at = ?3, changed_at = ?3, {_QUEUED}
FROM json_each(?1) AS new WHERE targets.id = CAST(new.key AS INTEGER)
"""
