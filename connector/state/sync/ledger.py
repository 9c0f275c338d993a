"""What Magento last confirmed, per key and source, and which keys must be read again there.

A key of which nothing is confirmed is read in Magento before anything is sent. A recheck is a key whose value in
Magento is in doubt although it was confirmed: a request whose answer was lost may still be applied after a newer one
was. Rechecks have a table of their own because the runs of other entities ask for them too: on rows that a run of the
entity is writing they would wait for it, and it for them.
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

OF_PRODUCTS = {"price", "inventory"}
"""The entities whose keys are SKUs."""
_ROW = (
    targets.c.key,
    targets.c.source,
    targets.c.acumatica_key,
    targets.c.sku,
    targets.c.confirmed,
    targets.c.confirmed_in_stock,
)
"""What a `LedgerRow` is made of."""
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
"""A value that Magento confirmed, and its stock status, which SQLite returns as 0 and 1."""


def _row(row: tuple[Any, ...]) -> LedgerRow:
    key, source, acumatica_key, sku, value, in_stock = row
    return LedgerRow(key, source, acumatica_key, sku, value, as_bool(in_stock))


def _of(connection: Connection, entity: str, keys: Sequence[str]) -> ColumnElement[bool]:
    return and_(targets.c.entity == entity, IS_PLACE, _IS_CONFIRMED, in_any(connection, targets.c.key, keys))


def of_records(
    connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Collection[str], *, rows_a_key: float = 1
) -> dict[tuple[str, str], LedgerRow]:
    """Return what was confirmed of these Acumatica records, and of those SKUs that they do not have, by (key, source).

    rows_a_key: how many places a record has, about.
    """
    rows = rows_of_keys(
        connection, _OF_RECORDS, "acumatica_key", entity, acumatica_keys, at=2, also=_CONFIRMED, rows_a_key=rows_a_key
    )
    found = _by_place(rows)
    unknown = set(keys).difference(key for key, _source in found)
    for part in chunked(sorted(unknown), KEYS_PER_QUERY):
        chosen = select(*_ROW).where(_of(connection, entity, part))
        found.update(_by_place(tuples(connection, chosen)))
    return found


def _by_place(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], LedgerRow]:
    """Return rows of the columns of a `LedgerRow` by key and source, made column by column."""
    if not rows:
        return {}
    keys, sources, acumatica_keys, skus, values, in_stock = zip(*rows, strict=True)
    known = in_stock if in_stock.count(None) == len(in_stock) else map(as_bool, in_stock)
    return dict(
        zip(
            zip(keys, sources, strict=True),
            map(LedgerRow, keys, sources, acumatica_keys, skus, values, known),
            strict=True,
        )
    )


def confirmed_at(connection: Connection, entity: str, keys: Sequence[str]) -> dict[str, datetime]:
    """Return when Magento last confirmed something of each of these SKUs."""
    found: dict[str, datetime] = {}
    latest = func.max(targets.c.confirmed_at)
    for part in chunked(keys, KEYS_PER_QUERY):
        these = select(targets.c.key, latest).where(_of(connection, entity, part)).group_by(targets.c.key)
        found.update((key, instant(at)) for key, at in connection.execute(these))
    return found


def places(connection: Connection, entity: str, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Return the (key, source) among these keys of which Magento has confirmed a value."""
    also = f"AND {IS_PLACE.text} {_CONFIRMED}"
    columns = columns_of_keys(connection, "targets", ("key", "source"), "key", entity, keys, also=also)
    return set(zip(*columns, strict=True))


def are_confirmed(connection: Connection, entity: str, keys: Sequence[str], sources: Sequence[str]) -> bool:
    """Return whether Magento has confirmed a value at each of these (key, source)."""
    return places(connection, entity, keys).issuperset(zip(keys, sources, strict=True))


class ConfirmedRows(NamedTuple):
    """What Magento confirmed, column by column: values as in `LedgerRow`, a stock status as the database returns it."""

    acumatica_keys: list[str]
    keys: list[str]
    sources: list[str]
    values: list[int]
    in_stock: list[bool | int | None]


