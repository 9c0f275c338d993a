"""What Magento last confirmed, per key and source, and which keys must be read again there.

A key without a ledger row is read in Magento before anything is sent. A recheck is a key whose value in Magento is in
doubt although the ledger knows it:
a request whose answer was lost may still be applied after a newer one was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, delete, func, or_, select

from connector.state.rows import chunked, in_any, truth, tuples, upsert, upsert_tuples
from connector.state.schema import instant, ledger, micros, rechecks

_KEYS_PER_QUERY = 5_000
OF_PRODUCTS = {"price", "inventory"}
"""The entities whose keys are SKUs."""
_ROW = (ledger.c.key, ledger.c.source, ledger.c.acumatica_key, ledger.c.sku, ledger.c.value, ledger.c.in_stock)
"""What a `LedgerRow` is made of."""


class LedgerRow(msgspec.Struct, frozen=True, gc=False):
    """A value that Magento confirmed: price in 1/1,000,000, quantity in 1/10,000, or a document's fingerprint."""

    key: str
    source: str
    acumatica_key: str
    sku: str
    value: int
    in_stock: bool | None


def of_records(
    connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Sequence[str]
) -> dict[tuple[str, str], LedgerRow]:
    """The ledger rows of these Acumatica records, and of those SKUs that they do not have, by (key, source)."""
    found: dict[tuple[str, str], LedgerRow] = {}
    for column, values in ((ledger.c.acumatica_key, acumatica_keys), (ledger.c.key, keys)):
        if column is ledger.c.key:
            known = {key for key, _source in found}
            values = [key for key in values if key not in known]
        for part in chunked(values, _KEYS_PER_QUERY):
            chosen = select(*_ROW).where(and_(ledger.c.entity == entity, in_any(connection, column, part)))
            for key, source, acumatica_key, sku, value, in_stock in tuples(connection, chosen):
                found[key, source] = LedgerRow(key, source, acumatica_key, sku, value, truth(in_stock))
    return found


def confirmed_at(connection: Connection, entity: str, keys: Sequence[str]) -> dict[str, datetime]:
    """When Magento last confirmed something of each of these SKUs."""
    found: dict[str, datetime] = {}
    latest = func.max(ledger.c.confirmed_at)
    for part in chunked(keys, _KEYS_PER_QUERY):
        these = and_(ledger.c.entity == entity, in_any(connection, ledger.c.key, part))
        rows = connection.execute(select(ledger.c.key, latest).where(these).group_by(ledger.c.key))
        found.update((key, instant(at)) for key, at in rows)
    return found


def places(connection: Connection, entity: str, keys: Sequence[str]) -> set[tuple[str, str]]:
    """The (key, source) among these keys of which Magento has confirmed a value."""
    found: set[tuple[str, str]] = set()
    for part in chunked(keys, _KEYS_PER_QUERY):
        these = and_(ledger.c.entity == entity, in_any(connection, ledger.c.key, part))
        found.update(tuples(connection, select(ledger.c.key, ledger.c.source).where(these)))
    return found


def confirm(
    connection: Connection,
    entity: str,
    rows: Sequence[LedgerRow],
    now: datetime,
    *,
    asked_at: datetime | None = None,
) -> None:
    """Keep what Magento shows now for these keys; or, with `asked_at`, what it showed then, where nothing was sent
    since.
    """
    if asked_at is not None and rows:
        sent = _confirmed_after(connection, entity, [row.key for row in rows], asked_at)
        rows = [row for row in rows if (row.key, row.source) not in sent]
    names = ("entity", "key", "source", "acumatica_key", "sku", "value", "in_stock", "confirmed_at")
    at = micros(now)
    upsert_tuples(
        connection,
        ledger,
        names,
        [(entity, row.key, row.source, row.acumatica_key, row.sku, row.value, row.in_stock, at) for row in rows],
    )


