"""Deduct from a source what has left it by a document, as a whole or not at all.

Source: magento-observed.md, "Shipments"; recordings of shipments, orders and nonsimple-shipments.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.magento import php
from sandbox.magento.records import COMPOSITE, SourceItem, Stock
from sandbox.magento.reservations import Moved, whole
from sandbox.magento.source_items import mirror
from sandbox.magento.state import Shop
from sandbox.magento.stock_items import configured, item_of


class NotEnough(Exception):
    """The source is unknown, does not have the SKU, or has too little of it."""


def deduct(shop: Shop, source_code: str, moved: Sequence[Moved]) -> None:
    """Deduct from a source. Raises `NotEnough`, in which case nothing is deducted."""
    changes = [_left(shop, source_code, sku, whole(quantity)) for sku, quantity in moved]
    for row, quantity, status in filter(None, changes):
        row.quantity, row.status = quantity, status
        mirror(shop, row)


def _left(shop: Shop, source_code: str, sku: str, quantity: int) -> tuple[SourceItem, int, int] | None:
    """Return the row to change, with its new quantity and status; None for a product whose stock is not managed."""
    item = item_of(shop.product(sku))
    if not configured(shop, item, "manage_stock"):
        return None
    code = php.collated(source_code)
    row = next((one for one in shop.items(sku) if php.collated(one.source_code) == code), None)
    backorders = configured(shop, item, "backorders") != 0
    if row is None or (row.quantity < quantity and not backorders):
        raise NotEnough(sku)
    left = row.quantity - quantity
    return row, left, 0 if left == php.quantity4(configured(shop, item, "min_qty")) and not backorders else row.status


def spread(shop: Shop, stock: Stock, moved: Sequence[Moved]) -> list[tuple[str, Moved]]:
    """Return from which source each SKU comes, by priority, if no source is named (products without a shipment)."""
    order = sorted(stock.sources, key=lambda code: stock.sources[code])
    found = []
    for sku, quantity in moved:
        product = shop.product(sku)
        if product is None or product.type_id in COMPOSITE:
            continue
        for code in order:
            row = next((one for one in shop.items(sku) if php.collated(one.source_code) == php.collated(code)), None)
            if row is not None and row.status == 1 and row.quantity >= whole(quantity):
                found.append((code, (sku, quantity)))
                break
    return found
