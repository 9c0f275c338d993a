"""A lean Acumatica: stock items by key, the feed INSiteStatus, and a change of every nth item on demand.

`python -m bench.acumatica_server COUNT WAREHOUSES`. Pages of a change are made when it is asked for, all pages of a
list once they are to be ready; others are made when they are read, which takes as long as the connector takes for one.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote_plus, urlsplit

import msgspec
from bench.catalogue import WAREHOUSES, cents, pieces, sku
from bench.http_server import serve

PAGE = 1_000
_BEHIND_KEY = re.compile(r"InventoryID gt '?(?:SKU-)?(\d+)")
_SINCE = re.compile(r"LastModified(?:DateTime)? ge (?:datetimeoffset')?([0-9T:.+Z-]+)")


class Acumatica:
    """Items 1 to `count`, each in `warehouses` warehouses; `every`: which of them the last change changed."""

    def __init__(self, count: int, warehouses: int) -> None:
        self.count, self.warehouses = count, warehouses
        self.generation, self.every, self.changed_at = 0, 1, datetime.now(UTC) - timedelta(days=1)
        self.kinds: tuple[str, ...] = ()
        self._pages: dict[tuple[str, bool, int], bytes] = {}

    def handle(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """One request."""
        url = urlsplit(target)
        if url.path.endswith("/StockItem"):
            return 200, self._page("items", unquote_plus(url.query))
        if url.path.endswith("/INSiteStatus"):
            return 200, self._page("quantities", unquote_plus(url.query))
        if url.path.endswith("/auth/login") or url.path.endswith("/auth/logout"):
            return 204, b""
        if url.path.endswith("/Warehouse"):
            return 200, msgspec.json.encode([{"WarehouseID": {"value": f"{name:<10}"}} for name in WAREHOUSES])
        if url.path == "/_bench/change":
            return 200, self._change(parse_qs(url.query))
        if url.path == "/_bench/ready":
            return 200, self._make_ready(parse_qs(url.query)["kind"])
        return 404, b"{}"

    def _change(self, asked: dict[str, list[str]]) -> bytes:
        """The next generation of every nth item, with its pages ready."""
        self.generation += 1
        self.every, self.kinds, self.changed_at = int(asked["every"][0]), tuple(asked["kind"]), datetime.now(UTC)
        self._pages = {}
        for kind in self.kinds:
            self._make_all(kind, only_changes=True)
        return msgspec.json.encode({"generation": self.generation})

    def _make_ready(self, kinds: list[str]) -> bytes:
        """Make all pages of whole lists."""
        for kind in kinds:
            self._make_all(kind, only_changes=False)
        return b"{}"

    def _make_all(self, kind: str, *, only_changes: bool) -> None:
        behind, step = 0, self.every if only_changes else 1
        while behind < self.count:
            self._pages[kind, only_changes, behind] = self._made(kind, only_changes, behind)
            behind = self._last_of_page(kind, behind, step)

    def _items_a_page(self, kind: str) -> int:
        return PAGE if kind == "items" else PAGE // self.warehouses

    def _last_of_page(self, kind: str, behind: int, step: int) -> int:
        """The last item that a client takes from a page: of rows it leaves the last item to the next page."""
        last = (behind // step + self._items_a_page(kind)) * step
        if last > self.count:
            return self.count
        return last if kind == "items" else last - step

    def _page(self, kind: str, query: str) -> bytes:
        since = _SINCE.search(query)
        behind = _BEHIND_KEY.search(query)
        only_changes = since is not None
        if since is not None and (
            kind not in self.kinds or datetime.fromisoformat(since[1].replace("Z", "+00:00")) > self.changed_at
        ):
            return b"[]" if kind == "items" else b'{"value":[]}'
        place = (kind, only_changes, int(behind[1]) if behind else 0)
        return self._pages.get(place) or self._made(*place)

    def _made(self, kind: str, only_changes: bool, behind: int) -> bytes:
        step = self.every if only_changes else 1
        first = (behind // step + 1) * step
        numbers = range(first, min(self.count, first + (self._items_a_page(kind) - 1) * step) + 1, step)
        if kind == "items":
            return b"[" + b",".join(map(self._item, numbers)) + b"]"
        rows = b",".join(self._site(number, house) for number in numbers for house in range(self.warehouses))
        return b'{"@odata.context":"$metadata#INSiteStatus","value":[' + rows + b"]}"

    def _generation_of(self, kind: str, number: int) -> int:
        return self.generation if kind in self.kinds and number % self.every == 0 else 0

    def _item(self, number: int) -> bytes:
        price = cents(number, self._generation_of("items", number))
        guid = f"e3fed301-4845-478b-a03b-{number:012d}"
        home = "/entity/Default/24.200.001"
        return (
            f'{{"id":"{guid}","rowNumber":{number},"note":{{"value":""}},"BaseUOM":{{"value":"EA"}},'
            f'"DefaultPrice":{{"value":{price // 100}.{price % 100:02d}0000}},"ExportToExternal":{{"value":true}},'
            f'"InventoryID":{{"value":"{sku(number)}"}},"ItemClass":{{"value":"ALLOTHER"}},'
            f'"ItemStatus":{{"value":"Active"}},"SalesUOM":{{"value":"EA"}},"custom":{{}},"_links":{{'
            f'"self":"{home}/StockItem/{guid}","files:put":'
            f'"{home}/files/PX.Objects.IN.InventoryItemMaint/Item/{guid}/{{filename}}"}}}}'
        ).encode()

    def _site(self, number: int, house: int) -> bytes:
        quantity = pieces(number, house, self._generation_of("quantities", number))
        return (
            f'{{"InventoryID":{number},"SiteID":{101 + house},"QtyAvail":{quantity}.000000,'
            f'"QtyHardAvail":{quantity}.000000,"QtyOnHand":{quantity}.000000,'
            f'"InventoryItemByInventoryID":{{"InventoryCD":"{sku(number):<30}"}},'
            f'"INSiteBySiteID":{{"SiteCD":"{WAREHOUSES[house]:<10}"}}}}'
        ).encode()


if __name__ == "__main__":
    serve(Acumatica(int(sys.argv[1]), int(sys.argv[2])).handle)