def confirmed(
    connection: Connection, entity: str, acumatica_keys: Sequence[str], *, rows_a_key: float = 1
) -> ConfirmedRows:
    """Return what was confirmed of these Acumatica records: less than `of_records`, in less time."""
    names = ("acumatica_key", "key", "source", "confirmed", "confirmed_in_stock")
    return ConfirmedRows(
        *columns_of_keys(
            connection,
            "targets",
            names,
            "acumatica_key",
            entity,
            acumatica_keys,
            also=_CONFIRMED,
            rows_a_key=rows_a_key,
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
    """Store what Magento shows now for these keys; or, with `asked_at`, what it showed then, where nothing was sent
    since.
    """
    if not rows:
        return
    there = _known(connection, entity, sorted({row.key for row in rows}))
    at = micros(now)
    asked = None if asked_at is None else micros(asked_at)
    known: list[tuple[Any, ...]] = []
    new: list[tuple[Any, ...]] = []
    for row in {(row.key, row.source): row for row in rows}.values():
        here = there.get((row.key, row.source))
        if here is None:
            value = (row.value, row.in_stock, at)
            new.append((entity, row.key, row.source, row.acumatica_key, row.sku, *value, *value, SENT, at))
        elif asked is None or here[1] is None or here[1] <= asked:
            known.append((here[0], row.value, row.in_stock, at))
    update_tuples(connection, targets, ("confirmed", "confirmed_in_stock", "confirmed_at"), known)
    insert_tuples(connection, targets, _NEW_COLUMNS, new)


def _known(connection: Connection, entity: str, keys: Sequence[str]) -> dict[tuple[str, str], tuple[int, int | None]]:
    """Return the id of the target at each place of these keys, and when something was confirmed there."""
    found: dict[tuple[str, str], tuple[int, int | None]] = {}
    columns = (targets.c.key, targets.c.source, targets.c.id, targets.c.confirmed, targets.c.confirmed_at)
    for part in chunked(keys, KEYS_PER_QUERY):
        these = and_(targets.c.entity == entity, IS_PLACE, in_any(connection, targets.c.key, part))
        for key, source, number, value, at in tuples(connection, select(*columns).where(these)):
            found[key, source] = (number, None if value is None else at)
    return found


def doubt(connection: Connection, entity: str, keys: Sequence[tuple[str, str]], due_at: datetime) -> None:
    """Have these (key, source) read again in Magento at `due_at`; one that is to be read later anyway, then."""
    later = _doubted_until(connection, entity, sorted({key for key, _source in keys}))
    rows = [
        {"entity": entity, "key": key, "source": source, "due_at": max(micros(due_at), later.get((key, source), 0))}
        for key, source in keys
    ]
    upsert(connection, rechecks, rows)


def _doubted_until(connection: Connection, entity: str, keys: Sequence[str]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for part in chunked(keys, KEYS_PER_QUERY):
        these = and_(rechecks.c.entity == entity, in_any(connection, rechecks.c.key, part))
        rows = connection.execute(select(rechecks.c.key, rechecks.c.source, rechecks.c.due_at).where(these))
        found.update(((row[0], row[1]), row[2]) for row in rows)
    return found


def all_of(connection: Connection, entity: str) -> dict[tuple[str, str], LedgerRow]:
    """Return all that Magento confirmed of an entity, by (key, source)."""
    return _by_place(tuples(connection, select(*_ROW).where(targets.c.entity == entity, IS_PLACE, _IS_CONFIRMED)))


def forget(connection: Connection, entity: str, keys: Sequence[str] | None = None) -> None:
    """Forget what Magento confirmed, of these keys or of all. They are then compared with Magento, or sent, again."""
    for part in [None] if keys is None else chunked(keys, KEYS_PER_QUERY):
        these = (
            and_(targets.c.entity == entity, IS_PLACE, _IS_CONFIRMED) if part is None else _of(connection, entity, part)
        )
        connection.execute(update(targets).where(these).values(_NOTHING))


_NOTHING: dict[str, None] = {"confirmed": None, "confirmed_in_stock": None, "confirmed_at": None}


def forget_places(connection: Connection, entity: str, places: Sequence[tuple[str, str]], asked_at: datetime) -> None:
    """Forget what Magento confirmed at these (key, source) until it was asked and showed nothing there."""
    for part in chunked(places, 500):
        these = or_(*(and_(targets.c.key == key, targets.c.source == source) for key, source in part))
        before = and_(targets.c.entity == entity, IS_PLACE, targets.c.confirmed_at <= micros(asked_at))
        connection.execute(update(targets).where(and_(before, these)).values(_NOTHING))


def forget_products(connection: Connection, entity: str, keys: Sequence[str], now: datetime) -> None:
    """Forget what Magento confirmed of SKUs that it has no product of any more; have the other entity ask for them."""
    if not keys:
        return
    forget(connection, entity, keys)
    for other in OF_PRODUCTS - {entity}:
        doubt(connection, other, sorted(places(connection, other, keys)), now)


def due_rechecks(connection: Connection, entity: str, now: datetime) -> list[LedgerRow]:
    """Return what was confirmed of the keys whose recheck is due."""
    due = {"the_entity": entity, "now": micros(now)}
    return [_row(row) for row in tuples(connection, _CONFIRMED_AND_DUE, due)]


def due_places(connection: Connection, entity: str, now: datetime) -> dict[tuple[str, str], int]:
    """Return the (key, source) whose recheck is due, and since when, in microseconds."""
    rows = tuples(connection, _DUE_PLACES, {"the_entity": entity, "now": micros(now)})
    return {(key, source): due_at for key, source, due_at in rows}


def settle_rechecks(
    connection: Connection, entity: str, read_again: Mapping[tuple[str, str], int], asked_at: datetime
) -> None:
    """Forget these rechecks, by (key, source) and since when they were due: Magento was asked after that. One that was
    asked for anew meanwhile stays.
    """
    settled = [(place, due_at) for place, due_at in read_again.items() if due_at <= micros(asked_at)]
    for part in chunked(settled, 300):
        these = or_(
            *(
                and_(rechecks.c.key == key, rechecks.c.source == source, rechecks.c.due_at == due_at)
                for (key, source), due_at in part
            )
        )
        connection.execute(delete(rechecks).where(and_(rechecks.c.entity == entity, these)))
