"""A lean Magento: takes prices and quantities, shows generation 0 of the catalogue, and tells what it was sent.

`python -m bench.magento_server WAREHOUSES SOURCES [real]`; with `real` every request takes as long as in the Magento
that was measured (`sandbox.magento.latency`). Bodies are kept and read only when somebody asks what was told.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Sequence
from decimal import Decimal
from urllib.parse import unquote, urlsplit

import msgspec
from bench.catalogue import cents, number_of, pieces
from bench.http_server import serve

from sandbox.magento.latency import Latency

_LISTED = re.compile(r"\[value\]=([^&]*)")
_PAGE = re.compile(r"\[currentPage\]=(\d+)")
_SIZE = re.compile(r"\[pageSize\]=(\d+)")
PUBLISHING, PUBLISHING_EACH = 0.1, 0.0001
OPERATION, ROW = 0.0066, 0.0001
"""Seconds of the real one's queue and of its one consumer, without the start of its process: 500 prices were published
in 0.10 to 0.16 s and consumed in 3.3 s one by one; a row costs what it costs in a request (magento-observed.md).
"""
SOURCES = ("default", "east", "west")
STORE = {"id": 1, "code": "default", "website_id": 1, "base_currency_code": "USD", "timezone": "America/New_York"}


def fixed(sources: Sequence[str]) -> dict[str, bytes]:
    """Return what does not change, by the end of its path: one website with these sources, and no open orders."""
    listed = [{"source_code": code, "enabled": True} for code in sources]
    links = [{"stock_id": 1, "source_code": code, "priority": place} for place, code in enumerate(sources)]
    known = {
        "/modules": ["Magento_Catalog", "Magento_InventoryApi"],
        "/inventory/sources": {"items": listed, "total_count": len(listed)},
        "/inventory/stock-source-links": {"items": links, "total_count": len(links)},
        "/inventory/stock-resolver/website/base": {"stock_id": 1},
        "/store/storeConfigs": [STORE],
        "/store/websites": [{"id": 1, "code": "base"}],
        "/orders": {"items": [], "total_count": 0},
    }
    return {end: msgspec.json.encode(answer) for end, answer in known.items()}


class Magento:
    """One shop; `warehouses` is how many of Acumatica's it shows, each at a source of its own while there are any."""

    def __init__(self, warehouses: int, sources: int, *, real: bool) -> None:
        self._houses: dict[str, list[int]] = {code: [] for code in SOURCES[:sources]}
        for house in range(warehouses):
            self._houses[SOURCES[min(house, sources - 1)]].append(house)
        self._fixed = fixed(list(self._houses))
        self._latency = Latency() if real else None
        self._bodies: list[bytes] = []
        self._arrived_at: list[float] = []
        self._reads = 0
        self._bulks: list[list[float]] = []
        self._consumed_at = 0.0

    def handle(self, method: str, target: str, body: bytes) -> tuple[int, bytes] | Awaitable[tuple[int, bytes]]:
        """One request."""
        path, _, query = target.partition("?")
        if path.startswith("/_bench/"):
            asked = {"told": self._sent, "arrivals": self._arrivals, "reset": self._reset}[path.rpartition("/")[2]]
            return 200, msgspec.json.encode(asked())
        if "/async/bulk/" in path:
            return self._publish(body)
        answer = self._answer(method, urlsplit(path).path, unquote(query), body)
        return answer if self._latency is None else self._later(method, path, body, answer)

    async def _later(self, method: str, path: str, body: bytes, answer: tuple[int, bytes]) -> tuple[int, bytes]:
        assert self._latency is not None
        async with self._latency.request(method, path, body):
            return answer

    async def _publish(self, body: bytes) -> tuple[int, bytes]:
        """Queue a bulk: its one consumer does operation after operation."""
        elements = msgspec.json.decode(body)
        await asyncio.sleep(PUBLISHING + PUBLISHING_EACH * len(elements))
        done: list[float] = []
        for element in elements:
            self._bodies.append(msgspec.json.encode(element))
            self._arrived_at.append(time.time())
            self._consumed_at = max(self._consumed_at, time.time()) + OPERATION + ROW * len(element["prices"])
            done.append(self._consumed_at)
        self._bulks.append(done)
        return 202, msgspec.json.encode({"bulk_uuid": str(len(self._bulks) - 1), "request_items": [], "errors": False})

    def _bulk(self, path: str) -> object:
        number, what = path.partition("/V1/bulk/")[2].split("/", 1)
        done = self._bulks[int(number)]
        if what.startswith("operation-status"):
            return sum(at > time.time() for at in done)
        fields = {"status": 1, "result_message": "", "result_serialized_data": "[]"}
        return {"operations_list": [{"id": place, **fields} for place in range(len(done))]}

    def _answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
        if path.endswith(("/products/base-prices", "/inventory/source-items")) and method == "POST":
            self._bodies.append(body)
            self._arrived_at.append(time.time())
            return 200, b"[]"
        self._reads += 1
        if "/V1/bulk/" in path:
            return 200, msgspec.json.encode(self._bulk(path))
        if path.endswith("/products/base-prices-information"):
            skus = msgspec.json.decode(body)["skus"]
            return 200, msgspec.json.encode(
                [{"sku": sku, "price": cents(number_of(sku), 0) / 100, "store_id": 0} for sku in skus]
            )
        if path.endswith("/inventory/source-items"):
            return 200, msgspec.json.encode(self._source_items(query))
        for end, known in self._fixed.items():
            if path.endswith(end):
                return 200, known
        return 404, b'{"message":"Request does not match any route."}'

    def _source_items(self, query: str) -> dict[str, object]:
        listed, page, size = _LISTED.search(query), _PAGE.search(query), _SIZE.search(query)
        skus = listed[1].split(",") if listed else []
        start = (int(page[1]) - 1) * int(size[1]) if page and size else 0
        places = [(sku, code) for sku in skus for code in self._houses]
        shown = places[start : start + int(size[1])] if size else places
        rows = [
            {"sku": sku, "source_code": code, "quantity": self._quantity(number_of(sku), code), "status": 1}
            for sku, code in shown
        ]
        return {"items": rows, "total_count": len(places)}

    def _quantity(self, number: int, code: str) -> int:
        """What a source has of an item."""
        return sum(pieces(number, house, 0) for house in self._houses[code])

    def _reset(self) -> dict[str, int]:
        self._bodies, self._arrived_at, self._reads = [], [], 0
        return {}

    def _arrivals(self) -> list[tuple[int, float]]:
        """The generation of each price that was sent, and when it came."""
        found = []
        for body, at in zip(self._bodies, self._arrived_at, strict=True):
            for row in msgspec.json.decode(body)["prices"]:
                behind = round(Decimal(str(row["price"])) * 100) - cents(number_of(row["sku"]), 0)
                found.append((behind // 3, at))
        return found

    def _sent(self) -> dict[str, object]:
        """The writes: requests, rows, different SKUs, and a sum over SKUs and values that tells sets apart."""
        rows = [row for body in self._bodies for row in next(iter(msgspec.json.decode(body).values()))]
        last = {row["sku"]: row.get("price", row.get("quantity")) for row in rows}
        check = sum(number_of(sku) * round(Decimal(str(value)) * 100) for sku, value in last.items())
        sizes = {len(next(iter(msgspec.json.decode(body).values()))) for body in self._bodies[:-1]}
        return {
            "requests": len(self._bodies),
            "rows": len(rows),
            "skus": len(last),
            "check": check,
            "sizes": sorted(sizes),
            "reads": self._reads,
        }


if __name__ == "__main__":
    serve(Magento(int(sys.argv[1]), int(sys.argv[2]), real="real" in sys.argv[3:]).handle)
