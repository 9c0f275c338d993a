"""Lines of orders: how much of them can be shipped, invoiced, refunded or canceled, and their JSON.

A dummy line does not count. The child of a configurable product or of a bundle that ships together cannot be shipped,
nor can the parent of a bundle that ships separately. In invoices the parent of a bundle with a dynamic price does not
count; of other bundles the children do not. Source: magento-observed.md, part two, sections 1 and 2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.magento.sales_records import Line
from sandbox.magento.sales_tables import ITEM, ZERO, Row, json_value


def amount(row: Row, name: str) -> Decimal:
    """Return a number of a row; 0 if the column is empty."""
    value = row.get(name)
    return ZERO if value is None else value if isinstance(value, Decimal) else Decimal(value)


def is_virtual(line: Line) -> bool:
    """Return whether nothing of the line is shipped."""
    return bool(line.row.get("is_virtual"))


def is_dummy(line: Line) -> bool:
    """Return whether the line is shipped as part of another one."""
    if line.parent is not None:
        return not line.parent.separately
    return bool(line.children) and line.separately


def is_free_of_charge(line: Line) -> bool:
    """Return whether the line is invoiced as part of another one."""
    if line.parent is not None:
        return not line.parent.calculated
    return bool(line.children) and line.calculated


def unshipped(line: Line) -> Decimal:
    """Return the open quantity of a line, whether it is a dummy or not."""
    row = line.row
    gone = max(amount(row, "qty_shipped"), amount(row, "qty_refunded")) + amount(row, "qty_canceled")
    return max(amount(row, "qty_ordered") - gone, ZERO)


def to_ship(line: Line) -> Decimal:
    """Return what can be shipped of a line by naming it."""
    return ZERO if is_dummy(line) else unshipped(line)


def to_invoice(line: Line) -> Decimal:
    """Return what can be invoiced of a line."""
    if is_free_of_charge(line):
        return ZERO
    row = line.row
    return max(amount(row, "qty_ordered") - amount(row, "qty_invoiced") - amount(row, "qty_canceled"), ZERO)


def to_refund(line: Line) -> Decimal:
    """Return what can be refunded of a line."""
    if is_free_of_charge(line):
        return ZERO
    return max(amount(line.row, "qty_invoiced") - amount(line.row, "qty_refunded"), ZERO)


def to_cancel(line: Line) -> Decimal:
    """Return what can be canceled of a line."""
    return min(to_invoice(line), to_ship(line))


def can_ship(lines: list[Line]) -> bool:
    """Return whether anything of these lines can be shipped."""
    return any(to_ship(line) > 0 and not is_virtual(line) and not line.row.get("locked_do_ship") for line in lines)


def can_invoice(lines: list[Line]) -> bool:
    """Return whether anything of these lines can be invoiced."""
    return any(to_invoice(line) > 0 and not line.row.get("locked_do_invoice") for line in lines)


def line_shown(line: Line, *, loaded: bool = True) -> dict[str, Any]:
    """Return a line as JSON; `loaded`: with the extension attributes that a read adds."""
    shown = row_shown(line.row)
    if line.options:
        shown["product_option"] = line.options
    if line.parent is not None:
        shown["parent_item"] = line_shown(line.parent, loaded=loaded)
    if loaded:
        shown["extension_attributes"] = {"itemized_taxes": []}
    return shown


def row_shown(row: Row) -> dict[str, Any]:
    """Return a line's columns as JSON. Row totals are the stored ones less the discount."""
    shown = ITEM.shown(row)
    if "original_price" not in shown and row.get("price") is not None:
        shown["original_price"] = json_value(row["price"])
    for base in ("", "base_"):
        discount = amount(row, f"{base}discount_amount")
        compensation = amount(row, f"{base}discount_tax_compensation_amount")
        total = amount(row, f"{base}row_total") - discount + compensation
        shown[f"{base}row_total"] = json_value(total)
        shown[f"{base}row_total_incl_tax"] = json_value(total + amount(row, f"{base}tax_amount"))
    return shown
