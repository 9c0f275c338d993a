"""Reservations: what orders reserve of a stock until it is shipped or canceled.

An order placed in the shop reserves. Shipping and canceling release, whether something was reserved or not; orders made
by the API never were. Each reservation is stored with its order and its event, as in Magento's metadata;
`Shop.reservations` has their sums. Source: magento-observed.md, "Orders" and part two, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sandbox.magento import php
from sandbox.magento.records import COMPOSITE, Stock
from sandbox.magento.sales_records import Line, Order, Reservation
from sandbox.magento.sales_tables import ZERO
from sandbox.magento.state import Shop
from sandbox.magento.stock_items import configured, item_of

Moved = tuple[str, Decimal]
"""A SKU and its quantity."""
PLACED = "order_placed"
CANCELED = "order_canceled"
SHIPPED = "shipment_created"
INVOICED = "invoice_created"
REFUNDED = "creditmemo_created"
COMPENSATED = "manual_compensation"


def whole(value: Decimal) -> int:
    """Return a quantity in ten-thousandths."""
    return int(value * php.QUANTITY)


def stock_of(shop: Shop, order: Order) -> Stock | None:
    """Return the stock that the order's website sells from."""
    store = shop.stores.get(order.row.get("store_id", 1))
    website = shop.websites[store.website_id].code if store is not None else "base"
    return shop.stock_of(website) or shop.stocks.get(1)


def move(shop: Shop, order: Order, moved: Iterable[Moved], event: str) -> None:
    """Reserve or release quantities of an order; without the inventory modules the stock itself changes."""
    if shop.settings.msi:
        reserve(shop, order, moved, event)
        return
    for sku, quantity in moved:
        product = shop.product(sku)
        if product is not None and product.type_id not in COMPOSITE:
            stock = product.more.stock
            stock.quantity = (stock.quantity or 0) + whole(quantity)


def reserve(shop: Shop, order: Order, moved: Iterable[Moved], event: str) -> None:
    """Add to the reservations; a negative quantity reserves. Only products with managed stock count."""
    stock = stock_of(shop, order)
    for sku, quantity in moved:
        product = shop.product(sku)
        if stock is None or product is None or product.type_id in COMPOSITE or not quantity:
            continue
        if not configured(shop, item_of(product), "manage_stock"):
            continue
        append(shop, order, Reservation(sku, stock.stock_id, whole(quantity), event))


def append(shop: Shop, order: Order, row: Reservation) -> None:
    """Store one reservation of an order and add it to the sum of its SKU and stock."""
    order.reservations.append(row)
    key = (php.collated(row.sku), row.stock_id)
    shop.reservations[key] = shop.reservations.get(key, 0) + row.quantity
    if not shop.reservations[key]:
        del shop.reservations[key]


def sku_of(shop: Shop, line: Line) -> str:
    """Return the SKU by which stock is counted: that of the line's product, else the line's."""
    product = shop.products.get(line.row.get("product_id") or 0)
    return str(line.row.get("sku") or "") if product is None else product.sku


def placed(shop: Shop, order: Order) -> list[Moved]:
    """Return what an order placed in the shop reserves: all lines of products with stock."""
    return [(sku_of(shop, line), -line.row["qty_ordered"]) for line in order.lines if not line.children]


def canceled(shop: Shop, line: Line) -> list[Moved]:
    """Return what canceling a line releases."""
    if line.parent is not None and not line.parent.separately:
        return []
    if not line.children:
        return [(sku_of(shop, line), _left(line))]
    if line.separately:
        return []
    return [
        (sku_of(shop, child), _left_of_child(line, child) if child.selection_qty is not None else _left(line))
        for child in line.children
    ]


def _left(line: Line) -> Decimal:
    row = line.row
    left: Decimal = row["qty_ordered"] - max(row["qty_shipped"], row["qty_invoiced"]) - row["qty_canceled"]
    return max(left, ZERO)


def _left_of_child(line: Line, child: Line) -> Decimal:
    shipped = child.selection_qty * line.row["qty_shipped"]
    left: Decimal = child.row["qty_ordered"] - max(shipped, child.row["qty_invoiced"]) - child.row["qty_canceled"]
    return max(left, ZERO)
