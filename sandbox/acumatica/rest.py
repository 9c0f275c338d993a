"""The contract API: `/entity`, lists, records by key, schemas, and inquiries by PUT."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import tzinfo
from functools import cached_property, partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.acumatica import errors
from sandbox.acumatica.contract5 import in_contract_5, is_contract_5, with_slashes
from sandbox.acumatica.document_entities import document_entities
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.filters import Dialect, FilterError, compiled
from sandbox.acumatica.inquiries import INQUIRIES, Inquiry, Problem, refused
from sandbox.acumatica.inquiries import answer as inquired
from sandbox.acumatica.records import ENCODER, VERSION, Entity, Wanted, Writer, schema, wanted
from sandbox.acumatica.settings_entities import settings_entities
from sandbox.acumatica.stock_items import non_stock_item, stock_item
from sandbox.acumatica.tables import Question, Reader, UnknownField, hiding
from sandbox.acumatica.values import collate, from_json, whole_number

BUILD = "24.205.0008"
EMPTY_BODY = "The request body should not be empty."
ARCHIVE_HEADER = "PX-ApiArchive"
JSON = "application/json; charset=utf-8"


def encoded(content: Any, status: int = 200) -> Response:
    """Return the JSON answer with a record or list."""
    return Response(ENCODER.encode(content), status, media_type=JSON)


def versions(names: Iterable[str]) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return the answer of `/entity`: the site's version, and the endpoint in these versions."""
    endpoints = [{"name": "Default", "version": name, "href": f"/entity/Default/{name}/"} for name in names]
    site = {"acumaticaBuildVersion": BUILD, "databaseVersion": BUILD}

    async def answer(request: Request) -> Response:
        return encoded({"version": site, "endpoints": endpoints})

    return answer


