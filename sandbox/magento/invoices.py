"""Invoices: made for an order, read by id and by search criteria.

Source: magento-observed.md, "Orders" and part two, section 2; recordings of invoices and erp-orders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.magento.deduction import deduct, spread
from sandbox.magento.errors import Refusal
from sandbox.magento.invoice_rules import DONE, Charged, charged, faults, invoice_amounts, line_amounts, total
from sandbox.magento.order_lines import amount, is_virtual
from sandbox.magento.order_states import after_invoicing
from sandbox.magento.orders import NO_ENTITY, order_of, put_columns
from sandbox.magento.reservations import INVOICED, Moved, reserve, sku_of, stock_of
from sandbox.magento.routes import Call, Route
from sandbox.magento.sales_records import Invoice, Line, Order
from sandbox.magento.sales_tables import INVOICE, INVOICE_ITEM, ZERO, Row, columns_of, money
from sandbox.magento.search import SEARCH, found, result
from sandbox.magento.state import Shop
from sandbox.magento.typed import BOOL, INT, TEXT, Data, Parameter, anything, listed

INVALID = "Invoice Document Validation Error(s):\n"
PAID = 2
COPIED = (
    *("base_currency_code", "global_currency_code", "order_currency_code", "store_currency_code"),
    *("base_to_global_rate", "base_to_order_rate", "store_to_base_rate", "store_to_order_rate"),
    *("billing_address_id", "discount_description", "store_id"),
)
BOOKED = (
    *(("subtotal_invoiced", "subtotal"), ("tax_invoiced", "tax_amount"), ("discount_invoiced", "discount_amount")),
    ("discount_tax_compensation_invoiced", "discount_tax_compensation_amount"),
    *(("total_invoiced", "grand_total"), ("total_paid", "grand_total"), ("shipping_invoiced", "shipping_amount")),
)
_SALES = "Magento\\Sales\\Api\\Data\\"
ITEM_DATA = Data(
    f"{_SALES}InvoiceItemCreationInterface", {"order_item_id": INT, "qty": money, "extension_attributes": anything}
)
COMMENT_DATA = Data(
    f"{_SALES}InvoiceCommentCreationInterface",
    {"comment": TEXT, "is_visible_on_front": INT, "extension_attributes": anything},
)
COLUMNS = columns_of(INVOICE)


def invoice(call: Call) -> str:
    """Make an invoice for an order; return its id."""
    shop, given = call.shop, call.given
    order = order_of(shop, given["orderId"])
    lines = charged(order, given["items"] or [])
    found_faults = faults(order, lines)
    if found_faults:
        raise Refusal(400, INVALID + "\n".join(found_faults))
    made = _document(shop, order, lines, given)
    shop.sales.invoices[made.row["entity_id"]] = made
    for (line, quantity), item in zip(lines, made.items, strict=True):
        _book_line(shop, line, quantity, item)
    _book_order(shop, order, made.row)
    made.moved = _deliver(shop, order, lines)
    after_invoicing(shop, order)
    return str(made.row["entity_id"])


def _document(shop: Shop, order: Order, lines: Charged, given: dict[str, Any]) -> Invoice:
    number = shop.next_id("invoice")
    items = [_item(shop, number, line, quantity) for line, quantity in lines]
    row = {
        **{name: order.row.get(name) for name in COPIED},
        **invoice_amounts(order, items),
        "entity_id": number,
        "increment_id": shop.sales.increment("invoice"),
        "order_id": order.id,
        "shipping_address_id": (order.address("shipping") or {}).get("entity_id"),
        "total_qty": total(lines),
        "state": PAID,
        "can_void_flag": 0,
        "email_sent": 1 if given["notify"] else None,
        "created_at": shop.now(),
        "updated_at": shop.now(),
    }
    made = Invoice(INVOICE.stored(row), items)
    comment = given["comment"] or {}
    if comment.get("comment"):
        made.comments.append(_comment(shop, number, given, comment))
    return made


def _comment(shop: Shop, number: int, given: dict[str, Any], comment: dict[str, Any]) -> Row:
    return {
        "is_customer_notified": int(bool(given["appendComment"] and given["notify"])),
        "parent_id": number,
        "comment": comment["comment"],
        "is_visible_on_front": comment.get("is_visible_on_front") or 0,
        "created_at": shop.now(),
        "entity_id": shop.next_id("invoice comment"),
    }


def _item(shop: Shop, number: int, line: Line, quantity: Decimal) -> Row:
    row = {name: line.row.get(name) for name in ("name", "product_id", "sku", "base_cost")}
    row |= {"entity_id": shop.next_id("invoice item"), "parent_id": number, "order_item_id": line.id}
    return INVOICE_ITEM.stored({**row, "qty": quantity, **line_amounts(line, quantity)})


def _book_line(shop: Shop, line: Line, quantity: Decimal, item: Row) -> None:
    row = line.row
    row["qty_invoiced"] = row["qty_invoiced"] + quantity
    for base in ("", "base_"):
        for name, done in DONE.items():
            row[f"{base}{done}"] = amount(row, f"{base}{done}") + amount(item, f"{base}{name}")
    row["weee_tax_applied"] = "[]"
    row["updated_at"] = shop.now()


def _book_order(shop: Shop, order: Order, row: Row) -> None:
    booked = {
        f"{base}{name}": amount(order.row, f"{base}{name}") + amount(row, f"{base}{source}")
        for name, source in BOOKED
        for base in ("", "base_")
    }
    put_columns(shop, order, {**booked, "base_total_invoiced_cost": ZERO})
    payment = order.payments[-1]
    for base in ("", "base_"):
        for name, source in (("amount_paid", "grand_total"), ("shipping_captured", "shipping_amount")):
            payment[f"{base}{name}"] = amount(payment, f"{base}{name}") + amount(row, f"{base}{source}")


def _deliver(shop: Shop, order: Order, lines: Charged) -> list[tuple[str, Moved]]:
    """Deduct products that do not ship from their source, if a source has enough."""
    stock = stock_of(shop, order)
    if stock is None or not shop.settings.msi:
        return []
    moved = [(sku_of(shop, line), quantity) for line, quantity in lines if is_virtual(line) and not line.children]
    taken = spread(shop, stock, moved)
    for code, one in taken:
        deduct(shop, code, [one])
        reserve(shop, order, [one], INVOICED)
    return taken


def invoice_shown(made: Invoice) -> dict[str, Any]:
    """Return an invoice."""
    items = [INVOICE_ITEM.shown(row) for row in made.items]
    return {**INVOICE.shown(made.row), "items": items, "comments": [dict(row) for row in made.comments]}


def get(call: Call) -> dict[str, Any]:
    """Return one invoice."""
    made = call.shop.sales.invoices.get(call.given["id"])
    if made is None:
        raise Refusal(404, NO_ENTITY)
    return invoice_shown(made)


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested invoices."""
    asked = call.given["searchCriteria"]
    items, number = found(call.shop.sales.invoices.values(), COLUMNS, asked)
    return result([invoice_shown(one) for one in items], asked, number)


_READ: dict[str, Any] = {"resource": "Magento_Sales::sales_invoice"}
ROUTES = (
    Route(
        "POST",
        "order/:orderId/invoice",
        invoice,
        (
            Parameter("orderId", INT),
            Parameter("capture", BOOL, required=False, default=False),
            Parameter("items", listed(ITEM_DATA), required=False),
            Parameter("notify", BOOL, required=False, default=False),
            Parameter("appendComment", BOOL, required=False, default=False),
            Parameter("comment", COMMENT_DATA, required=False),
            Parameter("arguments", anything, required=False),
        ),
        resource="Magento_Sales::invoice",
        interface="Magento\\Sales\\Api\\InvoiceOrderInterface",
        operation="execute",
        implementation="Magento\\Sales\\Model\\InvoiceOrder",
    ),
    Route("GET", "invoices", get_list, (SEARCH,), **_READ),
    Route("GET", "invoices/:id", get, (Parameter("id", INT),), **_READ),
)
