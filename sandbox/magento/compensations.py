"""The commands that compare reservations with orders and write the missing ones, as a shop's nightly job does.

`list_inconsistencies` is `bin/magento inventory:reservation:list-inconsistencies -r`; `repair_reservations` is the same
piped into `create-compensations`. An order that is not complete, closed or canceled should reserve what is open of its
items, any other order nothing. Where its own reservations differ from that, the difference is listed with the quantity
that corrects it.

As in Magento, items are counted by their own SKU and by the product type in the order, an order without a state counts
as ended, and a product is left out if it has no row at any of the stock's sources or its stock is not managed. Source:
magento-observed.md, part three; Magento's module InventoryReservationCli.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.magento import php
from sandbox.magento.order_lines import amount
from sandbox.magento.order_states import ENDED, state_of
from sandbox.magento.reservations import COMPENSATED, append, stock_of, whole
from sandbox.magento.sales_records import Line, Order, Reservation
from sandbox.magento.state import Shop
from sandbox.magento.stock_items import configured, item_of

COUNTED = frozenset({"simple", "virtual", "downloadable"})


def list_inconsistencies(shop: Shop, given: Any) -> dict[str, Any]:
    """Return the missing compensation per order, SKU and stock: increment_id, sku, quantity, stock_id."""
    return {"inconsistencies": [_shown(order, row) for order, row in _missing(shop)]}


def repair_reservations(shop: Shop, given: Any) -> dict[str, Any]:
    """Write the missing compensations; return them."""
    written = list(_missing(shop))
    for order, row in written:
        append(shop, order, row)
    return {"compensations": [_shown(order, row) for order, row in written]}


def _missing(shop: Shop) -> Iterator[tuple[Order, Reservation]]:
    if not shop.settings.msi:
        return
    for order in shop.sales.orders.values():
        for (stock_id, sku), quantity in _differences(shop, order).items():
            if quantity and _is_managed(shop, sku, stock_id):
                yield order, Reservation(sku, stock_id, -quantity, COMPENSATED)


def _differences(shop: Shop, order: Order) -> dict[tuple[int, str], int]:
    """Return, per stock and SKU, how much more the order should reserve than it does."""
    sums: dict[tuple[int, str], int] = {}
    stock, state = stock_of(shop, order), state_of(order)
    if stock is not None and state is not None and state not in ENDED:
        for line in order.lines:
            if line.row.get("product_type") in COUNTED:
                key = (stock.stock_id, str(line.row.get("sku") or ""))
                sums[key] = sums.get(key, 0) + _open(line)
    for row in order.reservations:
        key = (row.stock_id, row.sku)
        sums[key] = sums.get(key, 0) + row.quantity
    return sums


def _open(line: Line) -> int:
    row = line.row
    gone = amount(row, "qty_invoiced" if row.get("is_virtual") else "qty_shipped")
    return whole(amount(row, "qty_ordered") - amount(row, "qty_canceled") - amount(row, "qty_refunded") - gone)


def _is_managed(shop: Shop, sku: str, stock_id: int) -> bool:
    """Return whether the product has a row at a source of the stock, and its stock is managed."""
    product, stock = shop.product(sku), shop.stocks.get(stock_id)
    if product is None or stock is None:
        return False
    codes = {php.collated(code) for code in stock.sources}
    if not any(php.collated(row.source_code) in codes for row in shop.items(sku)):
        return False
    return bool(configured(shop, item_of(product), "manage_stock"))


def _shown(order: Order, row: Reservation) -> dict[str, Any]:
    return {
        "increment_id": order.row["increment_id"],
        "sku": row.sku,
        "quantity": php.plain(row.quantity, php.QUANTITY),
        "stock_id": row.stock_id,
    }


ROUTES = ()
CHANGES = {"list_inconsistencies": list_inconsistencies, "repair_reservations": repair_reservations}
