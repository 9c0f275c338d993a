"""What Acumatica last said of each record: the facts of an item, its quantities by warehouse or its price rows.

A sync that pulls one changed quantity computes from this with the quantities of the other warehouses, without asking
Acumatica again; a promotion that starts today is computed from it with no request at all. Rows are replaced in place,
so an unchanged record costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, or_, select, update

from connector.records import Facts, PriceListRow, WarehouseQuantity
from connector.state.keyed_rows import KEYS_PER_QUERY, rows_of_keys
from connector.state.rows import chunked, driver_many, in_any, tuples, upsert_tuples
from connector.state.schema import records

_DUE = select(records.c.acumatica_key).where(
    records.c.entity == bindparam("the_entity"), records.c.next_change <= bindparam("day")
)


class Record(msgspec.Struct, gc=False, omit_defaults=True):
    """One record of Acumatica as it was last said; `facts` is none before the item itself was seen, or after it went.

    `quantities`: the figures by warehouse (a plain number: see `of_figure`). `vendor`: 1/10,000 by warehouse ("" where
    the inquiry has none). `document`: a shipment, customer or order in the form in which its reader gave it.
    `invoices`: an order's lines on each of its released invoices.
    """

    facts: Facts | None = None
    quantities: dict[str, WarehouseQuantity | int] = {}
    vendor: dict[str, int] = {}
    price_rows: list[PriceListRow] = []
    document: dict[str, Any] | None = None
    invoices: dict[str, Any] = {}

    def is_there(self) -> bool:
        """Whether Acumatica has the record itself, and not only rows that name it."""
        return self.facts is not None or self.document is not None


class Stored(msgspec.Struct, gc=False):
    """A record with the columns that are searched for."""

    acumatica_key: str
    key: str | None
    record: Record
    next_change: int | None = None
    facts_seen: int | None = None
    rows_seen: int | None = None
    vendor_seen: int | None = None


DUE = date.min.toordinal()
"""The next change of a record that is kept and has to be computed: at the end of the sync, or by the next one."""

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.Encoder().encode


_SELECTED = "SELECT acumatica_key, key, data, next_change, facts_seen, rows_seen, vendor_seen FROM records"


def read(connection: Connection, entity: str, acumatica_keys: Sequence[str]) -> dict[str, Stored]:
    """The stored records among `acumatica_keys`."""
    rows = rows_of_keys(connection, _SELECTED, "acumatica_key", entity, acumatica_keys)
    return {row[0]: Stored(row[0], row[1], _decode(row[2]), *row[3:]) for row in rows}


def sharing_sku(connection: Connection, entity: str, keys: Sequence[str], besides: Iterable[str]) -> dict[str, Stored]:
    """Stored records, other than `besides`, whose SKU is one of `keys`: two items with one SKU must meet to be told
    apart.
    """
    own = set(besides)
    found: dict[str, Stored] = {}
    for part in chunked(keys, KEYS_PER_QUERY):
        chosen = and_(records.c.entity == entity, in_any(connection, records.c.key, part))
        names = [name for (name,) in tuples(connection, select(records.c.acumatica_key).where(chosen))]
        found.update(read(connection, entity, [name for name in names if name not in own]))
    return found


def shared(connection: Connection, entity: str, keys: Sequence[str]) -> list[str]:
    """Those of the keys that more than one stored record has."""
    several = "GROUP BY key HAVING count(*) > 1"
    return [key for (key,) in rows_of_keys(connection, "SELECT key FROM records", "key", entity, keys, then=several)]


def due(connection: Connection, entity: str, today: date) -> list[str]:
    """The Acumatica keys whose published value changes by itself on or before `today` (a date in the tenant's zone)."""
    return list(connection.execute(_DUE, {"the_entity": entity, "day": today.toordinal()}).scalars())


def all_keys(connection: Connection, entity: str, after: str, count: int) -> list[str]:
    """The next `count` Acumatica keys behind `after`, in the database's order."""
    chosen = and_(records.c.entity == entity, records.c.acumatica_key > after)
    ordered = select(records.c.acumatica_key).where(chosen).order_by(records.c.acumatica_key).limit(count)
    return list(connection.execute(ordered).scalars())


def with_key(connection: Connection, entity: str, key: str) -> list[str]:
    """The Acumatica keys behind an Acumatica key or a SKU that somebody typed."""
    chosen = and_(records.c.entity == entity, or_(records.c.acumatica_key == key, records.c.key == key))
    return list(connection.execute(select(records.c.acumatica_key).where(chosen)).scalars())


def gone(connection: Connection, entity: str, column: str, sweep: int, kind: str | None, count: int) -> list[str]:
    """Return up to `count` Acumatica keys that an earlier sweep of a feed saw and the finished `sweep` did not.

    `column`: where the feed's sweeps are kept.

    `kind` narrows the two item feeds, which share a column, to the records of one of them.
    """
    seen = records.c[column]
    chosen = select(records).where(records.c.entity == entity, seen != sweep)
    found = []
    for row in connection.execute(chosen):
        facts = _decode(row.data).facts
        if kind is None or (facts is not None and facts.kind == kind):
            found.append(row.acumatica_key)
        if len(found) == count:
            break
    return found


_WRITTEN = ("entity", "acumatica_key", "key", "data", "next_change", "facts_seen", "rows_seen", "vendor_seen")
_MOST_GROUPS = 10


def write(connection: Connection, entity: str, stored: Sequence[Stored]) -> None:
    """Keep the records as they are now."""
    if connection.dialect.name == "sqlite" and _has_only_new_data(connection, entity, stored):
        return
    rows = [
        (
            entity,
            one.acumatica_key,
            one.key,
            _encode(one.record),
            one.next_change,
            one.facts_seen,
            one.rows_seen,
            one.vendor_seen,
        )
        for one in stored
    ]
    upsert_tuples(connection, records, _WRITTEN, rows)


def _has_only_new_data(connection: Connection, entity: str, stored: Sequence[Stored]) -> bool:
    """Keep the data of records of which all else is in SQLite already, and return whether that was all.

    Nearly all that changes is a price or a quantity, and to replace a whole row takes twice as long: SQLite writes its
    entries in the indexes again. What is equal for many records stands in the statement, because a parameter for each
    takes time too. The first record shows whether it is worth trying.
    """
    if not _have_new_data(connection, entity, stored[:1]):
        return False
    groups: dict[tuple[int | None, ...], list[Stored]] = {}
    for one in stored[1:]:
        groups.setdefault((one.next_change, one.facts_seen, one.rows_seen, one.vendor_seen), []).append(one)
    return len(groups) <= _MOST_GROUPS and all(_have_new_data(connection, entity, some) for some in groups.values())


def _have_new_data(connection: Connection, entity: str, alike: Sequence[Stored]) -> bool:
    """Keep the data of records that have the same days and sweeps, and return whether all of them were there so."""
    if not alike:
        return True
    rows = [(entity, one.acumatica_key, one.key, _encode(one.record)) for one in alike]
    return driver_many(connection, _only_data(alike[0]), rows) == len(rows)


def _only_data(of: Stored) -> str:
    columns = {name: getattr(of, name) for name in ("next_change", "facts_seen", "rows_seen", "vendor_seen")}
    others = " ".join(f"AND {name} IS {'NULL' if value is None else int(value)}" for name, value in columns.items())
    return f"UPDATE records SET data = ?4 WHERE entity = ?1 AND acumatica_key = ?2 AND key IS ?3 {others}"


def mark_seen(connection: Connection, entity: str, column: str, sweep: int, acumatica_keys: Sequence[str]) -> None:
    """Say that the sweep saw these records, where nothing else of them changed."""
    for part in chunked(acumatica_keys, KEYS_PER_QUERY):
        chosen = and_(records.c.entity == entity, in_any(connection, records.c.acumatica_key, part))
        connection.execute(update(records).where(chosen).values({column: sweep}))