class _Entities(Mapping[str, Entity]):
    """Entities by name. One has hundreds of fields, and most sites are asked for few, so each is created on its first
    use.
    """

    def __init__(
        self, makers: Mapping[str, Callable[[], Entity]], changed: Callable[[Entity], Entity] | None = None
    ) -> None:
        """Create it from the functions that create the entities, and the one that adapts them to this version."""
        self._makers = makers
        self._changed = changed
        self._made: dict[str, Entity] = {}

    def __getitem__(self, name: str) -> Entity:
        if name not in self._made:
            made = self._makers[name]()
            self._made[name] = self._changed(made) if self._changed is not None else made
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class Contract:
    """One version of the endpoint Default over the records."""

    def __init__(
        self, documents: Documents, reader: Reader, zone: tzinfo, delegates: Mapping[str, str], version: str = VERSION
    ) -> None:
        """Create it from the records, the server's zone, the fields (`Entity/Field`) whose view makes lists fail, and
        the version.
        """
        self.documents = documents
        self._state = documents.state
        self._reader = reader
        self._zone = zone
        self._delegates = delegates
        self._newer = is_contract_5(version)
        self._root = f"/entity/Default/{version}"

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        """Return the entities by name, each created on its first use."""
        makers: dict[str, Callable[[], Entity]] = {
            "StockItem": partial(stock_item, self._state),
            "NonStockItem": partial(non_stock_item, self._state),
            **document_entities(self.documents, self._zone),
            **settings_entities(self._state),
        }
        return _Entities(makers, in_contract_5 if self._newer else None)

    async def collection(self, request: Request) -> Response:
        """Serve `/{Entity}`: a list on GET, an inquiry on PUT."""
        name = request.path_params["entity"]
        if request.method == "PUT":
            return await self._put(name, request)
        if name in INQUIRIES:
            return _unlistable(INQUIRIES[name])
        entity = self.entities.get(name)
        if entity is None:
            return errors.no_resource(str(request.url))
        return _refusing(lambda: self._list(entity, request.query_params, _asks_archived(request)))

    async def record(self, request: Request) -> Response:
        """Serve `/{Entity}/{key}` and `/{Entity}/{id}`, and `/{Entity}/$adHocSchema`."""
        entity = self.entities.get(request.path_params["entity"])
        if entity is None:
            return errors.no_resource(str(request.url))
        key = request.path_params["key"]
        if key == "$adHocSchema":
            return encoded(schema(entity, _custom_names(entity)))
        return _refusing(lambda: self._one(entity, key, request.query_params, _asks_archived(request)))

    async def written(self, request: Request) -> Response:
        """Refuse to change or delete a record, or to attach a file: no form grants that here."""
        entity = self.entities.get(request.path_params["entity"])
        if entity is None:
            return errors.no_resource(str(request.url))
        return errors.no_rights(*(entity.form or (entity.name, "CS000000")))

    def _list(self, entity: Entity, options: Mapping[str, str], archived: bool) -> Response:
        page = _page(options)
        if isinstance(page, Response):
            return page
        text = options.get("$filter", "").strip()
        dialect = Dialect.ODATA4 if self._newer else Dialect.CONTRACT
        found = compiled(text, entity.table, dialect, self._zone) if text else None
        want = self._wanted(entity, options, found.names if found else (), listed=True)
        offending = self._offending(entity, want)
        if offending:
            return errors.cannot_optimize(offending)
        question = Question(
            text, found.keep if found else None, found.bounds if found else (), skip=page[0], top=page[1]
        )
        if entity.archived is not None and not archived:
            question = hiding(question, entity.archived)
        rows = self._reader.read(entity.table, question)
        writer = Writer(entity, want, self._zone, self._root)
        return encoded([writer.record(row, number) for number, row in enumerate(rows, start=1)])

    def _offending(self, entity: Entity, want: Wanted) -> dict[str, str]:
        found: dict[str, str] = {}
        for path, view in self._delegates.items():
            owner, _, name = path.partition("/")
            if owner == entity.name and _is_read(want, name.split("/")):
                found[name.replace("/", ".")] = view
        return found

    def _one(self, entity: Entity, key: str, options: Mapping[str, str], archived: bool) -> Response:
        keys = entity.table.key
        wished = [collate(part) for part in (key.replace("|", "/").split("/") if len(keys) > 1 else [key])]
        for row in entity.table.rows() if entity.find is None else entity.find(key):
            by_key = [collate(str(entity.table.fields[name].get(row))) for name in keys] == wished
            hidden = entity.archived is not None and entity.archived(row) and not archived
            if (by_key or entity.record_id(row) == key.lower()) and not hidden:
                want = self._wanted(entity, options, keys if by_key else (), listed=False)
                return encoded(Writer(entity, want, self._zone, self._root).record(row, 1))
        self._wanted(entity, options, (), listed=False)
        return errors.missing_record()

    def _wanted(self, entity: Entity, options: Mapping[str, str], extra: Iterable[str], *, listed: bool) -> Wanted:
        select, expand, custom = (options.get(name, "") for name in ("$select", "$expand", "$custom"))
        return wanted(entity, select, with_slashes(expand) if self._newer else expand, custom, extra, listed=listed)

    async def _put(self, name: str, request: Request) -> Response:
        body = await request.body()
        if not body.strip():
            return errors.invalid_request("", EMPTY_BODY)
        try:
            content = from_json(body)
        except ValueError as fault:
            return errors.invalid_request("entity", str(fault))
        if not isinstance(content, dict):
            return errors.invalid_request("entity", "The request body should be an object.")
        if name in INQUIRIES:
            expand = request.query_params.get("$expand", "")
            return self._inquire(INQUIRIES[name], content, expand)
        if name in self.entities:
            return errors.no_rights(*(self.entities[name].form or (name, "CS000000")))
        return errors.no_resource(str(request.url))

    def _inquire(self, inquiry: Inquiry, body: Mapping[str, Any], expand: str) -> Response:
        try:
            return encoded(inquired(inquiry, self._state, body, expand, self._zone))
        except Problem as problem:
            return encoded(refused(inquiry, body, problem, self._zone), 422)


def _refusing(serve: Callable[[], Response]) -> Response:
    try:
        return serve()
    except UnknownField:
        return errors.unknown_name()
    except FilterError as fault:
        return errors.unreadable_filter(str(fault))


def _asks_archived(request: Request) -> bool:
    return request.headers.get(ARCHIVE_HEADER, "").strip().upper() == "SHOW"


def _custom_names(entity: Entity) -> list[str]:
    if entity.table.custom is None:
        return []
    return sorted({name for row in entity.table.rows() for name in row.custom})


def _is_read(want: Wanted, path: list[str]) -> bool:
    if len(path) == 1:
        return want.fields is None or path[0] in want.fields
    inner = want.parts.get(path[0])
    return inner is not None and _is_read(inner, path[1:])


def _page(options: Mapping[str, str]) -> tuple[int, int | None] | Response:
    numbers: list[int | None] = []
    for name in ("$skip", "$top"):
        text = options.get(name)
        number = None if text is None else whole_number(text.strip())
        if text is not None and number is None:
            return errors.invalid_request(name.strip("$"), f"The value '{text}' is not valid for Nullable`1.")
        numbers.append(number)
    return numbers[0] or 0, numbers[1]


def _unlistable(inquiry: Inquiry) -> Response:
    return errors.cannot_optimize({f"{inquiry.collection}.{inquiry.name}": inquiry.view})
