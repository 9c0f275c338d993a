"""The OpenAPI description that a site serves of its endpoint (`swagger.json`), generated from its entities.

It has the form of the vendor's own file of Default/24.200.001: the same paths, operation ids, parameters and value
types. It names only what this sandbox serves, without the columns of an inquiry's rows.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.acumatica.inquiries import INQUIRIES, Inquiry
from sandbox.acumatica.records import Entity, Part
from sandbox.acumatica.tables import Field

Schema = dict[str, Any]
WRAPPERS: dict[str, tuple[str, Schema]] = {
    "String": ("StringValue", {"type": "string"}),
    "Boolean": ("BooleanValue", {"type": "boolean"}),
    "Int16": ("ShortValue", {"type": "integer", "format": "int32"}),
    "Int32": ("IntValue", {"type": "integer", "format": "int32"}),
    "Decimal": ("DecimalValue", {"type": "number", "format": "double"}),
    "DateTimeOffset": ("DateTimeValue", {"type": "string", "format": "date-time"}),
    "Guid": ("GuidValue", {"type": "string", "format": "uuid"}),
}
PARAMETERS: dict[str, tuple[str, Schema]] = {
    "select": ("query", {"type": "string"}),
    "filter": ("query", {"type": "string"}),
    "expand": ("query", {"type": "string"}),
    "custom": ("query", {"type": "string"}),
    "skip": ("query", {"type": "integer", "format": "int32"}),
    "top": ("query", {"type": "integer", "format": "int32"}),
    "ids": ("path", {"type": "string"}),
    "id": ("path", {"type": "string", "format": "uuid"}),
}
ATTRIBUTE = "AttributeValue"
WITH_ATTRIBUTES = ("StockItem", "NonStockItem", "Customer")
ONE = ("select", "filter", "expand", "custom")
LIST = (*ONE, "skip", "top")
ENTITY: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "rowNumber": {"type": "integer", "format": "int64"},
        "note": {"$ref": "#/components/schemas/StringValue"},
        "custom": {"type": "object"},
        "error": {"type": "string"},
        "files": {"type": "array", "items": {"type": "object"}},
    },
}
HTTP_ERROR: Schema = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("message", "exceptionMessage", "exceptionType", "stackTrace")},
}


def description(version: str, entities: Mapping[str, Entity], actions: Iterable[tuple[str, str]]) -> Schema:
    """Return the description of one version of the endpoint Default."""
    schemas: dict[str, Schema] = {"Entity": ENTITY, "HttpError": HTTP_ERROR}
    schemas |= {
        name: {"type": "object", "properties": {"value": value, "error": {"type": "string"}}}
        for name, value in WRAPPERS.values()
    }
    paths: dict[str, Schema] = {}
    for entity, action in actions:
        schemas[action] = _invocation(entity)
        paths[f"/{entity}/{action}"] = {"post": _invoked(entity, action)}
    for name, entity_of in entities.items():
        _add_record(schemas, name, name, entity_of.table.fields, entity_of.parts)
        paths |= _entity_paths(name)
    for name, inquiry in INQUIRIES.items():
        _add_inquiry(schemas, inquiry)
        paths |= _entity_paths(name)
    return {
        "openapi": "3.0.1",
        "info": {"title": f"Default/{version}", "version": "4"},
        "servers": [{"url": f"/entity/Default/{version}"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {name: _parameter(name) for name in PARAMETERS},
            "responses": {f"ContractBasedControllerBase_{code}": _error() for code in (401, 500)},
        },
        "tags": [{"name": name} for name in sorted([*entities, *INQUIRIES])],
    }


def _parameter(name: str) -> Schema:
    place, schema = PARAMETERS[name]
    if place == "path":
        return {"name": name, "in": place, "required": True, "schema": schema}
    return {"name": f"${name}", "in": place, "schema": schema}


def _error() -> Schema:
    return {"description": "The request was refused.", "content": _json(_ref("HttpError"))}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(tag: str, kind: str, parameters: Iterable[str], answers: Schema, body: str = "") -> Schema:
    found: Schema = {
        "tags": [tag],
        "operationId": f"{tag}_{kind}",
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters],
        "responses": {
            **{
                str(code): {"$ref": f"#/components/responses/ContractBasedControllerBase_{code}"} for code in (401, 500)
            },
            **answers,
        },
    }
    if body:
        found["requestBody"] = {"content": _json(_ref(body)), "required": True}
    return found


def _given(schema: Schema) -> Schema:
    return {"200": {"description": "What was asked for.", "content": _json(schema)}}


def _entity_paths(name: str) -> dict[str, Schema]:
    one, several = _given(_ref(name)), _given({"type": "array", "items": _ref(name)})
    refused = {"422": {"description": "The data is invalid.", "content": _json(_ref(name))}}
    return {
        f"/{name}": {
            "get": _operation(name, "GetList", LIST, several),
            "put": _operation(name, "PutEntity", ONE, one | refused, body=name),
        },
        f"/{name}/{{ids}}": {"get": _operation(name, "GetByKeys", ("ids", *ONE), one)},
        f"/{name}/{{id}}": {"get": _operation(name, "GetById", ("id", *ONE), one)},
        f"/{name}/$adHocSchema": {"get": _operation(name, "GetAdHocSchema", (), one)},
    }


def _invocation(entity: str) -> Schema:
    properties = {"entity": _ref(entity), "parameters": {"type": "object"}}
    return {"type": "object", "required": ["entity", "parameters"], "properties": properties}


def _invoked(entity: str, action: str) -> Schema:
    answers = {code: {"description": text} for code, text in (("202", "In progress."), ("204", "Completed."))}
    return _operation(entity, f"InvokeAction_{action}", (), answers, body=action)


def _add_record(
    schemas: dict[str, Schema], name: str, path: str, columns: Mapping[str, Field], parts: Mapping[str, Part]
) -> None:
    found: Schema = {one.name: _ref(WRAPPERS[one.kind][0]) for one in columns.values()}
    for part_name, part in parts.items():
        below = ATTRIBUTE if part_name == "Attributes" and path in WITH_ATTRIBUTES else f"{path}{part_name}"
        _add_record(schemas, below, below, part.fields, part.parts)
        found[part_name] = {"type": "array", "items": _ref(below)} if part.many else _ref(below)
    schemas[name] = _record(found)


def _record(properties: Schema) -> Schema:
    ordered = {name: properties[name] for name in sorted(properties, key=str.casefold)}
    return {"allOf": [_ref("Entity"), {"type": "object", "properties": ordered}]}


def _add_inquiry(schemas: dict[str, Schema], inquiry: Inquiry) -> None:
    kinds = {
        name: "DateTimeOffset" if name in inquiry.dates else "Boolean" if isinstance(preset, bool) else "String"
        for name, preset in inquiry.parameters.items()
    }
    found: Schema = {name: _ref(WRAPPERS[kind][0]) for name, kind in kinds.items()}
    rows = f"{inquiry.name}{inquiry.collection}"
    schemas[rows] = _record({})
    schemas[inquiry.name] = _record(found | {inquiry.collection: {"type": "array", "items": _ref(rows)}})
