"""Contract records: which fields a request wants, and how a row becomes JSON (`{"value": …}`, `{}` when empty).

Details and linked objects are absent unless they are expanded; an expanded collection without rows is `[]`. A nested
level is shown only if both levels are named (`acumatica.md` §2.4, `acumatica-observed.md`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from sandbox.acumatica.tables import Field, Link, Table, UnknownField
from sandbox.acumatica.values import Value, with_offset

VERSION = "24.200.001"
ENDPOINT = f"/entity/Default/{VERSION}"
CUSTOM_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "CustomBooleanField"),
    (int, "CustomIntField"),
    (Decimal, "CustomDecimalField"),
    (datetime, "CustomDateTimeField"),
)
ENCODER = msgspec.json.Encoder(decimal_format="number")
FILES = "files"
_RANDOM = Random()
Tree = dict[str, "Tree"]


@dataclass(frozen=True)
class Part:
    """Detail rows of a record or, with `many` off, one linked object; both may have their own parts.

    `row_id` returns a row's permanent id, or None if the server creates a new one in each call. `noted` returns whether
    a row has its own note.
    """

    fields: Mapping[str, Field]
    rows: Callable[[Any], Iterable[Any]]
    view: str = ""
    row_id: Callable[[Any], str] | None = None
    many: bool = True
    parts: Mapping[str, "Part"] = field(default_factory=dict)
    noted: Callable[[Any], bool] = lambda row: False


@dataclass(frozen=True)
class Entity:
    """A top-level entity of the endpoint over a table of rows, with its parts.

    `find` returns the rows that a key or id in the address may mean (all rows for None); `archived` returns whether
    only requests for archived records include the row; `form` is the form's name and number.
    """

    name: str
    table: Table
    graph: str
    view: str
    record_id: Callable[[Any], str]
    parts: Mapping[str, Part] = field(default_factory=dict)
    fresh: Callable[[Any], bool] = lambda row: False
    find: Callable[[str], Iterable[Any]] | None = None
    archived: Callable[[Any], bool] | None = None
    form: tuple[str, str] | None = None


@dataclass(frozen=True)
class Wanted:
    """The wanted fields of a record (None: all) and its wanted parts; a part of None is shown without rows."""

    fields: frozenset[str] | None = None
    parts: Mapping[str, "Wanted | None"] = field(default_factory=dict)
    custom: tuple[str, ...] = ()
    files: bool = False


def wanted(
    entity: Entity, select: str, expand: str, custom: str, filtered: Iterable[str] = (), *, listed: bool = True
) -> Wanted:
    """Return the parsed options. Raises `UnknownField` for a name that the entity does not have (names are
    case-sensitive).

    If `$select` contains only nested fields, all header fields are included. Fields of the filter, and the keys of the
    address, are included without being selected. In a list, an expanded collection that `$select` does not name has no
    rows.
    """
    chosen, shown = _tree(select), _tree(expand)
    _known(entity.table.fields, entity.parts, chosen, entity.name, fields=True)
    _known({}, entity.parts, shown, entity.name, fields=False)
    named = {name.strip() for name in expand.split(",")}
    header = _header(chosen, entity.parts)
    if header is not None:
        header |= {name for name in filtered if name in entity.table.fields}
    parts = _parts(entity.parts, chosen if select.strip() else None, shown, named, "", listed)
    return Wanted(header, parts, tuple(_names(custom)), FILES in shown)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _tree(text: str) -> Tree:
    root: Tree = {}
    for name in _names(text):
        node = root
        for piece in name.split("/"):
            node = node.setdefault(piece, {})
    return root


def _known(columns: Mapping[str, Field], parts: Mapping[str, Part], tree: Tree, owner: str, *, fields: bool) -> None:
    for name, inner in tree.items():
        part = parts.get(name)
        if part is not None:
            _known(part.fields if fields else {}, part.parts, inner, name, fields=fields)
        elif (name not in columns and name != FILES) or inner:
            raise UnknownField(name, owner)


def _header(chosen: Tree, parts: Mapping[str, Part]) -> frozenset[str] | None:
    return frozenset(name for name in chosen if name not in parts and name != FILES) or None


def _parts(
    parts: Mapping[str, Part], chosen: Tree | None, shown: Tree, named: set[str], path: str, listed: bool
) -> dict[str, Wanted | None]:
    found: dict[str, Wanted | None] = {}
    for name, inner in shown.items():
        part = parts.get(name)
        if part is None or path + name not in named:
            continue
        if chosen is not None and name not in chosen and (listed or not part.many):
            if part.many:
                found[name] = None
            continue
        below = chosen.get(name) if chosen is not None else None
        deeper = _parts(part.parts, below or None, inner, named, f"{path}{name}/", listed)
        found[name] = Wanted(_header(below or {}, part.parts), deeper)
    return found


def linked(entity_name: str, parts: Mapping[str, Part]) -> dict[str, Link]:
    """Return an entity's linked objects as navigations, for filters such as `MainContact/Email eq …`."""
    found: dict[str, Link] = {}
    for name, part in parts.items():
        if not part.many:
            inner = Table(name, f"{entity_name}.{name}", (), part.fields, tuple, links=linked(name, part.parts))
            found[name] = Link(_given(inner), _first(part))
    return found


