"""The amounts of a credit memo: for each line its share of what was charged, and in the last memo the remainder.

Source: Magento's RefundOrder, CreditmemoFactory and their validators; its totals of credit memos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.magento.order_lines import amount, is_free_of_charge, to_refund
from sandbox.magento.order_states import can_refund
from sandbox.magento.sales_records import CreditMemo, Invoice, Line, Order
from sandbox.magento.sales_tables import ZERO, Row, cents, json_value

NO_STATE = "A creditmemo can not be created when an order has a status of "
NOT_ALLOWED = "The order does not allow a creditmemo to be created."
NOT_OF_INVOICE = "We can't create creditmemo for the invoice."
TOO_MUCH = 'The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU "{sku}".'
NO_TOTAL = "The credit memo's total must be positive."
NO_PRODUCTS = "You can't create a creditmemo without products."
TOO_MUCH_MONEY = "The most money available to refund is {left}."
TOO_MUCH_SHIPPING = "Maximum shipping amount allowed to refund is: {left}"
CLOSED = frozenset({"payment_review", "holded", "canceled", "closed"})
SHARED = {
    "discount_amount": ("discount_invoiced", "discount_refunded"),
    "tax_amount": ("tax_invoiced", "tax_refunded"),
    "discount_tax_compensation_amount": ("discount_tax_compensation_invoiced", "discount_tax_compensation_refunded"),
    "row_total": ("row_invoiced", "amount_refunded"),
}
"""The amounts of a credit memo's line, each with the amounts charged and refunded of the order's line."""
Refunded = list[tuple[Line, Decimal]]
"""The lines of a credit memo, with their quantities."""


class TooMuchShipping(Exception):
    """More shipping is to be refunded than was paid; the text is Magento's."""


def refunded(
    order: Order, items: Sequence[Mapping[str, Any]], invoice: Invoice | None, before: Sequence[CreditMemo]
) -> Refunded:
    """Return the lines to refund. A request without items refunds everything that is left of the order or
    the invoice.
    """
    asked = {one["order_item_id"]: one.get("qty") or ZERO for one in items if one.get("order_item_id")}
    limits = None if invoice is None else _limits(invoice, before)
    found: Refunded = []
    for line in order.lines:
        if limits is None or line.id in limits:
            quantity = _quantity(line, asked if items else None)
            if limits is not None and not is_free_of_charge(line):
                quantity = min(quantity, limits[line.id])
            if quantity > 0:
                found.append((line, quantity))
    return found


def _limits(invoice: Invoice, before: Sequence[CreditMemo]) -> dict[int, Decimal]:
    """Return how much of each of the invoice's lines may be refunded."""
    limits = {int(item["order_item_id"]): amount(item, "qty") for item in invoice.items}
    for memo in before:
        if memo.row.get("invoice_id") == invoice.row["entity_id"]:
            for item in memo.items:
                limits[int(item["order_item_id"])] -= amount(item, "qty")
    return limits


def _quantity(line: Line, asked: Mapping[int, Decimal] | None) -> Decimal:
    if not is_free_of_charge(line):
        return to_refund(line) if asked is None else asked.get(line.id, ZERO)
    if line.parent is None:
        some = any(to_refund(child) > 0 if asked is None else asked.get(child.id, ZERO) > 0 for child in line.children)
        return amount(line.row, "qty_invoiced") - amount(line.row, "qty_refunded") if some else ZERO
    parents = to_refund(line.parent) if asked is None else asked.get(line.parent.id, ZERO)
    return parents * (Decimal(1) if line.selection_qty is None else Decimal(line.selection_qty))


