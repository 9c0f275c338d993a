"""Records as they were last read in Acumatica: the facts of an item, its quantities by warehouse, or its price rows.

A sync that pulls one changed quantity takes the quantities of the other warehouses from here, without asking Acumatica
again. A promotion that starts today is computed without any request. Rows are replaced in place, so an unchanged record
costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, or_, select, update

from connector.records import Facts, PriceListRow, WarehouseQuantity
from connector.state.keyed_rows import KEYS_PER_QUERY, columns_of_keys, count_between, lie_close, rows_of_keys
from connector.state.rows import chunked, driver_many, in_any, tuples, upsert_tuples
from connector.state.schema import records

_DUE = select(records.c.acumatica_key).where(
    records.c.entity == bindparam("the_entity"), records.c.next_change <= bindparam("day")
)


NOTHING, _NULL = msgspec.Raw(b""), msgspec.Raw(b"null")
"""`NOTHING` is a part of which nothing is known; the first versions of the connector stored `null` for it."""


class Record(msgspec.Struct, gc=False, eq=False, omit_defaults=True, rename=lambda name: name.removesuffix("_part")):
    """One record of Acumatica as it was last read.

    `facts`: `None` before the item itself was seen, and after it was deleted. `quantities`: the figures by warehouse (a
    plain number: see `of_figure`). `vendor`: 1/10,000 by warehouse ("" where the inquiry has none). `document`: a
    shipment, customer or order as its reader returned it. `invoices`: an order's lines on each of its released
    invoices.

    Parts that were read from the database are decoded one by one and only when they are used: a sync of changed prices
    replaces the facts of each record and does not need the earlier ones. So a part is stored JSON until it is used or
    replaced, and a Python value from then on.
    """

    facts_part: msgspec.Raw = NOTHING
    quantities_part: msgspec.Raw = NOTHING
    vendor_part: msgspec.Raw = NOTHING
    price_rows_part: msgspec.Raw = NOTHING
    document_part: msgspec.Raw = NOTHING
    invoices_part: msgspec.Raw = NOTHING

    @staticmethod
    def of(
        facts: Facts | None = None,
        quantities: Mapping[str, WarehouseQuantity | int] | None = None,
        vendor: Mapping[str, int] | None = None,
        price_rows: Sequence[PriceListRow] = (),
        document: Mapping[str, Any] | None = None,
        invoices: Mapping[str, Any] | None = None,
    ) -> Record:
        """Return a record with these parts; an empty part is `NOTHING`."""
        parts: tuple[Any, ...] = (facts, quantities, vendor, price_rows, document, invoices)
        return Record(*(part or NOTHING for part in parts))

    @property
    def facts(self) -> Facts | None:
        """The facts of the item."""
        facts: Facts | None = self._decoded("facts_part")
        return facts

    @property
    def quantities(self) -> dict[str, WarehouseQuantity | int]:
        """The figures by warehouse."""
        return self._decoded("quantities_part") or {}

    @property
    def vendor(self) -> dict[str, int]:
        """The vendors' quantities."""
        return self._decoded("vendor_part") or {}

    @property
    def price_rows(self) -> list[PriceListRow]:
        """The rows of the price list."""
        return self._decoded("price_rows_part") or []

    @property
    def document(self) -> dict[str, Any] | None:
        """The content of the document."""
        document: dict[str, Any] | None = self._decoded("document_part")
        return document

    @property
    def invoices(self) -> dict[str, Any]:
        """The order's lines on its released invoices."""
        return self._decoded("invoices_part") or {}

    def _decoded(self, name: str) -> Any:
        part = getattr(self, name)
        if type(part) is not msgspec.Raw:
            return part
        if part is NOTHING:
            return None
        decoded = _DECODERS[name](part)
        setattr(self, name, decoded or NOTHING)
        return decoded

    def is_there(self) -> bool:
        """Return whether Acumatica has the record itself, and not only rows that refer to it."""
        facts, document = self.facts_part, self.document_part
        return (facts is not NOTHING and facts != _NULL) or (document is not NOTHING and document != _NULL)

    def take(self, attribute: str, new: Any) -> bool:
        """Replace a part by its newest value from Acumatica, and return whether it changed.

        The encoded forms are compared, so that nothing is decoded where nothing changed. Facts that an earlier version
        of the connector encoded differently count as changed once.
        """
        name = _FIELDS[attribute]
        before = getattr(self, name)
        if not new:
            setattr(self, name, NOTHING)
            return before is not NOTHING
        if before is NOTHING:
            setattr(self, name, new)
            return True
        if type(before) is msgspec.Raw and before == msgspec.Raw(_encode(new)):
            return False
        if type(before) is not msgspec.Raw or attribute != "facts":
            before = getattr(self, attribute)
            if before == new:
                return False
        setattr(self, name, new)
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and _encode(self) == _encode(other)

    __hash__ = None  # type: ignore[assignment]


