"""Base prices: written row by row with a list of row errors, and read back.

Good rows are applied even if others have errors. An unknown SKU also refuses every SKU that is the same number to PHP.
Source: magento-observed.md, "Base prices" and part two, section 4; magento.md, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import Refusal
from sandbox.magento.records import Product
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import Shop
from sandbox.magento.typed import FLOAT, INT, TEXT, Data, Parameter, listed, texts

Row = Mapping[str, Any]
PRICED = frozenset({"simple", "virtual", "downloadable", "bundle"})
INVALID = "Invalid attribute %fieldName = %fieldValue."
BASE_PRICE = Data("Magento\\Catalog\\Api\\Data\\BasePriceInterface", {"price": FLOAT, "store_id": INT, "sku": TEXT})


class Rows:
    """The products of the SKUs in a request, without those that a price service refuses."""

    def __init__(self, shop: Shop, rows: Sequence[Row], *, fixed_only: bool) -> None:
        """Create it from the rows; `fixed_only`: bundles must have a fixed price."""
        self._products: dict[str | None, Product] = {}
        self._refused: set[str] = set()
        for row in rows:
            sku = row.get("sku")
            if sku in self._products or sku in self._refused:
                continue
            product = shop.located(sku)
            if product is not None and not php.falsy(sku) and _takes_price(product, fixed_only=fixed_only):
                self._products[sku] = product
            else:
                self._refused.add(sku or "")
        self._numbers = {php.number_of(sku) for sku in self._refused if php.is_numeric(sku)}

    def product(self, sku: str | None) -> Product | None:
        """Return the product of a row; None if the row is refused because of PHP's loose comparison."""
        if self._numbers and php.loosely_in(sku or "", self._refused, self._numbers):
            return None
        return self._products.get(sku)


def _takes_price(product: Product, *, fixed_only: bool) -> bool:
    if product.type_id not in PRICED:
        return False
    return product.type_id != "bundle" or not fixed_only or is_fixed(product)


def is_fixed(product: Product) -> bool:
    """Return whether a bundle has its own price."""
    return product.details is not None and str(product.details.attributes.get("price_type", "0")) == "1"


def update(call: Call) -> list[dict[str, Any]]:
    """Write prices; return the row errors."""
    shop, rows = call.shop, call.given["prices"]
    products = Rows(shop, rows, fixed_only=True)
    errors: list[dict[str, Any]] = []
    good: list[tuple[Product, int, int]] = []
    for row in rows:
        sku, price, store_id = row.get("sku"), row.get("price"), row.get("store_id")
        product = products.product(sku)
        if product is not None and price is not None and price >= 0 and store_id in shop.stores:
            good.append((product, php.price6(price), store_id))
        else:
            errors += _faults(shop, row, product)
    if good and shop.settings.deadlock():
        raise Refusal(400, "Could not save Prices.")
    for product, amount, store_id in good:
        put_price(shop, product, amount, store_id)
    call.applied = bool(good)
    return errors


def _faults(shop: Shop, row: Row, product: Product | None) -> Iterator[dict[str, Any]]:
    sku, price, store_id = row.get("sku"), row.get("price"), row.get("store_id")
    if product is None:
        yield {"message": INVALID, "parameters": ["SKU", sku]}
    if price is None or price < 0:
        yield {"message": INVALID, "parameters": ["Price", None if price is None else php.text_of(price)]}
    if store_id not in shop.stores:
        yield _no_store(sku, store_id)


def _no_store(sku: str | None, store_id: int | None) -> dict[str, Any]:
    message = f"Requested store is not found. Row ID: SKU = {sku or ''}, Store ID: {php.text_of(store_id)}."
    return {"message": message, "parameters": [sku, None if store_id is None else str(store_id)]}


def put_price(shop: Shop, product: Product, price: int, store_id: int) -> None:
    """Store a price by the scope of prices: for every store, or for all stores of a website."""
    if store_id == 0 or shop.settings.price_scope == "global":
        product.price = price
        return
    for one in shop.website_stores(store_id):
        product.more.prices[one] = price


def information(call: Call) -> list[dict[str, Any]]:
    """Return the stored prices of those SKUs that can have one, in the spelling of the request."""
    found: dict[int, tuple[Product, str]] = {}
    for sku in call.given["skus"]:
        product = call.shop.located(sku)
        if product is not None and _takes_price(product, fixed_only=True):
            found.setdefault(product.id, (product, sku))
    rows = []
    for number in sorted(found):
        product, sku = found[number]
        rows += [
            {"price": php.shown(price, php.PRICE), "store_id": store_id, "sku": sku}
            for store_id, price in prices_of(product)
        ]
    return rows


def prices_of(product: Product) -> Sequence[tuple[int, int]]:
    """Return the stored prices by store."""
    base = [] if product.price is None else [(0, product.price)]
    return base if product.details is None else [*base, *sorted(product.details.prices.items())]


_SERVICE: dict[str, Any] = {
    "resource": "Magento_Catalog::catalog",
    "interface": "Magento\\Catalog\\Api\\BasePriceStorageInterface",
    "implementation": "Magento\\Catalog\\Model\\Product\\Price\\BasePriceStorage",
}
ROUTES = (
    Route(
        "POST",
        "products/base-prices",
        update,
        (Parameter("prices", listed(BASE_PRICE)),),
        operation="update",
        **_SERVICE,
    ),
    Route(
        "POST",
        "products/base-prices-information",
        information,
        (Parameter("skus", texts),),
        operation="get",
        question=True,
        **_SERVICE,
    ),
)
