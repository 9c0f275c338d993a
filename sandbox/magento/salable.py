"""What can be sold: salable quantities and yes/no answers, by stock.

The quantity of a stock is that of its enabled sources with status 1, less the threshold. Nothing is cached, because the
real answers are right before any reindex. Source: magento-observed.md, part two, section 5; recordings of stock-special
and source-items. The export's handling of thresholds and of products without a quantity follows Magento's
PreciseExportStockProcessor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.magento import php
from sandbox.magento.bundles import children
from sandbox.magento.errors import Crash, Refusal
from sandbox.magento.products import matching
from sandbox.magento.records import COMPOSITE, Product, SourceItem, Stock, StockItem
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import SEARCH, result
from sandbox.magento.state import Shop
from sandbox.magento.stock_items import configured, item_of
from sandbox.magento.typed import FLOAT, INT, TEXT, Parameter

NO_SOURCES = "Can't check requested quantity for products without Source Items support."
NOT_IN_STOCK = {
    "code": "is_any_source_item_in_stock-no_source_items_in_stock",
    "message": "There are no source items with the in stock status",
}
NOT_ENOUGH = (
    {"code": "back_order-disabled", "message": "Backorders are disabled"},
    {"code": "manage_stock-enabled", "message": "Manage stock is enabled"},
    {"code": "is_salable_with_reservations-not_enough_qty", "message": "The requested qty is not available"},
)


def _rows(shop: Shop, sku: str, stock: Stock) -> list[SourceItem]:
    """Return a SKU's rows at the enabled sources of a stock."""
    enabled = {php.collated(code) for code in stock.sources if (found := shop.source(code)) and found.enabled}
    return [row for row in shop.items(sku) if php.collated(row.source_code) in enabled]


def at_sources(shop: Shop, sku: str, stock: Stock) -> int:
    """Return what the stock's enabled sources have in stock of a SKU."""
    return sum(row.quantity for row in _rows(shop, sku, stock) if row.status == 1)


def quantity(shop: Shop, sku: str, stock: Stock) -> int:
    """Return the quantity of a SKU in the stock, with reservations."""
    return at_sources(shop, sku, stock) + shop.reservations.get((php.collated(sku), stock.stock_id), 0)


def _threshold(shop: Shop, item: StockItem) -> int:
    return php.quantity4(configured(shop, item, "min_qty"))


def is_salable(shop: Shop, product: Product, stock: Stock) -> bool:
    """Return whether a product can be sold from a stock."""
    item = item_of(product)
    if product.type_id in COMPOSITE:
        return item.is_in_stock and _any_child(shop, product, stock)
    if not configured(shop, item, "manage_stock"):
        return True
    if not any(row.status == 1 for row in _rows(shop, product.sku, stock)):
        return False
    return configured(shop, item, "backorders") != 0 or quantity(shop, product.sku, stock) > _threshold(shop, item)


def _any_child(shop: Shop, product: Product, stock: Stock) -> bool:
    details = product.more
    links = details.parts.get("product_links", [])
    skus = children(product) + [link["sku"] for link in details.parts.get("children", [])]
    skus += [link["linked_product_sku"] for link in links if link.get("link_type") == "associated"]
    found = [child for sku in skus if (child := shop.product(sku)) is not None]
    return any(is_salable(shop, child, stock) for child in found)


def salable_quantity(shop: Shop, product: Product, stock: Stock) -> int:
    """Return how much of a product can be sold, in ten-thousandths; it may be negative with backorders."""
    if not is_salable(shop, product, stock):
        return 0
    return quantity(shop, product.sku, stock) - _threshold(shop, item_of(product))


def get_quantity(call: Call) -> int | float:
    """Return the salable quantity of a SKU in a stock."""
    stock = call.shop.stocks.get(call.given["stockId"])
    product = call.shop.product(call.given["sku"])
    if product is None:
        raise Crash("No such product")
    if product.type_id in COMPOSITE:
        raise Refusal(400, NO_SOURCES)
    if stock is None:
        raise Refusal(400, "Could not receive Stock Item data")
    return php.shown(salable_quantity(call.shop, product, stock), php.QUANTITY)


def get_is_salable(call: Call) -> bool:
    """Return whether a SKU can be sold from a stock."""
    stock = call.shop.stocks.get(call.given["stockId"])
    product = call.shop.product(call.given["sku"])
    return stock is not None and product is not None and is_salable(call.shop, product, stock)