class Stored(msgspec.Struct, gc=False):
    """A record with the columns by which records are searched."""

    acumatica_key: str
    key: str | None
    record: Record
    next_change: int | None = None
    facts_seen: int | None = None
    rows_seen: int | None = None
    vendor_seen: int | None = None


def facts_of(stored: Sequence[Stored]) -> list[Facts | None]:
    """Return the facts of each of these records."""
    parts = list(map(attrgetter("record.facts_part"), stored))
    if msgspec.Raw in set(map(type, parts)):
        return [row.record.facts for row in stored]
    return parts  # all of them were just read in Acumatica


DUE = date.min.toordinal()
"""The `next_change` of a stored record that has to be computed again, at the end of this sync or by the next one."""

_FIELDS = {name.removesuffix("_part"): name for name in Record.__struct_fields__}
_encoder = msgspec.json.Encoder()
_encode, _encode_lines = _encoder.encode, _encoder.encode_lines
_decode = msgspec.json.Decoder(Record).decode
_DECODERS: dict[str, Callable[[msgspec.Raw], Any]] = {
    "facts_part": msgspec.json.Decoder(Facts | None).decode,
    "quantities_part": msgspec.json.Decoder(dict[str, WarehouseQuantity | int]).decode,
    "vendor_part": msgspec.json.Decoder(dict[str, int]).decode,
    "price_rows_part": msgspec.json.Decoder(list[PriceListRow]).decode,
    "document_part": msgspec.json.Decoder(dict[str, Any] | None).decode,
    "invoices_part": msgspec.json.Decoder(dict[str, Any]).decode,
}

_READ = ("acumatica_key", "key", "data", "next_change", "facts_seen", "rows_seen", "vendor_seen")
"""The columns of a `Stored`, in the order of its fields."""


def read(connection: Connection, entity: str, acumatica_keys: Sequence[str]) -> dict[str, Stored]:
    """Return the stored records among `acumatica_keys`."""
    columns = columns_of_keys(
        connection, "records", _READ, "acumatica_key", entity, acumatica_keys, json_columns=("data",)
    )
    names, keys, data, *others = columns
    return dict(zip(names, map(Stored, names, keys, map(_decode, data), *others), strict=True))


def sharing_sku(connection: Connection, entity: str, keys: Sequence[str], besides: Iterable[str]) -> dict[str, Stored]:
    """Return the stored records, other than `besides`, whose SKU is one of `keys`, by Acumatica key.

    Items that share a SKU have to be decided together.
    """
    excluded = set(besides)
    by_acumatica_key: dict[str, Stored] = {}
    for part in chunked(keys, KEYS_PER_QUERY):
        condition = and_(records.c.entity == entity, in_any(connection, records.c.key, part))
        names = [name for (name,) in tuples(connection, select(records.c.acumatica_key).where(condition))]
        by_acumatica_key.update(read(connection, entity, [name for name in names if name not in excluded]))
    return by_acumatica_key


def shared(connection: Connection, entity: str, keys: Sequence[str]) -> list[str]:
    """Return the keys (SKUs) that more than one stored record has; each of `keys` belongs to a stored record."""
    count = len(keys)
    if keys and len(set(keys)) == count == count_between(connection, "records", "key", entity, keys, count):
        return []  # nearly always: between the first and the last key there are only records with these keys, once each
    several = "GROUP BY key HAVING count(*) > 1"
    return [key for (key,) in rows_of_keys(connection, "SELECT key FROM records", "key", entity, keys, suffix=several)]


def due(connection: Connection, entity: str, today: date) -> list[str]:
    """Return the Acumatica keys of records whose value changes by itself on or before `today`, a date in the tenant's
    time zone.
    """
    return list(connection.execute(_DUE, {"the_entity": entity, "day": today.toordinal()}).scalars())


def all_keys(connection: Connection, entity: str, after: str, count: int) -> list[str]:
    """Return the next `count` Acumatica keys after `after`, in the database's order."""
    condition = and_(records.c.entity == entity, records.c.acumatica_key > after)
    query = select(records.c.acumatica_key).where(condition).order_by(records.c.acumatica_key).limit(count)
    return list(connection.execute(query).scalars())


def with_key(connection: Connection, entity: str, key: str) -> list[str]:
    """Return the Acumatica keys of the records with this Acumatica key or SKU, as a person typed it."""
    condition = and_(records.c.entity == entity, or_(records.c.acumatica_key == key, records.c.key == key))
    return list(connection.execute(select(records.c.acumatica_key).where(condition)).scalars())