def _given(table: Table) -> Callable[[], Table]:
    return lambda: table


def _first(part: Part) -> Callable[[Any], Any]:
    return lambda row: next(iter(part.rows(row)), None)


def random_guid() -> str:
    """Return a new GUID as text."""
    return str(UUID(int=_RANDOM.getrandbits(128), version=4))


class Writer:
    """Converts rows of one entity to records of the requested shape."""

    def __init__(self, entity: Entity, want: Wanted, zone: tzinfo, root: str = ENDPOINT) -> None:
        """Create it from the entity, the wanted shape, the server's zone and the endpoint's address."""
        self._entity = entity
        self._want = want
        self._zone = zone
        self._root = root
        self._body = _body(entity.table.fields, entity.parts, want, f"{root}/files/{entity.graph}", zone)

    def record(self, row: Any, number: int) -> dict[str, Any]:
        """Return the record of a row with this number on the page."""
        entity = self._entity
        record_id = entity.record_id(row)
        record: dict[str, Any] = {
            "id": record_id,
            "rowNumber": number,
            "note": None if entity.fresh(row) else {"value": ""},
        }
        record |= self._body(row)
        record["custom"] = self._custom(row)
        record["_links"] = {
            "self": f"{self._root}/{entity.name}/{record_id}",
            "files:put": f"{self._root}/files/{entity.graph}/{entity.view}/{record_id}/{{filename}}",
        }
        if self._want.files:
            record["files"] = []
        return record

    def _custom(self, row: Any) -> dict[str, Any]:
        read = self._entity.table.custom
        found: dict[str, Any] = {}
        for path in self._want.custom if read is not None else ():
            view, _, name = path.partition(".")
            value = read(path)(row) if read is not None else None
            found.setdefault(view, {})[name] = {"type": _custom_type(value), **wrapped(value, self._zone)}
        return found


def _body(
    every: Mapping[str, Field], parts: Mapping[str, Part], want: Wanted, files: str, zone: tzinfo
) -> Callable[[Any], dict[str, Any]]:
    """Return a function that writes a row's fields and wanted parts, in the order of their names."""
    shown = {
        name: _field_writer(one, zone) for name, one in every.items() if want.fields is None or name in want.fields
    }
    shown |= {name: _part_writer(parts[name], inner, files, zone) for name, inner in want.parts.items()}
    plan = sorted(shown.items(), key=lambda pair: pair[0].casefold())
    return lambda row: {name: write(row) for name, write in plan}


def _field_writer(one: Field, zone: tzinfo) -> Callable[[Any], Any]:
    show = one.shown or one.get
    return lambda row: wrapped(show(row), zone)


def _part_writer(part: Part, want: Wanted | None, files: str, zone: tzinfo) -> Callable[[Any], Any]:
    if want is None:
        return lambda row: []
    body = _body(part.fields, part.parts, want, files, zone)

    def many(row: Any) -> list[dict[str, Any]]:
        return [_detail(part, body, one, number, files) for number, one in enumerate(part.rows(row), start=1)]

    def single(row: Any) -> dict[str, Any] | None:
        return next((_detail(part, body, one, 1, files) for one in part.rows(row)), None)

    return many if part.many else single


def _detail(part: Part, body: Callable[[Any], dict[str, Any]], row: Any, number: int, files: str) -> dict[str, Any]:
    row_id = random_guid() if part.row_id is None else part.row_id(row)
    note = {"value": ""} if part.noted(row) else None
    record: dict[str, Any] = {"id": row_id, "rowNumber": number, "note": note, **body(row), "custom": {}}
    if part.row_id is not None:
        record["_links"] = {"files:put": f"{files}/{part.view}/{row_id}/{{filename}}"}
    return record


def _custom_type(value: Value) -> str:
    return next((name for kind, name in CUSTOM_TYPES if isinstance(value, kind)), "CustomStringField")


def wrapped(value: Value, zone: tzinfo) -> dict[str, Any]:
    """Return the value wrapped; `{}` if it is empty."""
    if value is None or value == "":
        return {}
    return {"value": with_offset(value, zone) if isinstance(value, datetime) else value}


def schema(entity: Entity, custom: Iterable[str]) -> dict[str, Any]:
    """Return the answer of `$adHocSchema`: every field and part empty, one row of each collection, custom fields."""
    record = _empty(entity.table.fields, entity.parts)
    for path in custom:
        view, _, name = path.partition(".")
        record["custom"].setdefault(view, {})[name] = {"type": "CustomStringField", "value": None}
    return record


def _empty(columns: Mapping[str, Field], parts: Mapping[str, Part]) -> dict[str, Any]:
    record: dict[str, Any] = {"id": random_guid(), "rowNumber": 1, "note": None}
    for name in sorted([*columns, *parts], key=str.casefold):
        if name in parts:
            inner = _empty(parts[name].fields, parts[name].parts)
            record[name] = [inner] if parts[name].many else inner
        else:
            record[name] = {}
    return record | {"custom": {}}
