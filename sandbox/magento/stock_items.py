"""The legacy stock of a product: read and written by SKU; the item id in the path is ignored.

With the inventory modules on it is the product's row at the source `default`. Source: magento-observed.md, "Source
items"; recordings of stock-items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import Refusal
from sandbox.magento.records import COMPOSITE, Product, StockItem
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import DEFAULT_SOURCE, Shop
from sandbox.magento.typed import BOOL, FLOAT, INT, TEXT, Data, Limits, Parameter, anything

# name, what the shop's configuration says, type as the interface has it
FIELDS: tuple[tuple[str, Any, Any], ...] = (
    ("is_qty_decimal", False, BOOL),
    ("show_default_notification_message", False, BOOL),
    ("use_config_min_qty", True, BOOL),
    ("min_qty", 0, FLOAT),
    ("use_config_min_sale_qty", 1, INT),
    ("min_sale_qty", 1, FLOAT),
    ("use_config_max_sale_qty", True, BOOL),
    ("max_sale_qty", 10000, FLOAT),
    ("use_config_backorders", True, BOOL),
    ("backorders", 0, INT),
    ("use_config_notify_stock_qty", True, BOOL),
    ("notify_stock_qty", 1, FLOAT),
    ("use_config_qty_increments", True, BOOL),
    ("qty_increments", 0, FLOAT),
    ("use_config_enable_qty_inc", True, BOOL),
    ("enable_qty_increments", False, BOOL),
    ("use_config_manage_stock", True, BOOL),
    ("manage_stock", True, BOOL),
    ("low_stock_date", None, TEXT),
    ("is_decimal_divided", False, BOOL),
    ("stock_status_changed_auto", 0, INT),
)
CONFIGURED = {
    "min_qty": "use_config_min_qty",
    "min_sale_qty": "use_config_min_sale_qty",
    "max_sale_qty": "use_config_max_sale_qty",
    "backorders": "use_config_backorders",
    "notify_stock_qty": "use_config_notify_stock_qty",
    "qty_increments": "use_config_qty_increments",
    "enable_qty_increments": "use_config_enable_qty_inc",
    "manage_stock": "use_config_manage_stock",
}
DEFAULTS = {name: default for name, default, _kind in FIELDS}
STOCK_ITEM = Data(
    "Magento\\CatalogInventory\\Api\\Data\\StockItemInterface",
    {
        "item_id": INT,
        "product_id": INT,
        "stock_id": INT,
        "qty": FLOAT,
        "is_in_stock": BOOL,
        **{name: kind for name, _default, kind in FIELDS},
        "extension_attributes": anything,
    },
)


def configured(shop: Shop, item: StockItem, name: str) -> Any:
    """Return a field's value in force: the shop's where the item says so."""
    switch = CONFIGURED.get(name)
    if switch is not None and item.fields.get(switch, True):
        return shop.stock_settings.get(name, DEFAULTS[name])
    return item.fields.get(name, DEFAULTS[name])


def item_of(product: Product | None) -> StockItem:
    """Return the stock item of a product; an untouched one follows the shop's settings."""
    return product.details.stock if product is not None and product.details is not None else StockItem()


def set_stock_settings(shop: Shop, given: Any) -> None:
    """Set the shop's settings of stock (backorders, min_qty, manage_stock …), for items that use them;
    null: Magento's.
    """
    unknown = sorted(set(given) - set(CONFIGURED))
    if unknown:
        raise ValueError(f"there is no setting {unknown[0]!r}; known are {', '.join(sorted(CONFIGURED))}.")
    kinds = {name: kind for name, _default, kind in FIELDS}
    for name, value in given.items():
        if value is None:
            shop.stock_settings.pop(name, None)
        else:
            shop.stock_settings[name] = kinds[name](value, Limits())


