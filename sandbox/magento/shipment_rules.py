"""Which lines a shipment contains and how many of each, and what leaves the source for it.

More than is open is silently reduced, what cannot be shipped is silently left out, and a repeated line counts once.
Source: magento-observed.md, "Shipments" and part two, section 1; recordings of shipments and nonsimple-shipments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.magento.order_lines import amount, can_ship, is_dummy, is_virtual, to_ship, unshipped
from sandbox.magento.reservations import Moved, sku_of
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import ZERO
from sandbox.magento.state import Shop

NO_STATE = "A shipment cannot be created when an order has a status of "
NOTHING_OPEN = "The order does not allow a shipment to be created."
NO_PRODUCTS = "You can't create a shipment without products."
NO_NUMBER = "Please enter a tracking number."
TOGETHER = "Bundle product itself should be shipped instead."
SEPARATELY = "Bundle product options should be shipped instead."

Taken = list[tuple[Line, Decimal]]
"""The lines of a shipment, with their quantities."""


def wanted(order: Order, items: Sequence[Mapping[str, Any]]) -> dict[int, Decimal]:
    """Return how many of which line a request asks for; one without items asks for all that can be shipped
    by itself.
    """
    if not items:
        return {
            line.id: line.row["qty_ordered"]
            for line in order.lines
            if not is_virtual(line) and (line.parent is None or line.parent.separately)
        }
    return {one["order_item_id"]: one.get("qty") or ZERO for one in items if one.get("order_item_id")}


def taken(order: Order, asked: Mapping[int, Decimal]) -> Taken:
    """Return the lines that the shipment gets."""
    lines = [(line, _quantity(line, asked)) for line in order.lines if _takes(line, asked)]
    ids = {line.parent.id for line, _quantity in lines if line.parent is not None}
    return [(line, quantity) for line, quantity in lines if not _is_empty_bundle(line) or line.id in ids]


def _is_empty_bundle(line: Line) -> bool:
    return bool(line.children) and line.separately


def _takes(line: Line, asked: Mapping[int, Decimal]) -> bool:
    if is_virtual(line) or line.row.get("locked_do_ship"):
        return False
    if not is_dummy(line):
        return line.id in asked and to_ship(line) > 0
    if line.children:
        return True
    return line.parent is not None and asked.get(line.parent.id, ZERO) > 0


def _quantity(line: Line, asked: Mapping[int, Decimal]) -> Decimal:
    if not is_dummy(line):
        return _whole(line, min(asked[line.id], to_ship(line)))
    if line.parent is None:
        return Decimal(1)
    if line.selection_qty is None:
        return ZERO
    return _whole(line, min(line.selection_qty * asked[line.parent.id], unshipped(line)))


def _whole(line: Line, quantity: Decimal) -> Decimal:
    """Return a quantity of a product that is not sold in fractions loses its fraction; less than 0 is 0."""
    if not line.row.get("is_qty_decimal"):
        quantity = Decimal(int(quantity))
    return max(quantity, ZERO)


def total(lines: Taken) -> Decimal:
    """Return how much is shipped, each piece counted once."""
    return sum((quantity for line, quantity in lines if not is_dummy(line)), ZERO)


def faults(
    order: Order, items: Sequence[Mapping[str, Any]], lines: Taken, tracks: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return why the shipment is refused."""
    found = _of_order(order)
    if total(lines) <= 0:
        found.append(NO_PRODUCTS)
    if any(not track.get("track_number") for track in tracks):
        found.append(NO_NUMBER)
    by_id = {line.id: line for line in order.lines}
    for item in items:
        line = by_id.get(item.get("order_item_id") or 0)
        fault = _of_bundle(line) if line is not None else None
        if fault is not None:
            found.append(fault)
    return found


def _of_order(order: Order) -> list[str]:
    held = order.row.get("state") in ("payment_review", "holded", "canceled")
    if held or order.row.get("is_virtual"):
        return [NO_STATE + (order.row.get("status") or "")]
    return [] if can_ship(order.lines) else [NOTHING_OPEN]


def _of_bundle(line: Line) -> str | None:
    bundle, kind, instead = (line, "Separately", SEPARATELY) if line.children else (line.parent, "Together", TOGETHER)
    if bundle is None or bundle.row.get("product_type") != "bundle" or bundle.separately != bool(line.children):
        return None
    name = bundle.row.get("sku")
    return f'Cannot create shipment as bundle product "{name}" has shipment type "{kind}". {instead}'


def deductions(shop: Shop, lines: Taken) -> list[Moved]:
    """Return what leaves the source: of a bundle or a configurable product its children, else the line's own SKU."""
    moved: dict[str, Decimal] = {}
    for line, quantity in lines:
        if is_dummy(line):
            continue
        for sku, number in _parts(shop, line, quantity):
            moved[sku] = moved.get(sku, ZERO) + number
    return list(moved.items())


def _parts(shop: Shop, line: Line, quantity: Decimal) -> list[Moved]:
    if not line.children:
        return [(sku_of(shop, line), quantity)]
    if line.children[0].selection_qty is None:
        return [(str(line.row["sku"]), quantity)]
    return [
        (sku_of(shop, child), min(child.selection_qty * quantity, unshipped(child)))
        for child in line.children
        if not is_virtual(child)
    ]


def register(shop: Shop, lines: Taken) -> None:
    """Count the shipped quantities on the order's lines."""
    for line, quantity in lines:
        if quantity > 0:
            line.row["qty_shipped"] = amount(line.row, "qty_shipped") + quantity
            line.row["updated_at"] = shop.now()
