"""What a credit memo returns to stock: shipped pieces to their source, others as released reservations.

Only lines that the request names are returned (`return_to_stock_items`). Pieces that were not shipped go first: they
never left a source, so the reservation is released. Of the remainder each source gets what its shipments took, and is
in stock again. A piece that is refunded and not returned keeps its reservation, as in a real Magento. Source: Magento's
ProcessRefundItems and ProcessReturnQtyOnCreditMemoPlugin.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from sandbox.magento import php
from sandbox.magento.compensations import COUNTED
from sandbox.magento.order_lines import amount
from sandbox.magento.reservations import REFUNDED, Moved, move, reserve, sku_of, whole
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import ZERO
from sandbox.magento.source_items import mirror
from sandbox.magento.state import Shop


def put_back(shop: Shop, order: Order, refunded: list[tuple[Line, Decimal]], wanted: Collection[int]) -> None:
    """Return to stock what was refunded of these lines (their ids); the lines already include the refund."""
    lines = [(line, quantity) for line, quantity in refunded if line.id in wanted and _has_stock(line)]
    if not shop.settings.msi:
        move(shop, order, [(sku_of(shop, line), quantity) for line, quantity in lines], REFUNDED)
        return
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line, quantity in lines:
        gone = amount(line.row, "qty_invoiced") - amount(line.row, "qty_refunded") + quantity
        back, processed = sums.get(sku := sku_of(shop, line), (ZERO, ZERO))
        sums[sku] = (back + quantity, processed + gone)
    taken = _taken(shop, order)
    for sku, (quantity, processed) in sums.items():
        own = [(code, number) for code, (name, number) in taken if name == sku]
        unshipped = max(processed - sum((number for _code, number in own), ZERO), ZERO)
        to_sources = max(quantity - unshipped, ZERO)
        reserve(shop, order, [(sku, quantity - to_sources)], REFUNDED)
        for code, number in own:
            share = min(number, to_sources)
            _into(shop, code, sku, share)
            to_sources -= share


def _has_stock(line: Line) -> bool:
    kind = line.row.get("product_type")
    return kind is None or kind == "grouped" or kind in COUNTED


def _taken(shop: Shop, order: Order) -> list[tuple[str, Moved]]:
    """Return what shipments and invoices of the order took from each source."""
    sales = shop.sales
    shipped = [
        (one.source_code or "", moved)
        for one in sales.shipments.values()
        if one.row["order_id"] == order.id
        for moved in one.moved
    ]
    return shipped + [
        moved for one in sales.invoices.values() if one.row["order_id"] == order.id for moved in one.moved
    ]


def _into(shop: Shop, source_code: str, sku: str, quantity: Decimal) -> None:
    code = php.collated(source_code)
    row = next((one for one in shop.items(sku) if php.collated(one.source_code) == code), None)
    if row is not None and quantity > 0:
        row.quantity, row.status = row.quantity + whole(quantity), 1
        mirror(shop, row)
