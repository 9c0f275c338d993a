"""Every request that the shop received, in order, for tests and for the demo.

A request costs one small record here; keys and values are extracted from its body only when the journal is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sandbox.magento.errors import Refusal
from sandbox.magento.routes import Route, Router

KEYS = (
    *("sku", "product_sku", "order_id", "entity_id", "increment_id", "ext_order_id", "email", "id", "source_code"),
    *("name", "code"),
)
VALUES = (
    *("price", "quantity", "qty", "order_item_id", "status", "state", "source_code", "store_id", "ext_order_id"),
    *("grand_total", "comment", "track_number", "group_id", "website_id"),
)


class Entry:
    """One request; `applied`: it was a write and changed something."""

    __slots__ = ("applied", "body", "method", "path", "query", "raw", "route", "status", "time")

    def __init__(self, time: str, method: str, path: str, raw: str, query: str, body: bytes) -> None:
        """Create it from the request, with its decoded and its raw path; the other fields are set later."""
        self.time = time
        self.method = method
        self.path = path
        self.raw = raw
        self.query = query
        self.body = body
        self.status = 0
        self.applied = False
        self.route: Route | None = None

    def was_applied(self) -> None:
        """Note that the request changed something; for a queued request this happens later."""
        self.applied = True

    def shown(self, router: Router) -> dict[str, Any]:
        """Return the entry as the journal shows it."""
        records = list(_records(_decoded(self.body)))
        keys = [key for record in records if (key := _key(record)) is not None]
        found = _path_values(router, self.method, self.raw)
        if found and not keys:
            keys = [str(value) for value in found.values()]
        return {
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "keys": keys,
            "values": [_values(record) for record in records],
            "records": len(records) or (1 if self.body else 0),
            "status": self.status,
            "applied": self.applied,
        }


class Journal:
    """The entries, oldest first."""

    def __init__(self, router: Router) -> None:
        """Create it from the routes, which determine what is a write."""
        self._router = router
        self.entries: list[Entry] = []

    def shown(self, *, writes: bool) -> list[dict[str, Any]]:
        """Return all entries, or the writes only."""
        return [entry.shown(self._router) for entry in self.entries if not writes or self._is_write(entry)]

    def _is_write(self, entry: Entry) -> bool:
        if entry.method == "GET":
            return False
        route = entry.route or _route(self._router, entry.method, entry.raw)
        return route is None or route.written


def _below(path: str) -> tuple[str, bool]:
    """Return the path from the version on, and whether it is a bulk path."""
    head, mark, rest = path.partition("/V1/")
    return (f"V1/{rest}", head.endswith("/async/bulk")) if mark else (path, False)


def _route(router: Router, method: str, path: str) -> Route | None:
    below, bulk = _below(path)
    try:
        return router.match_bulk(method, below) if bulk else router.match(method, below)[0]
    except Refusal:
        return None


def _path_values(router: Router, method: str, path: str) -> dict[str, str]:
    below, bulk = _below(path)
    try:
        return {} if bulk else router.match(method, below)[1]
    except Refusal:
        return {}


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _records(body: Any) -> Iterator[Any]:
    """Return the records in a body: the rows of its lists, or its one object; for a bulk, those of each element."""
    if isinstance(body, list):
        for element in body:
            yield from _records(element)
    elif isinstance(body, dict):
        lists = [value for value in body.values() if isinstance(value, list)]
        objects = [value for value in body.values() if isinstance(value, dict)]
        if lists:
            yield from lists[0]
        else:
            yield objects[0] if objects else body


def _key(record: Any) -> str | None:
    if not isinstance(record, dict):
        return None if record is None else str(record)
    return next((str(record[name]) for name in KEYS if record.get(name) is not None), None)


def _values(record: Any) -> Any:
    if not isinstance(record, dict):
        return record
    return {name: record[name] for name in VALUES if name in record} or record
