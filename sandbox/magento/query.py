"""Query strings as PHP reads them, and the `fields` filter.

Source: recordings of the areas generic and paging; magento-observed.md, "Errors in general".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from sandbox.magento.errors import InternalError

_BAD_FILTER = re.compile(r"[^\w\[\],]", re.ASCII)


def parsed(query: str) -> dict[str, Any]:
    """Convert `a[b][0]=1` to `{"a": {"b": {"0": "1"}}}`. What is not nested stays a text; of two equal names the last
    wins.
    """
    found: dict[str, Any] = {}
    for pair in query.split("&"):
        if pair:
            name, _equals, value = pair.partition("=")
            _put(found, unquote_plus(name), unquote_plus(value))
    return found


def _put(found: dict[str, Any], name: str, value: str) -> None:
    head, bracket, rest = name.partition("[")
    keys = re.findall(r"\[([^\]]*)\]", bracket + rest)
    place = found
    for following in keys:
        inner = place.get(head)
        if not isinstance(inner, dict):
            inner = {}
            place[head] = inner
        place = inner
        head = following or str(len(place))
    place[head] = value


def fields_of(text: str) -> dict[str, Any]:
    """Convert `items[sku],total_count` to `{"items": {"sku": 1}, "total_count": 1}`; empty if it is not well-formed."""
    if not text or _BAD_FILTER.search(text):
        return {}
    stack: list[tuple[dict[str, Any], str]] = []
    current: dict[str, Any] = {}
    name = ""
    for part in re.findall(r"\w+|[\[\],]", text):
        if part == "[":
            stack.append((current, name))
            current = {}
        elif part == "]":
            if not stack:
                return {}
            inner, (current, parent) = current, stack.pop()
            current[parent] = inner
        elif part != ",":
            name = part
            current[name] = 1
    return {} if stack else current


def only(answer: Any, fields: Mapping[str, Any]) -> Any:
    """Return the answer with only these fields. An empty list that is filtered becomes null, because of PHP's loop."""
    if isinstance(answer, list):
        return [_only(one, fields) for one in answer] if answer else None
    return _only(answer, fields)


def _only(record: Any, fields: Mapping[str, Any]) -> Any:
    if isinstance(record, list):
        return only(record, fields) if record else []
    if not isinstance(record, dict):
        raise InternalError(f"fields of {type(record).__name__}")
    kept = {name: value for name, value in record.items() if name in fields}
    for name, value in kept.items():
        if isinstance(value, dict | list) and isinstance(fields[name], Mapping):
            kept[name] = only(value, fields[name])
    return kept or []
