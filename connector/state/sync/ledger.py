"""The ledger: the values that Magento last confirmed, per key and source, and the rechecks.

A key without a confirmed value is read in Magento before anything is sent. A recheck is a key whose value has to be
read again in Magento although it was confirmed, because it is in doubt: a request whose answer was lost may still be
applied after a newer one. Rechecks have their own table because runs of other entities request them too. On rows that a
run of the entity is writing, the two runs would wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, update

from connector.state.keyed_rows import KEYS_PER_QUERY, columns_of_keys, rows_of_keys
from connector.state.rows import as_bool, chunked, in_any, insert_tuples, tuples, update_tuples, upsert
from connector.state.schema import IS_PLACE, SENT, instant, micros, rechecks, targets

_ROW = (  # the columns of a `LedgerRow`
    targets.c.key,
    targets.c.source,
    targets.c.acumatica_key,
    targets.c.sku,
    targets.c.confirmed,
    targets.c.confirmed_in_stock,
)
_OF_RECORDS = "SELECT key, source, acumatica_key, sku, confirmed, confirmed_in_stock FROM targets"
_CONFIRMED = "AND confirmed IS NOT NULL"
_IS_CONFIRMED = targets.c.confirmed.is_not(None)
_IS_DUE = and_(rechecks.c.entity == bindparam("the_entity"), rechecks.c.due_at <= bindparam("now"))
_DUE_PLACES = select(rechecks.c.key, rechecks.c.source, rechecks.c.due_at).where(_IS_DUE)
_CONFIRMED_AND_DUE = (
    select(*_ROW)
    .join(
        rechecks,
        and_(
            targets.c.entity == rechecks.c.entity,
            targets.c.key == rechecks.c.key,
            targets.c.source == rechecks.c.source,
            IS_PLACE,
        ),
    )
    .where(_IS_DUE, _IS_CONFIRMED)
)
_NEW_COLUMNS = (
    *("entity", "key", "source", "acumatica_key", "sku", "wanted", "wanted_in_stock", "wanted_at"),
    *("confirmed", "confirmed_in_stock", "confirmed_at", "state", "changed_at"),
)


class LedgerRow(msgspec.Struct, frozen=True, gc=False):
    """A value that Magento confirmed: price in 1/1,000,000, quantity in 1/10,000, or a document's fingerprint."""

    key: str
    source: str
    acumatica_key: str
    sku: str
    value: int
    in_stock: bool | None


Confirmed = tuple[int, bool | None]
"""A value that Magento confirmed, and its stock status as the database returns it: SQLite returns 0 and 1."""


def _row(row: tuple[Any, ...]) -> LedgerRow:
    key, source, acumatica_key, sku, value, in_stock = row
    return LedgerRow(key, source, acumatica_key, sku, value, as_bool(in_stock))


def _is_confirmed(connection: Connection, entity: str, keys: Sequence[str]) -> ColumnElement[bool]:
    return and_(targets.c.entity == entity, IS_PLACE, _IS_CONFIRMED, in_any(connection, targets.c.key, keys))


def of_records(
    connection: Connection,
    entity: str,
    acumatica_keys: Sequence[str],
    keys: Collection[str],
    *,
    rows_per_key: float = 1,
) -> dict[tuple[str, str], LedgerRow]:
    """Return the confirmed values of these Acumatica records, by (key, source).

    keys: SKUs whose confirmed values are returned too if they belong to other records. rows_per_key: an estimate of the
    places of one record.
    """
    rows = rows_of_keys(
        connection,
        _OF_RECORDS,
        "acumatica_key",
        entity,
        acumatica_keys,
        key_index=2,
        condition=_CONFIRMED,
        rows_per_key=rows_per_key,
    )
    by_place = _by_place(rows)
    unknown = set(keys).difference(key for key, _source in by_place)
    for part in chunked(sorted(unknown), KEYS_PER_QUERY):
        query = select(*_ROW).where(_is_confirmed(connection, entity, part))
        by_place.update(_by_place(tuples(connection, query)))
    return by_place


def _by_place(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], LedgerRow]:
    """Return the rows, tuples of `_ROW`, as `LedgerRow`s by (key, source). They are converted column by column."""
    if not rows:
        return {}
    keys, sources, acumatica_keys, skus, values, in_stock = zip(*rows, strict=True)
    statuses = in_stock if in_stock.count(None) == len(in_stock) else map(as_bool, in_stock)
    return dict(
        zip(
            zip(keys, sources, strict=True),
            map(LedgerRow, keys, sources, acumatica_keys, skus, values, statuses),
            strict=True,
        )
    )


