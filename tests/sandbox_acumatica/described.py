"""The vendor's description of Default/24.200.001: its operations, and closed schemas to hold answers to."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import schemathesis

FILE = "contracts/acumatica-default-24.200.001.openapi.json"
LINKS = {"type": "object", "additionalProperties": {"type": "string"}}


class Description:
    """The vendor's file, read once."""

    def __init__(self, path: Path) -> None:
        self.whole: dict[str, Any] = json.loads((path / FILE).read_text(encoding="utf-8"))
        self.schemas: dict[str, Any] = self.whole["components"]["schemas"]
        self._closed = {name: _closed(self, one) for name, one in self.schemas.items()}

    def operations(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """The operations of these methods and paths, as schemathesis makes requests of them."""
        paths = {
            path: {method: one for method, one in methods.items() if (method.upper(), path) in wanted}
            for path, methods in self.whole["paths"].items()
        }
        made = schemathesis.openapi.from_dict(
            {**self.whole, "paths": {path: one for path, one in paths.items() if one}}
        )
        found = [one.ok() for one in made.get_all_operations()]
        return {(one.method.upper(), one.path): one for one in found}

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of a schema, those of what it is made of included."""
        found: dict[str, Any] = dict(self.schemas[name].get("properties", {}))
        for part in self.schemas[name].get("allOf", ()):
            found |= self.properties(_name(part)) if "$ref" in part else part.get("properties", {})
        return found

    def wrong(self, name: str, body: Any, *, many: bool = False) -> list[str]:
        """What of an answer's body is not as the schema has it; a field that it does not have is wrong too."""
        return [
            f"{'/'.join(map(str, one.instance_path))}: {one.message}"
            for one in self._validator(name, many).iter_errors(body)
        ]

    @cache  # noqa: B019  (there is one description)
    def _validator(self, name: str, many: bool) -> Any:
        one = {"$ref": f"#/components/schemas/{name}"}
        whole = {
            "components": {"schemas": self._closed},
            **({"type": "array", "items": one} if many else {"allOf": [one]}),
        }
        return jsonschema_rs.Draft7Validator(whole, validate_formats=True)


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _closed(of: Description, schema: Any) -> Any:
    """The schema without room for other fields, what it is made of written out.

    A note and a linked object may be null, as recorded.
    """
    if "allOf" in schema:
        properties: dict[str, Any] = {}
        for part in schema["allOf"]:
            properties |= of.schemas[_name(part)]["properties"] if "$ref" in part else part.get("properties", {})
        current = {name: _or_null(one) if _may_be_null(name, one) else one for name, one in properties.items()}
        return {"type": "object", "properties": {**current, "_links": LINKS}, "additionalProperties": False}
    if schema.get("properties", {}).keys() == {"value", "error"}:
        return {**schema, "additionalProperties": False}
    return _with_nulls(schema)


def _may_be_null(name: str, schema: dict[str, Any]) -> bool:
    return name == "note" or ("$ref" in schema and not _name(schema).endswith("Value"))


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _with_nulls(schema: Any) -> Any:
    if isinstance(schema, dict):
        found = {name: _with_nulls(one) for name, one in schema.items() if name not in ("nullable", "discriminator")}
        return {**found, "type": [found["type"], "null"]} if schema.get("nullable") is True else found
    return [_with_nulls(one) for one in schema] if isinstance(schema, list) else schema
