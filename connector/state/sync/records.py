"""What Acumatica last said of each record: the facts of an item, its quantities by warehouse or its price rows.

A sync that pulls one changed quantity computes from this with the quantities of the other warehouses, without asking
Acumatica again; a promotion that starts today is computed from it with no request at all. Rows are replaced in place,
so an unchanged record costs nothing.
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
"""A part of which nothing is known; and how the first versions wrote one."""


class Record(msgspec.Struct, gc=False, eq=False, omit_defaults=True, rename=lambda name: name.removesuffix("_part")):
    """One record of Acumatica as it was last read; `facts` is none before the item itself was seen, or after it went.

    `quantities`: the figures by warehouse (a plain number: see `of_figure`). `vendor`: 1/10,000 by warehouse ("" where
    the inquiry has none). `document`: a shipment, customer or order in the form in which its reader gave it.
    `invoices`: an order's lines on each of its released invoices.

    What was read of the database is decoded part by part, and only where it is asked for: a sync of changed prices
    replaces the facts of each record and needs nothing of what they were before. So a part is the JSON in which it is
    kept until somebody asks for it or replaces it, and from then on what it says.
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
        """Return a record that says this."""
        parts: tuple[Any, ...] = (facts, quantities, vendor, price_rows, document, invoices)
        return Record(*(part or NOTHING for part in parts))

    @property
    def facts(self) -> Facts | None:
        """What the item is."""
        found: Facts | None = self._decoded("facts_part")
        return found

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
        """What a document says."""
        found: dict[str, Any] | None = self._decoded("document_part")
        return found

    @property
    def invoices(self) -> dict[str, Any]:
        """An order's lines on its invoices."""
        return self._decoded("invoices_part") or {}

    def _decoded(self, name: str) -> Any:
        part = getattr(self, name)
        if type(part) is not msgspec.Raw:
            return part
        if part is NOTHING:
            return None
        found = _DECODERS[name](part)
        setattr(self, name, found or NOTHING)
        return found

    def is_there(self) -> bool:
        """Return whether Acumatica has the record itself, and not only rows that name it."""
        facts, document = self.facts_part, self.document_part
        return (facts is not NOTHING and facts != _NULL) or (document is not NOTHING and document != _NULL)

    def take(self, attribute: str, new: Any) -> bool:
        """Replace a part by what Acumatica says now, and return whether that is news.

        It is compared in the form in which it is kept, so that nothing has to be decoded where nothing changed; facts
        that an earlier version wrote otherwise count as news once.
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
    """A record with the columns that are searched for."""

    acumatica_key: str
    key: str | None
    record: Record
    next_change: int | None = None
    facts_seen: int | None = None
    rows_seen: int | None = None
    vendor_seen: int | None = None


def facts_of(stored: Sequence[Stored]) -> list[Facts | None]:
    """Return what the items of these records are."""
    parts = list(map(attrgetter("record.facts_part"), stored))
    if msgspec.Raw in set(map(type, parts)):
        return [one.record.facts for one in stored]
    return parts  # all of them were just read in Acumatica


DUE = date.min.toordinal()
"""The next change of a record that is kept and has to be computed: at the end of the sync, or by the next one."""

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
    columns = columns_of_keys(connection, "records", _READ, "acumatica_key", entity, acumatica_keys, json=("data",))
    names, keys, data, *others = columns
    return dict(zip(names, map(Stored, names, keys, map(_decode, data), *others), strict=True))


def sharing_sku(connection: Connection, entity: str, keys: Sequence[str], besides: Iterable[str]) -> dict[str, Stored]:
    """Return stored records, other than `besides`, whose SKU is one of `keys`: two items with one SKU must meet to be
    told apart.
    """
    own = set(besides)
    found: dict[str, Stored] = {}
    for part in chunked(keys, KEYS_PER_QUERY):
        chosen = and_(records.c.entity == entity, in_any(connection, records.c.key, part))
        names = [name for (name,) in tuples(connection, select(records.c.acumatica_key).where(chosen))]
        found.update(read(connection, entity, [name for name in names if name not in own]))
    return found


def shared(connection: Connection, entity: str, keys: Sequence[str]) -> list[str]:
    """Return those of the keys that more than one stored record has; each of them is a stored record's."""
    count = len(keys)
    if keys and len(set(keys)) == count == count_between(connection, "records", "key", entity, keys, count):
        return []  # nearly always: no other record has a key between the first and the last
    several = "GROUP BY key HAVING count(*) > 1"
    return [key for (key,) in rows_of_keys(connection, "SELECT key FROM records", "key", entity, keys, then=several)]