def gone(connection: Connection, entity: str, column: str, sweep: int, kind: str | None, count: int) -> list[str]:
    """Return up to `count` Acumatica keys that an earlier sweep of a feed saw and the finished `sweep` did not.

    column: where the sweeps of the feed are stored. kind: only records of this kind, for the two item feeds, which
    share a column.
    """
    query = select(records).where(records.c.entity == entity, records.c[column] != sweep)
    acumatica_keys = []
    for row in connection.execute(query):
        facts = _decode(row.data).facts
        if kind is None or (facts is not None and facts.kind == kind):
            acumatica_keys.append(row.acumatica_key)
        if len(acumatica_keys) == count:
            break
    return acumatica_keys


_SEARCHED = ("next_change", "facts_seen", "rows_seen", "vendor_seen")
_WRITTEN = ("entity", "acumatica_key", "key", "data", *_SEARCHED)
_searched_columns = attrgetter(*_SEARCHED)
_MOST_GROUPS = 10


def write(connection: Connection, entity: str, stored: Sequence[Stored]) -> None:
    """Store the records, replacing earlier versions."""
    if connection.dialect.name == "sqlite" and _wrote_only_data(connection, entity, stored):
        return
    rows = [
        (
            entity,
            row.acumatica_key,
            row.key,
            data,
            row.next_change,
            row.facts_seen,
            row.rows_seen,
            row.vendor_seen,
        )
        for row, data in zip(stored, _encoded(stored), strict=True)
    ]
    upsert_tuples(connection, records, _WRITTEN, rows)


def _wrote_only_data(connection: Connection, entity: str, stored: Sequence[Stored]) -> bool:
    """Write only the column `data` of records whose other columns SQLite has already; return whether these were all.

    Most changes are a new price or quantity, and replacing a whole row takes twice as long, because SQLite writes its
    index entries again. Values that many records share are literals in the statement, because a parameter per record
    takes time too. The first record shows whether trying is worthwhile.
    """
    if not _wrote_data_of_group(connection, entity, stored[:1]):
        return False
    rest, columns = stored[1:], list(map(_searched_columns, stored[1:]))
    groups = set(columns)
    if len(groups) > _MOST_GROUPS:
        return False
    rows_by_group = (
        rest if len(groups) == 1 else [row for row, of_row in zip(rest, columns, strict=True) if of_row == group]
        for group in groups
    )
    return all(_wrote_data_of_group(connection, entity, rows) for rows in rows_by_group)


def _wrote_data_of_group(connection: Connection, entity: str, group: Sequence[Stored]) -> bool:
    """Write the data of records that share the searched columns; return whether all were stored with these already."""
    if not group:
        return True
    columns = zip(_SEARCHED, _searched_columns(group[0]), strict=True)
    condition = " ".join(f"AND {name} IS {'NULL' if value is None else int(value)}" for name, value in columns)
    if lie_close(connection, "records", "acumatica_key", entity, [row.acumatica_key for row in group]):
        return _write_data_of_range(connection, entity, group, condition) == len(group)
    statement = f"UPDATE records SET data = ?4 WHERE entity = ?1 AND acumatica_key = ?2 AND key IS ?3 {condition}"
    rows = [(entity, row.acumatica_key, row.key, data) for row, data in zip(group, _encoded(group), strict=True)]
    return driver_many(connection, statement, rows) == len(rows)


def _encoded(stored: Sequence[Stored]) -> list[bytes]:
    """Return the data of each record as one line of JSON; all are encoded at once."""
    return _encode_lines([row.record for row in stored]).splitlines()


def _write_data_of_range(connection: Connection, entity: str, group: Sequence[Stored], condition: str) -> int:
    """Write the data of records that lie close together; return the number of rows that were written.

    SQLite reads all rows between the first and the last record once and calls a function for the data of each, which
    takes half as long as looking up each record. The function returns NULL for rows that are not in the group or have
    another SKU. `data` must not be NULL, so `OR IGNORE` leaves these rows unchanged.
    """
    new = {row.acumatica_key: (row.key, data) for row, data in zip(group, _encoded(group), strict=True)}
    missing = (None, None)

    def new_data(acumatica_key: str, key: str | None) -> bytes | None:
        expected_key, data = new.get(acumatica_key, missing)
        return data if expected_key == key else None

    driver: Any = connection.connection.driver_connection
    driver.create_function("a2m_new_data", 2, new_data)
    try:
        cursor = driver.execute(
            "UPDATE OR IGNORE records SET data = a2m_new_data(acumatica_key, key) "
            f"WHERE entity = ? AND acumatica_key BETWEEN ? AND ? {condition}",
            (entity, min(new), max(new)),
        )
        return int(cursor.rowcount)
    finally:
        driver.create_function("a2m_new_data", 2, None)


def mark_seen(connection: Connection, entity: str, column: str, sweep: int, acumatica_keys: Sequence[str]) -> None:
    """Record that the sweep saw these records, which are otherwise unchanged."""
    for part in chunked(acumatica_keys, KEYS_PER_QUERY):
        condition = and_(records.c.entity == entity, in_any(connection, records.c.acumatica_key, part))
        connection.execute(update(records).where(condition).values({column: sweep}))