def faults(order: Order, invoice: Invoice | None, lines: Refunded, memo: Row) -> list[str]:
    """Return why the credit memo is refused."""
    row, found = order.row, []
    if row.get("state") in CLOSED:
        found.append(NO_STATE + (row.get("status") or ""))
    elif not can_refund(order):
        found.append(NOT_ALLOWED)
    if invoice is not None and amount(invoice.row, "base_grand_total") <= amount(invoice.row, "base_total_refunded"):
        found.append(NOT_OF_INVOICE)
    total = ZERO
    for line, quantity in lines:
        if not is_free_of_charge(line) and quantity > to_refund(line):
            found.append(TOO_MUCH.format(sku=line.row["sku"]))
        else:
            total += quantity
    if memo["grand_total"] <= 0:
        found.append(NO_TOTAL)
    elif total <= 0 and amount(row, "shipping_amount") == amount(row, "shipping_refunded"):
        found.append(NO_PRODUCTS)
    left = amount(row, "base_total_paid") - amount(row, "base_total_refunded")
    if memo["base_grand_total"] > left:
        found.append(TOO_MUCH_MONEY.format(left=json_value(left)))
    return found


def line_amounts(line: Line, quantity: Decimal) -> Row:
    """Return the amounts to refund for a line; a line without its own charge has none."""
    row = line.row
    made: Row = {name: row.get(name) for base in ("", "base_") for name in (f"{base}price", f"{base}price_incl_tax")}
    open_quantity = amount(row, "qty_invoiced") - amount(row, "qty_refunded")
    if is_free_of_charge(line) or open_quantity <= 0:
        return made
    for base in ("", "base_"):
        for name, (charged, given) in SHARED.items():
            left = amount(row, f"{base}{charged}") - amount(row, f"{base}{given}")
            made[f"{base}{name}"] = left if quantity == open_quantity else cents(left * quantity / open_quantity)
        incl_tax = row.get(f"{base}row_total_incl_tax")
        share = quantity / row["qty_ordered"]
        made[f"{base}row_total_incl_tax"] = None if incl_tax is None else cents(incl_tax * share)
    return made


def memo_amounts(order: Order, invoice: Invoice | None, items: Sequence[Row], arguments: Mapping[str, Any]) -> Row:
    """Return the amounts of the credit memo. Raises `TooMuchShipping`."""
    made: Row = {}
    shipping = arguments.get("shipping_amount")
    plus, minus = (arguments.get(f"adjustment_{kind}") or ZERO for kind in ("positive", "negative"))
    for base in ("", "base_"):
        sums = {name: sum((amount(item, f"{base}{name}") for item in items), ZERO) for name in SHARED}
        incl_tax = sum((amount(item, f"{base}row_total_incl_tax") for item in items), ZERO)
        carriage, its_tax = _shipping(order, invoice, base, shipping)
        grand_total = sums["row_total"] - sums["discount_amount"] + sums["tax_amount"] + carriage + its_tax
        made |= {
            f"{base}subtotal": sums["row_total"],
            f"{base}subtotal_incl_tax": incl_tax,
            f"{base}discount_amount": -sums["discount_amount"],
            f"{base}tax_amount": sums["tax_amount"] + its_tax,
            f"{base}discount_tax_compensation_amount": sums["discount_tax_compensation_amount"],
            f"{base}shipping_amount": carriage,
            f"{base}shipping_tax_amount": its_tax,
            f"{base}shipping_incl_tax": carriage + its_tax,
            f"{base}adjustment_positive": plus,
            f"{base}adjustment_negative": minus,
            f"{base}adjustment": plus - minus,
            f"{base}grand_total": grand_total + sums["discount_tax_compensation_amount"] + plus - minus,
        }
    return made


def _shipping(order: Order, invoice: Invoice | None, base: str, wanted: Decimal | None) -> tuple[Decimal, Decimal]:
    """Return the shipping to refund and its tax: what is left of it, or as much as is requested."""
    row = order.row
    whole = amount(row, f"{base}shipping_amount")
    left = whole - amount(row, f"{base}shipping_refunded")
    if wanted is None:
        wanted = left if invoice is None else min(left, amount(invoice.row, f"{base}shipping_amount"))
    if wanted > left:
        raise TooMuchShipping(TOO_MUCH_SHIPPING.format(left=json_value(left)))
    tax = amount(row, f"{base}shipping_tax_amount")
    tax_left = tax - amount(row, f"{base}shipping_tax_refunded")
    return wanted, tax_left if wanted == left else cents(tax * wanted / whole) if whole else ZERO
