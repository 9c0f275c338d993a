"""A chunk of computed values enters the queue: its messages, its records and its cursors are one transaction.

What comes in is the newest state of every record in the chunk. What goes out is at most one pending message per key and
source, and only where Magento
does not show that value yet:

- a pending message with another value is superseded; one with the same value stays;
- a value equal to the ledger's sends nothing, and makes a failed or skipped message of that key superseded;
- a value equal to that of the key's failed or skipped message is not queued again, unless that message only waited for
its product to exist;
- a name or a value that the database cannot keep fails its own record, and nothing else;
- a key of the records in the chunk that has no value any more is withdrawn: with quantities it goes to 0 once, with
prices nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, update

from connector import failpoints
from connector.model.failures import REOPENED_BY_THE_NEXT_SYNC, FailureCode
from connector.state.queue import messages
from connector.state.queue.desired import QUEUED_COLUMNS, Computed, DesiredValue, Place, Queued
from connector.state.queue.message import Message
from connector.state.queue.transitions import Outcome, state_of, stored_as, transition
from connector.state.rows import chunked, in_any, insert_tuples
from connector.state.schema import FAILED, PENDING, SENDING, SKIPPED, SUPERSEDED, into, micros
from connector.state.schema import messages as message_table
from connector.state.sync import ledger, open_orders, records, watermarks
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.records import Stored
from connector.state.text import are_all_kept, kept_name, why_not_kept


@dataclass
class _Changes:
    """The writes that the decisions ask for."""

    now: int
    entity: str
    inserted: list[tuple[Any, ...]] = field(default_factory=list)
    rewritten: list[tuple[int, tuple[Any, ...]]] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    overtaken: list[int] = field(default_factory=list)

    def queue(self, want: DesiredValue) -> None:
        self.inserted.append(self._row(want, PENDING))

    def fail(self, want: DesiredValue) -> None:
        self.inserted.append(self._row(want, SKIPPED if want.skipped else FAILED))

    def rewrite(self, message: Message, want: DesiredValue, state: str) -> None:
        self.rewritten.append((message.id, self._row(want, state)))

    def supersede(self, *older: Message | None) -> None:
        for message in older:
            if message is not None:
                self.superseded.append(message.id)

    def _row(self, want: DesiredValue, state: str) -> tuple[Any, ...]:
        """Return the row of `QUEUED_COLUMNS`: never attempted; `now` is when it came and when it changed."""
        return (
            self.entity,
            want.key,
            want.source,
            want.acumatica_key,
            want.sku,
            want.value,
            want.in_stock,
            want.document,
            state,
            True,
            0,
            None,
            want.cause,
            want.reason,
            self.now,
            self.now,
        )


_STATE = QUEUED_COLUMNS.index("state")
_NEVER_REWRITTEN = ("entity", "key", "source", "created_at")


def commit_chunk(connection: Connection, entity: str, computed: Computed, now: datetime) -> Queued:
    """Keep the chunk, in a transaction of the run that has the lease."""
    computed = _keepable(computed)
    changes = _Changes(micros(now), entity)
    records.write(connection, entity, computed.stored)
    for seen in computed.seen:
        records.mark_seen(connection, entity, seen.column, seen.sweep, seen.acumatica_keys)
    ledger.confirm(connection, entity, computed.confirmed, now, asked_at=computed.asked_at)
    ledger.settle_doubts(connection, entity, computed.settled_doubts, computed.asked_at or now)
    ledger.forget_places(connection, entity, computed.unshown, computed.asked_at or now)
    ledger.forget_products(connection, entity, computed.gone, now)
    _decide_all(connection, entity, computed, changes)
    _apply(connection, changes)
    watermarks.write(connection, entity, list(computed.marks))
    open_orders.keep(connection, computed.open_orders)
    failpoints.hit("chunk_written")
    rows = [*changes.inserted, *(row for _id, row in changes.rewritten)]
    states = [row[_STATE] for row in rows]
    return Queued(
        queued=states.count(PENDING),
        superseded=len(changes.superseded),
        failed=states.count(FAILED),
        skipped=states.count(SKIPPED),
        rows=rows,
    )


def _keepable(computed: Computed) -> Computed:
    names = [*computed.acumatica_keys, *(one.acumatica_key for one in computed.stored)]
    names += [one.key for one in computed.stored if one.key is not None]
    for want in computed.wanted:
        names += (want.acumatica_key, want.key, want.source, want.sku or "")
    is_small = all(want.value is None or -(2**63) <= want.value < 2**63 for want in computed.wanted)
    if is_small and are_all_kept(names):
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


def _decide_all(connection: Connection, entity: str, computed: Computed, changes: _Changes) -> None:
    keys = sorted({want.key for want in computed.wanted})
    confirmed = ledger.of_records(connection, entity, computed.acumatica_keys, keys)
    found: dict[Place, dict[str, Message]] = {}
    failed: dict[Place, dict[str, Message]] = {}
    for message in messages.live(connection, entity, computed.acumatica_keys, keys):
        place = (message.key, message.source)
        if message.state in (FAILED, SKIPPED):  # two items with one SKU have one each
            _put(failed.setdefault(place, {}), message.acumatica_key, message, changes)
        else:
            _put(found.setdefault(place, {}), message.state, message, changes)
    wanted = [*computed.wanted, *_withdrawn(computed, confirmed, found)]
    if not (found or failed):  # nearly always: only what Magento shows decides
        for want in not_shown([want for want in wanted if want.cause is None], confirmed):
            changes.queue(want)
        wanted = [want for want in wanted if want.cause is not None]
    for want in wanted:
        place = (want.key, want.source)
        own_failed = failed.get(place, {}).pop(want.acumatica_key, None)
        if want.cause is None:
            changes.supersede(*failed.pop(place, {}).values())
        older = found.pop(place, {})
        _decide(want, older if own_failed is None else {**older, FAILED: own_failed}, confirmed.get(place), changes)
    own = set(computed.acumatica_keys)
    for left in (*found.values(), *failed.values()):  # nothing is wanted at these places: what waits there is overtaken
        changes.supersede(*(m for m in left.values() if m.state != SENDING and m.acumatica_key in own))


def _put(older: dict[str, Message], slot: str, message: Message, changes: _Changes) -> None:
    """Keep the newest message of a slot; only failed ones can stand twice, after one was sent again by hand."""
    changes.supersede(older.get(slot))
    older[slot] = message


def _withdrawn(
    computed: Computed, confirmed: dict[Place, LedgerRow], found: dict[Place, dict[str, Message]]
) -> Iterable[DesiredValue]:
    if computed.withdrawn_value is None:
        return
    own = set(computed.acumatica_keys)
    unclear = {want.acumatica_key for want in computed.wanted if want.cause is not None}
    wanted = {(want.key, want.source) for want in computed.wanted}
    places = {place: (row.acumatica_key, row.sku) for place, row in confirmed.items()}
    for place, older in found.items():
        under_way = older.get(SENDING)
        if under_way is not None and place not in places and under_way.sku is not None:
            places[place] = (under_way.acumatica_key, under_way.sku)
    for (key, source), (acumatica_key, sku) in places.items():
        if (key, source) not in wanted and acumatica_key in own and acumatica_key not in unclear:
            yield DesiredValue(acumatica_key, key, source, sku, computed.withdrawn_value, in_stock=False)


def not_shown(wanted: Iterable[DesiredValue], confirmed: Mapping[Place, LedgerRow]) -> list[DesiredValue]:
    """Those of the values that Magento does not show, by what it confirmed."""
    shown = confirmed.get
    different = []
    for want in wanted:
        row = shown((want.key, want.source))
        if row is None or row.value != want.value or (row.in_stock is not want.in_stock and not _same(want, row)):
            different.append(want)
    return different


def _same(want: DesiredValue, other: Message | LedgerRow | None) -> bool:
    if other is None or other.value != want.value:
        return False
    return want.in_stock is None or other.in_stock is None or other.in_stock == want.in_stock


def _decide(want: DesiredValue, older: dict[str, Message], confirmed: LedgerRow | None, changes: _Changes) -> None:
    pending, sending, failed = older.get(PENDING), older.get(SENDING), older.get(FAILED)
    if want.cause is not None:
        _decide_unsendable(want, pending, failed, changes)
        return
    if pending is not None and _became(want, pending, Outcome.WANTED) == pending.state:
        changes.supersede(failed)
        return
    changes.supersede(pending)
    if sending is not None:
        changes.supersede(failed)
        if not _same(want, sending):
            changes.overtaken.append(sending.id)
            changes.queue(want)
    elif _same(want, confirmed):
        changes.supersede(failed)
    elif failed is None:
        changes.queue(want)
    else:
        _decide_again(want, failed, changes)


def _decide_again(want: DesiredValue, failed: Message, changes: _Changes) -> None:
    """What failed or was left out stays so, goes again as it is, or is overtaken by another value."""
    if failed.cause in REOPENED_BY_THE_NEXT_SYNC:
        changes.rewrite(failed, want, _became(want, failed, Outcome.WANTED, newer=False))
    elif _became(want, failed, Outcome.WANTED) == SUPERSEDED:
        changes.supersede(failed)
        changes.queue(want)


def _decide_unsendable(want: DesiredValue, pending: Message | None, failed: Message | None, changes: _Changes) -> None:
    changes.supersede(pending)
    if failed is None:
        changes.fail(want)
        return
    outcome = Outcome.REJECTED_AND_LEFT_OUT if want.skipped else Outcome.REJECTED
    newer = want.value is None or failed.value != want.value
    state = _became(want, failed, outcome, newer=newer)
    if state == failed.state == SKIPPED and not newer:
        return  # somebody has seen this note and left it out
    if (failed.state, failed.value, failed.cause, failed.reason) != (state, want.value, want.cause, want.reason):
        changes.rewrite(failed, want, state)


def _became(want: DesiredValue, message: Message, outcome: Outcome, *, newer: bool | None = None) -> str:
    """Return how the message is stored once this is wanted."""
    is_newer = not _same(want, message) if newer is None else newer
    reopens = message.cause in REOPENED_BY_THE_NEXT_SYNC
    became = transition(state_of(message.state), outcome, newer=is_newer, reopens=reopens)
    return stored_as(became, outcome, newer=is_newer)


def _apply(connection: Connection, changes: _Changes) -> None:
    for part in chunked(changes.superseded):
        overtaken = update(message_table).where(in_any(connection, message_table.c.id, part))
        connection.execute(overtaken.values(**into(SUPERSEDED), changed_at=changes.now))
    for part in chunked(changes.overtaken):  # so that what is newer has the place in the queue
        in_request = update(message_table).where(in_any(connection, message_table.c.id, part))
        connection.execute(in_request.values(**into(SENDING)))
    if changes.rewritten:
        columns = [name for name in QUEUED_COLUMNS if name not in _NEVER_REWRITTEN]
        renewed = update(message_table).where(message_table.c.id == bindparam("of_id"))
        rows = [{"of_id": number, **dict(zip(QUEUED_COLUMNS, row, strict=True))} for number, row in changes.rewritten]
        kept = [{name: row[name] for name in ("of_id", *columns)} for row in rows]
        connection.execute(renewed.values({name: bindparam(name) for name in columns}), kept)
    insert_tuples(connection, message_table, QUEUED_COLUMNS, changes.inserted)