def due(connection: Connection, entity: str, today: date) -> list[str]:
    """Return the Acumatica keys whose published value changes by itself on or before `today` (a date in the tenant's
    zone).
    """
    return list(connection.execute(_DUE, {"the_entity": entity, "day": today.toordinal()}).scalars())


def all_keys(connection: Connection, entity: str, after: str, count: int) -> list[str]:
    """Return the next `count` Acumatica keys behind `after`, in the database's order."""
    chosen = and_(records.c.entity == entity, records.c.acumatica_key > after)
    ordered = select(records.c.acumatica_key).where(chosen).order_by(records.c.acumatica_key).limit(count)
    return list(connection.execute(ordered).scalars())


def with_key(connection: Connection, entity: str, key: str) -> list[str]:
    """Return the Acumatica keys behind an Acumatica key or a SKU that somebody typed."""
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


_SEARCHED = ("next_change", "facts_seen", "rows_seen", "vendor_seen")
_WRITTEN = ("entity", "acumatica_key", "key", "data", *_SEARCHED)
_COLUMNS = attrgetter(*_SEARCHED)
_MOST_GROUPS = 10


def write(connection: Connection, entity: str, stored: Sequence[Stored]) -> None:
    """Store the records as they are now."""
    if connection.dialect.name == "sqlite" and _has_only_new_data(connection, entity, stored):
        return
    rows = [
        (
            entity,
            one.acumatica_key,
            one.key,
            data,
            one.next_change,
            one.facts_seen,
            one.rows_seen,
            one.vendor_seen,
        )
        for one, data in zip(stored, _encoded(stored), strict=True)
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
    rest, columns = stored[1:], list(map(_COLUMNS, stored[1:]))
    groups = set(columns)
    if len(groups) > _MOST_GROUPS:
        return False
    alike = (
        rest if len(groups) == 1 else [one for one, of in zip(rest, columns, strict=True) if of == group]
        for group in groups
    )
    return all(_have_new_data(connection, entity, some) for some in alike)


def _have_new_data(connection: Connection, entity: str, alike: Sequence[Stored]) -> bool:
    """Keep the data of records that have the same days and sweeps, and return whether all of them were there so."""
    if not alike:
        return True
    columns = zip(_SEARCHED, _COLUMNS(alike[0]), strict=True)
    others = " ".join(f"AND {name} IS {'NULL' if value is None else int(value)}" for name, value in columns)
    if lie_close(connection, "records", "acumatica_key", entity, [one.acumatica_key for one in alike]):
        return _walk_through(connection, entity, alike, others) == len(alike)
    statement = f"UPDATE records SET data = ?4 WHERE entity = ?1 AND acumatica_key = ?2 AND key IS ?3 {others}"
    rows = [(entity, one.acumatica_key, one.key, data) for one, data in zip(alike, _encoded(alike), strict=True)]
    return driver_many(connection, statement, rows) == len(rows)


def _encoded(stored: Sequence[Stored]) -> list[bytes]:
    """Return the data of each record: JSON in one line, so that of all is written at once."""
    return _encode_lines([one.record for one in stored]).splitlines()


def _walk_through(connection: Connection, entity: str, alike: Sequence[Stored], others: str) -> int:
    """Keep the data of records that lie close together, and return of how many it was kept.

    SQLite goes once through the rows between the first and the last and asks for the data of each, which takes half as
    long as to look each of them up. Where it gets none, because the record is not among these or has another SKU, the
    row stays: a record without data is not possible.
    """
    new = {one.acumatica_key: (one.key, data) for one, data in zip(alike, _encoded(alike), strict=True)}
    none = (None, None)

    def new_data(acumatica_key: str, key: str | None) -> bytes | None:
        known, data = new.get(acumatica_key, none)
        return data if known == key else None

    driver: Any = connection.connection.driver_connection
    driver.create_function("a2m_new_data", 2, new_data)
    try:
        found = driver.execute(
            "UPDATE OR IGNORE records SET data = a2m_new_data(acumatica_key, key) "
            f"WHERE entity = ? AND acumatica_key BETWEEN ? AND ? {others}",
            (entity, min(new), max(new)),
        )
        return int(found.rowcount)
    finally:
        driver.create_function("a2m_new_data", 2, None)


def mark_seen(connection: Connection, entity: str, column: str, sweep: int, acumatica_keys: Sequence[str]) -> None:
    """Record that the sweep saw these records, of which nothing else changed."""
    for part in chunked(acumatica_keys, KEYS_PER_QUERY):
        chosen = and_(records.c.entity == entity, in_any(connection, records.c.acumatica_key, part))
        connection.execute(update(records).where(chosen).values({column: sweep}))
