"""Special prices: one per product and store, with a period; written, read and deleted.

Dates that are not sent stay unchanged. In an answer only price rows and stores are reliable, because the dates of all
stores are multiplied. A deletion only considers SKU and store. Source: magento-observed.md, part two, section 4;
recordings `sp_*`, `ws_special_*`, `type_special_*` of prices2, and special-and-tier-prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import product as combined
from typing import Any

from sandbox.magento import php
from sandbox.magento.base_prices import Rows
from sandbox.magento.errors import NO_PRODUCT
from sandbox.magento.records import Product
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import Shop
from sandbox.magento.typed import FLOAT, INT, TEXT, Data, Parameter, anything, listed, texts

Row = Mapping[str, Any]
SPECIAL_PRICE = Data(
    "Magento\\Catalog\\Api\\Data\\SpecialPriceInterface",
    {
        "price": FLOAT,
        "store_id": INT,
        "sku": TEXT,
        "price_from": TEXT,
        "price_to": TEXT,
        "extension_attributes": anything,
    },
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return False
    return True


def _text(value: Any) -> str | None:
    return None if value is None else php.text_of(value)


def _faults(shop: Shop, row: Row, product: Product | None) -> Iterator[dict[str, Any]]:
    sku, price, store_id = row.get("sku"), row.get("price"), row.get("store_id")
    start, end = row.get("price_from"), row.get("price_to")
    of_row = [sku, _text(store_id), start, end]
    shown = [php.text_of(value) for value in of_row]
    place = "Row ID: SKU = {}, Store ID: {}, Price From: {}, Price To: {}.".format(*shown)

    def fault(message: str, *first: Any) -> dict[str, Any]:
        return {"message": f"{message} {place}", "parameters": [*first, *of_row]}

    if product is None:
        yield fault(NO_PRODUCT)
    if shop.settings.price_scope == "global" and store_id != 0:
        yield fault("Could not change non global Price when price scope is global.")
    if store_id not in shop.stores:
        yield fault("Requested store is not found.")
    if price is None or price < 0:
        yield fault(f"Invalid attribute Price = {php.text_of(price)}.", _text(price))
    for label, value in (("Price From", start), ("Price To", end)):
        if not php.falsy(value) and not _is_date(value or ""):
            yield fault(f"Invalid attribute {label} = {php.text_of(end)}.", label)


def _checked(call: Call) -> tuple[list[tuple[Product, Row]], list[dict[str, Any]]]:
    """Return the good rows with their products, and the errors of the others."""
    shop, rows = call.shop, call.given["prices"]
    products = Rows(shop, rows, fixed_only=False)
    good, errors = [], []
    for row in rows:
        product = products.product(row.get("sku"))
        faults = list(_faults(shop, row, product))
        errors += faults
        if not faults and product is not None:
            good.append((product, row))
    call.applied = bool(good)
    return good, errors


def update(call: Call) -> list[dict[str, Any]]:
    """Write special prices; return the row errors."""
    good, errors = _checked(call)
    for product, row in good:
        details, store_id = product.more, row["store_id"]
        details.special_prices[store_id] = php.price6(row["price"])
        for values, name in ((details.special_from, "price_from"), (details.special_to, "price_to")):
            if row.get(name):
                values[store_id] = row[name]
    return errors


def delete(call: Call) -> list[dict[str, Any]]:
    """Delete special prices with their dates; missing ones are ignored."""
    good, errors = _checked(call)
    for product, row in good:
        details = product.more
        for values in (details.special_prices, details.special_from, details.special_to):
            values.pop(row["store_id"], None)
    return errors


def information(call: Call) -> list[dict[str, Any]]:
    """Return the special prices: each with every pair of dates that any store has."""
    found = {product.id: product for sku in call.given["skus"] if (product := call.shop.located(sku)) is not None}
    return [row for number in sorted(found) for row in _rows(found[number])]


def _rows(product: Product) -> Iterator[dict[str, Any]]:
    details = product.details
    if details is None:
        return
    starts: list[str | None] = [details.special_from[store] for store in sorted(details.special_from)]
    ends: list[str | None] = [details.special_to[store] for store in sorted(details.special_to)]
    for store_id in sorted(details.special_prices):
        price = php.shown(details.special_prices[store_id], php.PRICE)
        for start, end in combined(starts or [None], ends or [None]):
            yield {"price": price, "store_id": store_id, "sku": product.sku, "price_from": start, "price_to": end}


_SERVICE: dict[str, Any] = {
    "resource": "Magento_Catalog::catalog",
    "interface": "Magento\\Catalog\\Api\\SpecialPriceStorageInterface",
    "implementation": "Magento\\Catalog\\Model\\Product\\Price\\SpecialPriceStorage",
}
_PRICES = (Parameter("prices", listed(SPECIAL_PRICE)),)
_SKUS = (Parameter("skus", texts),)
ROUTES = (
    Route("POST", "products/special-price", update, _PRICES, operation="update", **_SERVICE),
    Route("POST", "products/special-price-delete", delete, _PRICES, operation="delete", **_SERVICE),
    Route("POST", "products/special-price-information", information, _SKUS, operation="get", question=True, **_SERVICE),
)
