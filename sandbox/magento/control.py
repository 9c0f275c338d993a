"""The sandbox's own paths: journal, state and change. They need no token and do not exist in a real Magento."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.magento import php
from sandbox.magento.base_prices import prices_of
from sandbox.magento.changes import BadChange, Changes, apply
from sandbox.magento.journal import Journal
from sandbox.magento.records import Product, SourceItem
from sandbox.magento.state import Shop

View = Callable[[Shop], Mapping[str, Any]]
_encode = msgspec.json.Encoder().encode


class Control:
    """The endpoints."""

    def __init__(self, shop: Shop, journal: Journal, changes: Changes, views: Sequence[View]) -> None:
        """Create the endpoints; `views` return further parts of the state."""
        self._shop = shop
        self._journal = journal
        self._changes = changes
        self._views = views

    def make(self, change: Any) -> Mapping[str, Any]:
        """Make one change; return its result. Raises `BadChange`."""
        return apply(self._shop, change, self._changes)

    async def change(self, request: Request) -> Response:
        """Make a change or a list of them; answer 400 with the reason at the first one that is not valid."""
        try:
            given = msgspec.json.decode(await request.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            return _json({"message": f"The change is no JSON: {fault}"}, 400)
        results = []
        for place, one in enumerate(given if isinstance(given, list) else [given]):
            try:
                results.append(self.make(one))
            except BadChange as fault:
                return _json({"message": f"Change {place}: {fault}"}, 400)
        return _json({"results": results})

    async def state(self, request: Request) -> Response:
        """Return prices and quantities as exact decimals, the switches, and the number of requests."""
        shop = self._shop
        stored = {product.sku: prices_of(product) for product in shop.products.values() if product.details}
        parts = [view(shop) for view in self._views]
        return _json(
            {
                "prices": {one.sku: php.plain(one.price or 0, php.PRICE) for one in shop.products.values()},
                "store_prices": {
                    sku: {str(store): php.plain(price, php.PRICE) for store, price in rows if store}
                    for sku, rows in stored.items()
                    if len(rows) > 1
                },
                "source_items": [_item(item) for item in shop.all_items()],
                "stock_items": {one.sku: _stock(one) for one in shop.products.values() if one.details},
                "types": {one.sku: one.type_id for one in shop.products.values() if one.type_id != "simple"},
                "settings": vars(shop.settings),
                "requests": len(self._journal.entries),
                **{name: value for part in parts for name, value in part.items()},
            }
        )

    async def journal(self, request: Request) -> Response:
        """Return the requests received, or the writes only."""
        writes = request.query_params.get("writes") == "1"
        return _json({"requests": self._journal.shown(writes=writes)})


def _item(item: SourceItem) -> dict[str, Any]:
    quantity = php.plain(item.quantity, php.QUANTITY)
    return {"sku": item.sku, "source_code": item.source_code, "quantity": quantity, "status": item.status}


def _stock(product: Product) -> dict[str, Any]:
    stock = product.more.stock
    return {"quantity": php.plain(stock.quantity or 0, php.QUANTITY), "is_in_stock": stock.is_in_stock}


def _json(body: Any, status: int = 200) -> Response:
    return Response(_encode(body), status, media_type="application/json")