def stock_shown(shop: Shop, product: Product) -> dict[str, Any]:
    """Return the stock item as JSON."""
    item = item_of(product)
    shown: dict[str, Any] = {
        "item_id": product.item_id,
        "product_id": product.id,
        "stock_id": 1,
        "qty": None if item.quantity is None else php.shown(item.quantity, php.QUANTITY),
        "is_in_stock": item.is_in_stock,
    }
    for name in DEFAULTS:
        shown[name] = configured(shop, item, name) if name in CONFIGURED else item.fields.get(name, DEFAULTS[name])
    shown["low_stock_date"] = item.low_stock_date
    shown["stock_status_changed_auto"] = int(item.changed_auto)
    return shown


def put_stock(shop: Shop, product: Product, given: Mapping[str, Any]) -> None:
    """Change the stock item. It goes out of stock automatically when there is too little, and comes back
    automatically.
    """
    item = product.more.stock
    if given.get("qty") is not None:
        item.quantity = php.quantity4(given["qty"])
    given_status = given.get("is_in_stock")
    was_auto = item.changed_auto
    if given_status is not None:
        item.is_in_stock = given_status
    item.fields |= {name: value for name, value in given.items() if name in DEFAULTS and value is not None}
    item.changed_auto = False
    if product.type_id in COMPOSITE:
        item.quantity = 0
        return
    if configured(shop, item, "manage_stock"):
        enough = configured(shop, item, "backorders") != 0 or (item.quantity or 0) > php.quantity4(
            configured(shop, item, "min_qty")
        )
        if not enough:
            item.is_in_stock, item.changed_auto = False, True
        elif given_status is None and was_auto:
            item.is_in_stock, item.changed_auto = True, True
    low = (item.quantity or 0) < php.quantity4(configured(shop, item, "notify_stock_qty"))
    item.low_stock_date = shop.now() if low else None
    if shop.settings.msi:
        shop.put_item(product.sku, DEFAULT_SOURCE, item.quantity or 0, int(item.is_in_stock))


def _product(call: Call, name: str) -> Product:
    sku = call.given[name]
    product = call.shop.product(sku)
    if product is None:
        raise Refusal(404, 'The Product with the "%1" SKU doesn\'t exist.', [sku])
    return product


def get_item(call: Call) -> dict[str, Any]:
    """Return the stock item of a SKU."""
    return stock_shown(call.shop, _product(call, "productSku"))


def get_status(call: Call) -> dict[str, Any]:
    """Return the stock status of a SKU, as the legacy interface sees it."""
    product = _product(call, "productSku")
    item = item_of(product)
    quantity = php.shown(item.quantity or 0, php.QUANTITY)
    status = {"product_id": product.id, "stock_id": 1, "qty": quantity, "stock_status": int(item.is_in_stock)}
    return {**status, "stock_item": stock_shown(call.shop, product)}


def update(call: Call) -> int:
    """Change the stock item of a SKU; return its id."""
    product = _product(call, "productSku")
    put_stock(call.shop, product, call.given["stockItem"])
    return product.item_id


_SERVICE: dict[str, Any] = {
    "resource": "Magento_CatalogInventory::cataloginventory",
    "interface": "Magento\\CatalogInventory\\Api\\StockRegistryInterface",
    "implementation": "Magento\\CatalogInventory\\Model\\StockRegistry\\Interceptor",
}
_SKU = Parameter("productSku", TEXT)
ROUTES = (
    Route("GET", "stockItems/:productSku", get_item, (_SKU,), operation="getStockItemBySku", **_SERVICE),
    Route("GET", "stockStatuses/:productSku", get_status, (_SKU,), operation="getStockStatusBySku", **_SERVICE),
    Route(
        "PUT",
        "products/:productSku/stockItems/:itemId",
        update,
        (_SKU, Parameter("stockItem", STOCK_ITEM)),
        operation="updateStockItemBySku",
        into="stockItem",
        **_SERVICE,
    ),
)
CHANGES = {"set_stock_settings": set_stock_settings}
