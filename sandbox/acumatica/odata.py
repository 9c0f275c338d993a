"""The OData services: DAC feed (v4), generic inquiries (v4 and the older v3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from sandbox.acumatica import errors
from sandbox.acumatica.filters import Dialect, FilterError, compiled
from sandbox.acumatica.metadata import csdl, service_document
from sandbox.acumatica.records import ENCODER
from sandbox.acumatica.state import TENANT
from sandbox.acumatica.tables import ComputedField, Field, Link, Question, Reader, Table, UnknownField
from sandbox.acumatica.values import Value, in_utc, whole_number

OPTIONS = {"$filter", "$select", "$expand", "$top", "$skip", "$orderby", "$count", "$format", "$inlinecount"}
MAX_DEPTH = 3
FEED_TYPE = "application/json; odata.metadata=minimal; odata.streaming=true"
OLD_FEED_TYPE = "application/json; odata=minimalmetadata; streaming=true; charset=utf-8"
KEYED = re.compile(r"^(?P<set>[^(]+)\((?P<key>[^)]*)\)$")
DELETED = "/px.GetDeletedRecords()"


class BadQuery(Exception):
    """The query options cannot be served; the text is the reason."""


@dataclass(frozen=True)
class Shape:
    """The parts of a row that are written: fields, and navigations with their own shapes."""

    fields: tuple[Field, ...]
    links: tuple[tuple[str, Link, "Shape"], ...]
    text: str


def apart(text: str) -> list[str]:
    """Return the parts of a list that is separated by commas; commas inside brackets do not separate."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def shape(table: Table, select: str, expand: str, depth: int = 1) -> Shape:
    """Return what is written for `$select` and `$expand` of one level. Raises `UnknownField` or `BadQuery` if it cannot
    be.
    """
    names = [name for name in apart(select) if name not in table.links]
    chosen = (
        tuple(one for one in table.fields.values() if not one.computed)
        if not names or "*" in names
        else tuple(table.field(name) for name in names)
    )
    links = []
    for part in apart(expand):
        name, bracket, inner = part.partition("(")
        link = table.links.get(name.strip())
        if link is None:
            raise UnknownField(name.strip(), table.type_name)
        if depth >= MAX_DEPTH:
            raise BadQuery(f"The request includes a $expand path which is too deep. The maximum depth is {MAX_DEPTH}.")
        options = dict(one.split("=", 1) for one in inner.rstrip(")").split(";") if "=" in one) if bracket else {}
        nested = shape(link.table(), options.get("$select", ""), options.get("$expand", ""), depth + 1)
        links.append((name.strip(), link, nested))
    listed = [*names, *(f"{name}({nested.text.strip('()')})" for name, _, nested in links)]
    return Shape(chosen, tuple(links), f"({','.join(listed)})" if listed else "")


def written(row: Any, how: Shape, old: bool) -> dict[str, Any]:
    """Return the record of a row in this shape with plain values; for OData 3 in its older encoding."""
    record: dict[str, Any] = {one.name: _plain(one.get(row), old) for one in how.fields}
    for name, link, nested in how.links:
        target = link.get(row)
        if link.many:
            record[name] = [written(one, nested, old) for one in target]
        else:
            record[name] = None if target is None else written(target, nested, old)
    return record


def _plain(value: Value, old: bool) -> Value:
    if isinstance(value, datetime):
        return in_utc(value, "" if old else "Z")
    return str(value) if old and isinstance(value, Decimal) else value