def get_for_quantity(call: Call) -> dict[str, Any]:
    """Return whether this quantity of a SKU can be sold, and why not."""
    shop = call.shop
    stock = shop.stocks.get(call.given["stockId"])
    product = shop.product(call.given["sku"])
    if product is None or stock is None:
        return {"salable": False, "errors": [NOT_IN_STOCK]}
    item = item_of(product)
    if not configured(shop, item, "manage_stock"):
        return {"salable": True, "errors": []}
    if product.type_id not in COMPOSITE and not any(row.status == 1 for row in _rows(shop, product.sku, stock)):
        return {"salable": False, "errors": [NOT_IN_STOCK]}
    wanted = php.quantity4(call.given["requestedQty"])
    free = quantity(shop, product.sku, stock) - _threshold(shop, item)
    if configured(shop, item, "backorders") != 0 or wanted <= free:
        return {"salable": True, "errors": []}
    return {"salable": False, "errors": list(NOT_ENOUGH)}


def _linked(call: Call) -> Stock:
    kind, code = call.given["salesChannelType"], call.given["salesChannelCode"]
    stock = call.shop.stock_of(code) if kind == "website" else None
    if stock is None:
        raise Refusal(404, "No linked stock found")
    return stock


def _in_stock(shop: Shop, product: Product, stock: Stock) -> bool:
    """Return whether the stock's index contains the product."""
    return any(
        php.collated(row.source_code) in {php.collated(c) for c in stock.sources} for row in shop.items(product.sku)
    )


def _sold_by(shop: Shop, website: str) -> Callable[[Product], bool]:
    """Return whether a product belongs to a website."""
    number = next(one.id for one in shop.websites.values() if one.code == website)
    return lambda one: one.details is None or number in one.details.website_ids


def _line(shop: Shop, product: Product, stock: Stock) -> dict[str, Any]:
    """Return a product's entry in the index, which contains no reservations."""
    item = item_of(product)
    managed = bool(configured(shop, item, "manage_stock"))
    amount = at_sources(shop, product.sku, stock) if managed and product.type_id not in COMPOSITE else 0
    if product.type_id in COMPOSITE or not managed:
        sold = is_salable(shop, product, stock)
    else:
        enough = configured(shop, item, "backorders") != 0 or amount > _threshold(shop, item)
        sold = enough and any(row.status == 1 for row in _rows(shop, product.sku, stock))
    return {"sku": product.sku, "qty": php.shown(amount, php.QUANTITY), "is_salable": sold}


def dump(call: Call) -> list[dict[str, Any]]:
    """Return the whole index of a website's stock."""
    stock = _linked(call)
    sold = _sold_by(call.shop, call.given["salesChannelCode"])
    products = [one for one in call.shop.products.values() if sold(one)]
    return [_line(call.shop, one, stock) for one in products if _in_stock(call.shop, one, stock)]


def _exported(shop: Shop, product: Product, stock: Stock) -> dict[str, Any] | None:
    """Return what can be sold of a product, with threshold and reservations; 0 for one without a quantity."""
    amount = 0
    if product.type_id not in COMPOSITE and configured(shop, item_of(product), "manage_stock"):
        if not _in_stock(shop, product, stock):
            return None
        amount = salable_quantity(shop, product, stock)
    return {
        "sku": product.sku,
        "qty": php.shown(amount, php.QUANTITY),
        "is_salable": is_salable(shop, product, stock),
    }


def export(call: Call) -> dict[str, Any]:
    """Return a page of products without those outside of the stock; the total only counts the page."""
    stock = _linked(call)
    asked = call.given["searchCriteria"]
    sold = _sold_by(call.shop, call.given["salesChannelCode"])
    page, _total = matching(call.shop, call.store_id, asked, sold)
    lines = [line for one in page if (line := _exported(call.shop, one, stock)) is not None]
    return result(lines, asked, len(lines))


_SALES: dict[str, Any] = {"resource": "Magento_InventorySalesApi::stock", "msi": True}
_EXPORT: dict[str, Any] = {"resource": "Magento_InventoryApi::stock", "msi": True}
_SKU_STOCK = (Parameter("sku", TEXT), Parameter("stockId", INT))
_CHANNEL = (Parameter("salesChannelType", TEXT), Parameter("salesChannelCode", TEXT))
ROUTES = (
    Route("GET", "inventory/get-product-salable-quantity/:sku/:stockId", get_quantity, _SKU_STOCK, **_SALES),
    Route("GET", "inventory/is-product-salable/:sku/:stockId", get_is_salable, _SKU_STOCK, **_SALES),
    Route(
        "GET",
        "inventory/is-product-salable-for-requested-qty/:sku/:stockId/:requestedQty",
        get_for_quantity,
        (*_SKU_STOCK, Parameter("requestedQty", FLOAT)),
        **_SALES,
    ),
    Route("GET", "inventory/dump-stock-index-data/:salesChannelType/:salesChannelCode", dump, _CHANNEL, **_EXPORT),
    Route(
        "GET",
        "inventory/export-stock-salable-qty/:salesChannelType/:salesChannelCode",
        export,
        (*_CHANNEL, SEARCH),
        **_EXPORT,
    ),
)