def confirmed_at(connection: Connection, entity: str, keys: Sequence[str]) -> dict[str, datetime]:
    """Return when Magento last confirmed a value of each of these SKUs, by SKU."""
    latest_by_key: dict[str, datetime] = {}
    latest = func.max(targets.c.confirmed_at)
    for part in chunked(keys, KEYS_PER_QUERY):
        confirmed_keys = select(targets.c.key, latest).where(_is_confirmed(connection, entity, part))
        rows = connection.execute(confirmed_keys.group_by(targets.c.key))
        latest_by_key.update((key, instant(at)) for key, at in rows)
    return latest_by_key


def places(connection: Connection, entity: str, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Return the (key, source) of these keys at which Magento has confirmed a value."""
    condition = f"AND {IS_PLACE.text} {_CONFIRMED}"
    columns = columns_of_keys(connection, "targets", ("key", "source"), "key", entity, keys, condition=condition)
    return set(zip(*columns, strict=True))


def are_confirmed(connection: Connection, entity: str, keys: Sequence[str], sources: Sequence[str]) -> bool:
    """Return whether Magento has confirmed a value at each place; `keys` and `sources` are parallel lists."""
    return places(connection, entity, keys).issuperset(zip(keys, sources, strict=True))


class ConfirmedRows(NamedTuple):
    """Confirmed values as parallel lists: values as in `LedgerRow`, stock statuses as the database returns them."""

    acumatica_keys: list[str]
    keys: list[str]
    sources: list[str]
    values: list[int]
    in_stock: list[bool | int | None]


def confirmed(
    connection: Connection, entity: str, acumatica_keys: Sequence[str], *, rows_per_key: float = 1
) -> ConfirmedRows:
    """Return the confirmed values of these Acumatica records: fewer columns than `of_records`, in less time."""
    names = ("acumatica_key", "key", "source", "confirmed", "confirmed_in_stock")
    return ConfirmedRows(
        *columns_of_keys(
            connection,
            "targets",
            names,
            "acumatica_key",
            entity,
            acumatica_keys,
            condition=_CONFIRMED,
            rows_per_key=rows_per_key,
        )
    )


def confirm(
    connection: Connection,
    entity: str,
    rows: Sequence[LedgerRow],
    now: datetime,
    *,
    asked_at: datetime | None = None,
) -> None:
    """Store the values that Magento shows now.

    asked_at: when Magento was asked, for values that were read earlier. A value that was confirmed later than that
    stays.
    """
    if not rows:
        return
    targets_by_place = _targets_by_place(connection, entity, sorted({row.key for row in rows}))
    at = micros(now)
    asked = None if asked_at is None else micros(asked_at)
    updated: list[tuple[Any, ...]] = []
    inserted: list[tuple[Any, ...]] = []
    for row in {(row.key, row.source): row for row in rows}.values():
        target = targets_by_place.get((row.key, row.source))
        if target is None:
            value = (row.value, row.in_stock, at)
            inserted.append((entity, row.key, row.source, row.acumatica_key, row.sku, *value, *value, SENT, at))
            continue
        number, last_confirmed = target
        if asked is None or last_confirmed is None or last_confirmed <= asked:
            updated.append((number, row.value, row.in_stock, at))
    update_tuples(connection, targets, ("confirmed", "confirmed_in_stock", "confirmed_at"), updated)
    insert_tuples(connection, targets, _NEW_COLUMNS, inserted)


def _targets_by_place(
    connection: Connection, entity: str, keys: Sequence[str]
) -> dict[tuple[str, str], tuple[int, int | None]]:
    """Return the target's id and the time of its last confirmation, if any, by (key, source)."""
    by_place: dict[tuple[str, str], tuple[int, int | None]] = {}
    columns = (targets.c.key, targets.c.source, targets.c.id, targets.c.confirmed, targets.c.confirmed_at)
    for part in chunked(keys, KEYS_PER_QUERY):
        has_key = and_(targets.c.entity == entity, IS_PLACE, in_any(connection, targets.c.key, part))
        for key, source, number, value, at in tuples(connection, select(*columns).where(has_key)):
            by_place[key, source] = (number, None if value is None else at)
    return by_place


def schedule_rechecks(connection: Connection, entity: str, keys: Sequence[tuple[str, str]], due_at: datetime) -> None:
    """Schedule a recheck of these (key, source) for `due_at`. A recheck that is already scheduled for later stays."""
    scheduled = _scheduled_rechecks(connection, entity, sorted({key for key, _source in keys}))
    rows = [
        {"entity": entity, "key": key, "source": source, "due_at": max(micros(due_at), scheduled.get((key, source), 0))}
        for key, source in keys
    ]
    upsert(connection, rechecks, rows)


def _scheduled_rechecks(connection: Connection, entity: str, keys: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return when the rechecks of these keys are due, in microseconds, by (key, source)."""
    due_by_place: dict[tuple[str, str], int] = {}
    for part in chunked(keys, KEYS_PER_QUERY):
        has_key = and_(rechecks.c.entity == entity, in_any(connection, rechecks.c.key, part))
        rows = connection.execute(select(rechecks.c.key, rechecks.c.source, rechecks.c.due_at).where(has_key))
        due_by_place.update(((key, source), due_at) for key, source, due_at in rows)
    return due_by_place


def all_of(connection: Connection, entity: str) -> dict[tuple[str, str], LedgerRow]:
    """Return all confirmed values of an entity, by (key, source)."""
    return _by_place(tuples(connection, select(*_ROW).where(targets.c.entity == entity, IS_PLACE, _IS_CONFIRMED)))


def forget(connection: Connection, entity: str, keys: Sequence[str] | None = None) -> None:
    """Forget the confirmed values of these keys, or of all. They are then compared with Magento, or sent, again."""
    for part in [None] if keys is None else chunked(keys, KEYS_PER_QUERY):
        forgotten = (
            and_(targets.c.entity == entity, IS_PLACE, _IS_CONFIRMED)
            if part is None
            else _is_confirmed(connection, entity, part)
        )
        connection.execute(update(targets).where(forgotten).values(_NOT_CONFIRMED))


_NOT_CONFIRMED: dict[str, None] = {"confirmed": None, "confirmed_in_stock": None, "confirmed_at": None}


def forget_places(connection: Connection, entity: str, places: Sequence[tuple[str, str]], asked_at: datetime) -> None:
    """Forget the values that were confirmed at these (key, source) until `asked_at`, when Magento showed none there."""
    for part in chunked(places, 500):
        is_one_of = or_(*(and_(targets.c.key == key, targets.c.source == source) for key, source in part))
        before = and_(targets.c.entity == entity, IS_PLACE, targets.c.confirmed_at <= micros(asked_at))
        connection.execute(update(targets).where(and_(before, is_one_of)).values(_NOT_CONFIRMED))


def forget_products(
    connection: Connection, entity: str, keys: Sequence[str], others: Collection[str], now: datetime
) -> None:
    """Forget the confirmed values of SKUs whose products are gone from Magento. `others`, the other entities whose keys
    are SKUs, recheck theirs.
    """
    if not keys:
        return
    forget(connection, entity, keys)
    for other in others:
        schedule_rechecks(connection, other, sorted(places(connection, other, keys)), now)


def due_rechecks(connection: Connection, entity: str, now: datetime) -> list[LedgerRow]:
    """Return the confirmed values of the keys whose recheck is due."""
    parameters = {"the_entity": entity, "now": micros(now)}
    return [_row(row) for row in tuples(connection, _CONFIRMED_AND_DUE, parameters)]


def due_places(connection: Connection, entity: str, now: datetime) -> dict[tuple[str, str], int]:
    """Return since when the due rechecks are due, in microseconds, by (key, source)."""
    rows = tuples(connection, _DUE_PLACES, {"the_entity": entity, "now": micros(now)})
    return {(key, source): due_at for key, source, due_at in rows}


def settle_rechecks(
    connection: Connection, entity: str, read_again: Mapping[tuple[str, str], int], asked_at: datetime
) -> None:
    """Remove rechecks that are done: Magento was asked at `asked_at`, after they were due.

    read_again: since when they were due, by (key, source). A recheck that was scheduled again meanwhile stays.
    """
    settled = [(place, due_at) for place, due_at in read_again.items() if due_at <= micros(asked_at)]
    for part in chunked(settled, 300):
        is_one_of = or_(
            *(
                and_(rechecks.c.key == key, rechecks.c.source == source, rechecks.c.due_at == due_at)
                for (key, source), due_at in part
            )
        )
        connection.execute(delete(rechecks).where(and_(rechecks.c.entity == entity, is_one_of)))