def _confirmed_after(connection: Connection, entity: str, keys: Sequence[str], at: datetime) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for part in chunked(keys, _KEYS_PER_QUERY):
        these = and_(ledger.c.entity == entity, in_any(connection, ledger.c.key, part))
        newer = select(ledger.c.key, ledger.c.source).where(these, ledger.c.confirmed_at > micros(at))
        found.update((row[0], row[1]) for row in connection.execute(newer).all())
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
    for part in chunked(keys, _KEYS_PER_QUERY):
        these = and_(rechecks.c.entity == entity, in_any(connection, rechecks.c.key, part))
        rows = connection.execute(select(rechecks.c.key, rechecks.c.source, rechecks.c.due_at).where(these))
        found.update(((row[0], row[1]), row[2]) for row in rows)
    return found


def all_of(connection: Connection, entity: str) -> dict[tuple[str, str], LedgerRow]:
    """Every ledger row of an entity, by (key, source)."""
    rows = connection.execute(select(*_ROW).where(ledger.c.entity == entity))
    return {(row[0], row[1]): LedgerRow(*row) for row in rows}


def forget(connection: Connection, entity: str, keys: Sequence[str] | None = None) -> None:
    """Forget what Magento confirmed, of these keys or of all. What must be shown there is then asked or told again."""
    for part in [None] if keys is None else chunked(keys, _KEYS_PER_QUERY):
        these = ledger.c.entity == entity
        connection.execute(
            delete(ledger).where(these if part is None else and_(these, in_any(connection, ledger.c.key, part)))
        )


def forget_places(connection: Connection, entity: str, places: Sequence[tuple[str, str]], asked_at: datetime) -> None:
    """Forget what Magento confirmed at these (key, source) until it was asked and showed nothing there."""
    for part in chunked(places, 500):
        these = or_(*(and_(ledger.c.key == key, ledger.c.source == source) for key, source in part))
        before = and_(ledger.c.entity == entity, ledger.c.confirmed_at <= micros(asked_at))
        connection.execute(delete(ledger).where(and_(before, these)))


def forget_products(connection: Connection, entity: str, keys: Sequence[str], now: datetime) -> None:
    """Forget what Magento confirmed of SKUs that it has no product of any more; have the other entity ask for them."""
    if not keys:
        return
    forget(connection, entity, keys)
    for other in OF_PRODUCTS - {entity}:
        doubt(connection, other, sorted(of_records(connection, other, [], keys)), now)


def doubted(connection: Connection, entity: str, now: datetime) -> list[LedgerRow]:
    """The ledger rows whose recheck is due."""
    same = and_(
        ledger.c.entity == rechecks.c.entity, ledger.c.key == rechecks.c.key, ledger.c.source == rechecks.c.source
    )
    due = and_(rechecks.c.entity == entity, rechecks.c.due_at <= micros(now))
    return [LedgerRow(*row) for row in connection.execute(select(*_ROW).join(rechecks, same).where(due))]


def settle_doubts(connection: Connection, entity: str, keys: Sequence[tuple[str, str]], now: datetime) -> None:
    """Forget the due rechecks of these keys: they were read again."""
    due = and_(rechecks.c.entity == entity, rechecks.c.due_at <= micros(now))
    rows = tuples(connection, select(rechecks.c.key, rechecks.c.source).where(due))
    in_doubt = {(key, source) for key, source in rows}
    settled = [one for one in keys if one in in_doubt] if in_doubt else []
    for part in chunked(settled, 500):  # few are in doubt, however many were read
        these = or_(*(and_(rechecks.c.key == key, rechecks.c.source == source) for key, source in part))
        connection.execute(delete(rechecks).where(and_(due, these)))


def count(connection: Connection, entity: str) -> Mapping[str, int]:
    """How many keys Magento has confirmed, and how many are in doubt."""
    confirmed = connection.execute(
        select(func.count()).select_from(ledger).where(ledger.c.entity == entity)
    ).scalar_one()
    in_doubt = connection.execute(
        select(func.count()).select_from(rechecks).where(rechecks.c.entity == entity)
    ).scalar_one()
    return {"confirmed": confirmed, "in_doubt": in_doubt}
