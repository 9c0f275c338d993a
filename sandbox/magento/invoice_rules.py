"""The amounts of an invoice: for each line its share, in the last invoice the remainder; all shipping in the first one.

Source: magento-observed.md, part two, section 2; recordings of erp-orders (`new_invoice*`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.magento.order_lines import amount, can_invoice, is_free_of_charge, to_invoice
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import ZERO, Row, cents

NO_PRODUCTS = "The invoice can't be created without products. Add products and try again."
NOT_ALLOWED = "The order does not allow an invoice to be created."
NO_STATE = "An invoice cannot be created when an order has a status of "
TOO_MUCH = 'The quantity to invoice must not be greater than the uninvoiced quantity for product SKU "{sku}".'
CLOSED = frozenset({"payment_review", "holded", "canceled", "complete", "closed"})
SHARED = ("discount_amount", "tax_amount", "discount_tax_compensation_amount")
DONE = {name: name.replace("amount", "invoiced") for name in SHARED} | {"row_total": "row_invoiced"}

Charged = list[tuple[Line, Decimal]]
"""The lines of an invoice, with their quantities."""


def charged(order: Order, items: Sequence[Mapping[str, Any]]) -> Charged:
    """Return the lines to charge; a request without items charges everything that is left."""
    asked = {one["order_item_id"]: one.get("qty") or ZERO for one in items if one.get("order_item_id")}
    lines = [(line, _quantity(line, asked if items else None)) for line in order.lines]
    return [(line, quantity) for line, quantity in lines if quantity > 0]


def _quantity(line: Line, asked: Mapping[int, Decimal] | None) -> Decimal:
    if asked is None:
        return _left(line)
    if line.id in asked:
        return asked[line.id]
    if line.parent is not None and line.parent.id in asked:
        share: Decimal = line.row["qty_ordered"] / line.parent.row["qty_ordered"]
        return share * asked[line.parent.id]
    return Decimal(1) if any(child.id in asked for child in line.children) else ZERO


def _left(line: Line) -> Decimal:
    if not is_free_of_charge(line):
        return to_invoice(line)
    row = line.row
    left: Decimal = row["qty_ordered"] - row["qty_invoiced"] - row["qty_canceled"]
    return max(left, ZERO)


def total(lines: Charged) -> Decimal:
    """Return the total quantity that is charged, each piece counted once."""
    return sum((quantity for line, quantity in lines if not is_free_of_charge(line)), ZERO)


def faults(order: Order, lines: Charged) -> list[str]:
    """Return why the invoice is refused."""
    found = [
        TOO_MUCH.format(sku=line.row["sku"])
        for line, quantity in lines
        if not is_free_of_charge(line) and quantity > to_invoice(line)
    ]
    if total(lines) <= 0:
        found.append(NO_PRODUCTS)
    if order.row.get("state") in CLOSED:
        found.append(NO_STATE + (order.row.get("status") or ""))
    elif not can_invoice(order.lines):
        found.append(NOT_ALLOWED)
    return found


def line_amounts(line: Line, quantity: Decimal) -> Row:
    """Return the amounts that a line is charged."""
    row = line.row
    made: Row = {}
    uninvoiced = row["qty_ordered"] - row["qty_invoiced"]
    last = quantity == uninvoiced - row["qty_canceled"]
    for base in ("", "base_"):
        for name in (*SHARED, "row_total"):
            left = amount(row, f"{base}{name}") - amount(row, f"{base}{DONE[name]}")
            made[f"{base}{name}"] = left if last else cents(left * quantity / uninvoiced)
        incl_tax = row.get(f"{base}row_total_incl_tax")
        share = quantity / row["qty_ordered"]
        made[f"{base}row_total_incl_tax"] = None if incl_tax is None else cents(incl_tax * share)
        for name in ("price", "price_incl_tax"):
            made[f"{base}{name}"] = row.get(f"{base}{name}")
    return made


def invoice_amounts(order: Order, items: Sequence[Row]) -> Row:
    """Return the amounts of the invoice."""
    made: Row = {}
    for base in ("", "base_"):
        sums = {name: sum((amount(item, f"{base}{name}") for item in items), ZERO) for name in (*SHARED, "row_total")}
        incl_tax = sum((amount(item, f"{base}row_total_incl_tax") for item in items), ZERO)
        grand_total = sums["row_total"] - sums["discount_amount"] + sums["tax_amount"]
        made |= {
            f"{base}subtotal": sums["row_total"],
            f"{base}subtotal_incl_tax": incl_tax,
            f"{base}discount_amount": -sums["discount_amount"],
            f"{base}tax_amount": sums["tax_amount"],
            f"{base}discount_tax_compensation_amount": sums["discount_tax_compensation_amount"],
        }
        if order.row.get(f"{base}shipping_invoiced") is None:
            for name in ("shipping_amount", "shipping_incl_tax", "shipping_tax_amount"):
                made[f"{base}{name}"] = order.row.get(f"{base}{name}")
            made[f"{base}tax_amount"] += amount(order.row, f"{base}shipping_tax_amount")
            grand_total += amount(order.row, f"{base}shipping_amount")
            grand_total += amount(order.row, f"{base}shipping_tax_amount")
        made[f"{base}grand_total"] = grand_total + sums["discount_tax_compensation_amount"]
    return made