class Service:
    """One OData service: tables under a root address."""

    def __init__(self, tables: Mapping[str, Table], reader: Reader, page_size: int | None, *, old: bool) -> None:
        """Create it from the tables by name, the page size forced by the server (None: none), and whether it is OData
        3.
        """
        self._tables = tables
        self._reader = reader
        self._page_size = page_size
        self._old = old
        self._version = "3.0" if old else "4.0"

    async def serve(self, request: Request) -> Response:
        """Serve the service document, `$metadata`, an entity set, one record, or the feed of deletions."""
        if request.path_params["tenant"].lower() != TENANT.lower():
            return errors.odata(404, "The tenant was not found.")
        path = request.path_params.get("path", "").strip("/")
        root = self._root(request, path)
        if path == "$metadata":
            return Response(csdl(self._tables.values(), self._version), media_type="application/xml")
        if not path:
            return self._encoded(service_document(self._tables, f"{root}/$metadata"))
        return self._refusing(request, root, path)

    def _root(self, request: Request, path: str) -> str:
        whole = request.scope["path"].rstrip("/")
        kept = whole[: len(whole) - len(path)] if path else whole
        return f"{request.url.scheme}://{request.url.netloc}{quote(kept.rstrip('/'))}"

    def _refusing(self, request: Request, root: str, path: str) -> Response:
        prefix = "The query specified in the URI is not valid. "
        try:
            return self._answer(request, root, path)
        except UnknownField as fault:
            return errors.odata(400, f"{prefix}Could not find a property named '{fault.name}' on type '{fault.owner}'.")
        except ComputedField as fault:
            return errors.odata(400, f"{prefix}The property '{fault.name}' cannot be used in the query options.")
        except (FilterError, BadQuery) as fault:
            return errors.odata(400, prefix + str(fault))

    def _table(self, name: str) -> Table | None:
        return self._tables.get(name) or self._tables.get(name.rpartition("_")[2] if name.startswith("PX_") else "")

    def _answer(self, request: Request, root: str, path: str) -> Response:
        options = _options(request)
        if path.endswith(DELETED) and path.removesuffix(DELETED) in self._tables:
            return self._feed(self.deleted(path.removesuffix(DELETED)), path, root, options, request)
        keyed = KEYED.match(path)
        table = self._table(keyed["set"] if keyed else path)
        if table is None:
            return errors.odata(404, f"Resource not found for the segment '{path}'.")
        if keyed is not None:
            return self._one(table, keyed, root, options)
        return self._feed(table, path, root, options, request)

    def deleted(self, name: str) -> Table:
        """Return the deleted records of a table. A service without that feed refuses."""
        raise BadQuery(f"'{name}' has no deleted records.")

    def _one(self, table: Table, keyed: re.Match[str], root: str, options: Mapping[str, str]) -> Response:
        parts = keyed["key"].split(",")
        pairs = [part.split("=", 1) if "=" in part else [table.key[0], part] for part in parts]
        text = " and ".join(f"{name.strip()} eq {value.strip()}" for name, value in pairs)
        rows = self._reader.read(table, self._question(table, text, {"$top": "1"}))
        if not rows:
            return errors.odata(404, "Resource not found.")
        how = shape(table, options.get("$select", ""), options.get("$expand", ""))
        context = f"{root}/$metadata#{quote(table.name)}{how.text}/$entity"
        return self._encoded({"@odata.context": context, **written(rows[0], how, self._old)})

    def _question(self, table: Table, text: str, options: Mapping[str, str]) -> Question:
        dialect = Dialect.ODATA3 if self._old else Dialect.ODATA4
        found = compiled(text, table, dialect, UTC) if text else None
        order = tuple(_ordering(table, part) for part in apart(options.get("$orderby", "")))
        top = _whole(options, "$top")
        skip = _whole(options, "$skip") or 0
        if found is None:
            return Question(order=order, skip=skip, top=top)
        return Question(text, found.keep, found.bounds, order, skip, top)

    def _feed(self, table: Table, path: str, root: str, options: Mapping[str, str], request: Request) -> Response:
        question = self._question(table, options.get("$filter", "").strip(), options)
        how = shape(table, options.get("$select", ""), options.get("$expand", ""))
        limit = question.top
        if self._page_size is not None and (limit is None or limit > self._page_size):
            limit = self._page_size + 1
        rows = self._reader.read(table, Question(**{**_shallow(question), "top": limit}))
        further = self._page_size is not None and len(rows) > self._page_size
        body: dict[str, Any] = {self._context_name(): f"{root}/$metadata#{quote(path)}{'' if self._old else how.text}"}
        if options.get("$count") == "true":
            body["@odata.count"] = self._reader.count(table, question)
        if options.get("$inlinecount") == "allpages" and self._old:
            body["odata.count"] = str(self._reader.count(table, question))
        body["value"] = [written(row, how, self._old) for row in rows[: self._page_size]]
        if further and self._page_size is not None:
            body["odata.nextLink" if self._old else "@odata.nextLink"] = self._next(request, question, self._page_size)
        return self._encoded(body)

    def _next(self, request: Request, question: Question, size: int) -> str:
        options = dict(parse_qsl(request.url.query, keep_blank_values=True))
        options["$skip"] = str(question.skip + size)
        if question.top is not None:
            options["$top"] = str(question.top - size)
        return f"{request.url.scheme}://{request.url.netloc}{request.url.path}?{urlencode(options, safe='$')}"

    def _context_name(self) -> str:
        return "odata.metadata" if self._old else "@odata.context"

    def _encoded(self, content: Any) -> Response:
        version = {"DataServiceVersion": "3.0"} if self._old else {"OData-Version": "4.0"}
        media = OLD_FEED_TYPE if self._old else FEED_TYPE
        return Response(ENCODER.encode(content), headers=version, media_type=media)


def _options(request: Request) -> dict[str, str]:
    options = dict(request.query_params)
    for name in options:
        if name.startswith("$") and name not in OPTIONS:
            raise BadQuery(f"The query parameter '{name}' is not supported.")
    return options


def _shallow(question: Question) -> dict[str, Any]:
    return {name: getattr(question, name) for name in ("text", "keep", "bounds", "order", "skip", "top")}


def _ordering(table: Table, part: str) -> tuple[Field, bool]:
    name, _, direction = part.partition(" ")
    if direction.strip() not in ("", "asc", "desc"):
        raise BadQuery(f"Syntax error in '$orderby={part}'.")
    return table.field(name), direction.strip() == "desc"


def _whole(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name)
    number = None if text is None else whole_number(text)
    if text is not None and number is None:
        raise BadQuery(f"Invalid value '{text}' for {name} query option found. It must be a non-negative integer.")
    return number
