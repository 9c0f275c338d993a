"""Contract records: which fields a request wants, and how a row becomes JSON (`{"value": …}`, `{}` when empty)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from sandbox.acumatica.tables import Field, Table, UnknownField
from sandbox.acumatica.values import Value, with_offset

ENDPOINT = "/entity/Default/24.200.001"
CUSTOM_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "CustomBooleanField"),
    (int, "CustomIntField"),
    (Decimal, "CustomDecimalField"),
    (datetime, "CustomDateTimeField"),
)
ENCODER = msgspec.json.Encoder(decimal_format="number")
_RANDOM = Random()


@dataclass(frozen=True)
class Collection:
    """Detail rows of a record; `row_id` gives a row's lasting id, None where the server makes one up at each call."""

    fields: Mapping[str, Field]
    rows: Callable[[Any], Iterable[Any]]
    view: str
    row_id: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Entity:
    """A top-level entity of the endpoint over a table of rows, with its detail collections."""

    name: str
    table: Table
    graph: str
    view: str
    record_id: Callable[[Any], str]
    collections: Mapping[str, Collection] = field(default_factory=dict)
    fresh: Callable[[Any], bool] = lambda row: False


@dataclass(frozen=True)
class Wanted:
    """`$select`, `$expand` and `$custom` of a request, taken apart. `header` is None when all header fields are."""

    header: frozenset[str] | None = None
    nested: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expanded: frozenset[str] = frozenset()
    custom: tuple[str, ...] = ()
    restricted: bool = False


def wanted(entity: Entity, select: str, expand: str, custom: str, filtered: Iterable[str] = ()) -> Wanted:
    """Take the options' texts; give them apart. UnknownField for a name the entity has not (names are case-sensitive).

    A `$select` of nested fields only leaves all header fields in; fields of the filter come along unselected.
    """
    header: set[str] = set()
    nested: dict[str, set[str]] = {}
    for name in _names(select):
        first, _, rest = name.partition("/")
        if first in entity.collections:
            if rest and rest not in entity.collections[first].fields:
                raise UnknownField(rest, first)
            nested.setdefault(first, set()).update([rest] if rest else [])
        elif first != "files":
            header.add(entity.table.field(name).name)
    expanded = frozenset(_names(expand))
    for name in expanded:
        if name not in entity.collections and name != "files":
            raise UnknownField(name, entity.name)
    if header:
        header.update(name for name in filtered if name in entity.table.fields)
    return Wanted(
        header=frozenset(header) or None,
        nested={name: frozenset(inner) for name, inner in nested.items()},
        expanded=expanded,
        custom=tuple(_names(custom)),
        restricted=bool(select),
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def random_guid() -> str:
    """Give a new GUID as text."""
    return str(UUID(int=_RANDOM.getrandbits(128), version=4))


class Writer:
    """Turns rows of one entity into records of the shape a request wants."""

    def __init__(self, entity: Entity, want: Wanted, zone: tzinfo, *, listed: bool) -> None:
        """Take the entity, the wanted shape, the server's zone, and whether a list is answered."""
        self._entity = entity
        self._want = want
        self._zone = zone
        shown = {name: one for name, one in entity.table.fields.items() if want.header is None or name in want.header}
        names = sorted([*shown, *(want.expanded - {"files"})], key=str.casefold)
        self._plan = [(name, shown.get(name)) for name in names]
        self._details = {name: self._detail_plan(name, listed) for name in want.expanded if name in entity.collections}

    def _detail_plan(self, name: str, listed: bool) -> list[Field] | None:
        every = self._entity.collections[name].fields
        if name not in self._want.nested and self._want.restricted and listed:
            return None
        inner = self._want.nested.get(name) or every.keys()
        return [every[one] for one in sorted(inner, key=str.casefold)]

    def record(self, row: Any, number: int) -> dict[str, Any]:
        """Take a row and its number on the page; give the record."""
        entity = self._entity
        record_id = entity.record_id(row)
        record: dict[str, Any] = {
            "id": record_id,
            "rowNumber": number,
            "note": None if entity.fresh(row) else {"value": ""},
        }
        for name, one in self._plan:
            record[name] = wrapped(one.get(row), self._zone) if one is not None else self._rows(name, row)
        record["custom"] = self._custom(row)
        record["_links"] = {
            "self": f"{ENDPOINT}/{entity.name}/{record_id}",
            "files:put": f"{ENDPOINT}/files/{entity.graph}/{entity.view}/{record_id}/{{filename}}",
        }
        if "files" in self._want.expanded:
            record["files"] = []
        return record

    def _rows(self, name: str, row: Any) -> list[dict[str, Any]]:
        plan = self._details[name]
        if plan is None:
            return []
        collection = self._entity.collections[name]
        graph = self._entity.graph
        return [
            detail(plan, one, number, collection, graph, self._zone)
            for number, one in enumerate(collection.rows(row), start=1)
        ]

    def _custom(self, row: Any) -> dict[str, Any]:
        read = self._entity.table.custom
        found: dict[str, Any] = {}
        for path in self._want.custom if read is not None else ():
            view, _, name = path.partition(".")
            value = read(path)(row) if read is not None else None
            found.setdefault(view, {})[name] = {"type": _custom_type(value), **wrapped(value, self._zone)}
        return found


def detail(
    plan: Iterable[Field], row: Any, number: int, collection: Collection, graph: str, zone: tzinfo
) -> dict[str, Any]:
    """Take the wanted fields and a detail row; give the row's record, with a lasting id only where there is one."""
    row_id = random_guid() if collection.row_id is None else collection.row_id(row)
    record: dict[str, Any] = {"id": row_id, "rowNumber": number, "note": None}
    for one in plan:
        record[one.name] = wrapped(one.get(row), zone)
    record["custom"] = {}
    if collection.row_id is not None:
        record["_links"] = {"files:put": f"{ENDPOINT}/files/{graph}/{collection.view}/{row_id}/{{filename}}"}
    return record


def _custom_type(value: Value) -> str:
    return next((name for kind, name in CUSTOM_TYPES if isinstance(value, kind)), "CustomStringField")


def wrapped(value: Value, zone: tzinfo) -> dict[str, Any]:
    """Take a value; give it wrapped, `{}` when it is empty."""
    if value is None or value == "":
        return {}
    return {"value": with_offset(value, zone) if isinstance(value, datetime) else value}


def schema(entity: Entity, zone: tzinfo, custom: Iterable[str]) -> dict[str, Any]:
    """Give the answer of `$adHocSchema`: every field empty, one empty row of each collection, the custom fields."""
    record: dict[str, Any] = {"id": random_guid(), "rowNumber": 1, "note": None}
    for name in sorted([*entity.table.fields, *entity.collections], key=str.casefold):
        if name in entity.collections:
            empty: dict[str, Any] = {one: {} for one in sorted(entity.collections[name].fields, key=str.casefold)}
            record[name] = [{"id": random_guid(), "rowNumber": 1, "note": None, **empty, "custom": {}}]
        else:
            record[name] = {}
    record["custom"] = {}
    for path in custom:
        view, _, name = path.partition(".")
        record["custom"].setdefault(view, {})[name] = {"type": "CustomStringField", "value": None}
    return record
