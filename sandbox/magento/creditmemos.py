"""Credit memos: made offline for an order or for one of its invoices, read by id and by search criteria.

Source: Magento's RefundOrder, RefundInvoice and RefundOperation; Adobe's description of the API. There are no
recordings of them.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.credit_rules import (
    SHARED,
    Refunded,
    TooMuchShipping,
    faults,
    line_amounts,
    memo_amounts,
    refunded,
)
from sandbox.magento.errors import Refusal
from sandbox.magento.invoices import COPIED
from sandbox.magento.order_lines import amount
from sandbox.magento.order_states import after_refund
from sandbox.magento.orders import NO_ENTITY, add_history, order_of, put_columns
from sandbox.magento.returns import put_back
from sandbox.magento.routes import Call, Route
from sandbox.magento.sales_records import CreditMemo, Invoice, Order
from sandbox.magento.sales_tables import CREDITMEMO, CREDITMEMO_ITEM, Row, columns_of, money
from sandbox.magento.search import SEARCH, found, result
from sandbox.magento.state import Shop
from sandbox.magento.typed import BOOL, INT, TEXT, Data, Parameter, anything, ints, listed

INVALID = "Creditmemo Document Validation Error(s):\n"
NOT_OF_ORDER = "The return to stock argument contains product item that is not part of the original order."
NOT_OF_MEMO = 'The "{sku}" product is not part of the current creditmemo.'
REFUNDED = 2
BOOKED = {
    "total_refunded": "grand_total",
    "total_offline_refunded": "grand_total",
    "subtotal_refunded": "subtotal",
    "tax_refunded": "tax_amount",
    "discount_refunded": "discount_amount",
    "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
    "shipping_refunded": "shipping_amount",
    "shipping_tax_refunded": "shipping_tax_amount",
    "adjustment_positive": "adjustment_positive",
    "adjustment_negative": "adjustment_negative",
}
PAYMENT = {"amount_refunded": "grand_total", "shipping_refunded": "shipping_amount"}
_SALES = "Magento\\Sales\\Api\\Data\\"
ITEM_DATA = Data(
    f"{_SALES}CreditmemoItemCreationInterface", {"order_item_id": INT, "qty": money, "extension_attributes": anything}
)
COMMENT_DATA = Data(
    f"{_SALES}CreditmemoCommentCreationInterface",
    {"comment": TEXT, "is_visible_on_front": INT, "extension_attributes": anything},
)
ARGUMENTS_DATA = Data(
    f"{_SALES}CreditmemoCreationArgumentsInterface",
    {
        **dict.fromkeys(("shipping_amount", "adjustment_positive", "adjustment_negative"), money),
        "extension_attributes": Data(
            f"{_SALES}CreditmemoCreationArgumentsExtensionInterface", {"return_to_stock_items": ints}
        ),
    },
)
COLUMNS = columns_of(CREDITMEMO)


def refund_order(call: Call) -> str:
    """Make a credit memo for an order; return its id."""
    return _refund(call, order_of(call.shop, call.given["orderId"]), None)


def refund_invoice(call: Call) -> str:
    """Make a credit memo for an invoice; return its id."""
    invoice = call.shop.sales.invoices.get(call.given["invoiceId"])
    if invoice is None:
        raise Refusal(404, NO_ENTITY)
    return _refund(call, order_of(call.shop, invoice.row["order_id"]), invoice)


def _refund(call: Call, order: Order, invoice: Invoice | None) -> str:
    shop, given = call.shop, call.given
    arguments = given["arguments"] or {}
    before = [one for one in shop.sales.creditmemos.values() if one.row["order_id"] == order.id]
    lines = refunded(order, given["items"] or [], invoice, before)
    items = [_item(line_amounts(line, quantity), line.row, quantity) for line, quantity in lines]
    try:
        amounts = memo_amounts(order, invoice, items, arguments)
    except TooMuchShipping as fault:
        raise Refusal(400, str(fault)) from None
    wanted = (arguments.get("extension_attributes") or {}).get("return_to_stock_items") or []
    wrong = faults(order, invoice, lines, amounts) + _wrong_returns(order, lines, wanted)
    if wrong:
        raise Refusal(400, INVALID + "\n".join(wrong))
    memo = _document(shop, order, invoice, {**amounts}, given)
    memo.items = [CREDITMEMO_ITEM.stored({**row, **_ids(shop, memo)}) for row in items]
    shop.sales.creditmemos[memo.row["entity_id"]] = memo
    _book(shop, order, lines, items, memo.row)
    if invoice is not None:
        total = amount(invoice.row, "base_total_refunded") + amounts["base_grand_total"]
        invoice.row |= {"is_used_for_refund": 1, "base_total_refunded": total}
    put_back(shop, order, lines, wanted)
    after_refund(shop, order)
    return str(memo.row["entity_id"])


def _item(amounts: Row, line: Row, quantity: Any) -> Row:
    row = {name: line.get(name) for name in ("name", "product_id", "sku", "base_cost")}
    return {**row, **amounts, "order_item_id": line["item_id"], "qty": quantity}


def _ids(shop: Shop, memo: CreditMemo) -> Row:
    return {"entity_id": shop.next_id("creditmemo item"), "parent_id": memo.row["entity_id"]}


def _wrong_returns(order: Order, lines: Refunded, wanted: list[int]) -> list[str]:
    by_id, taken = {line.id: line for line in order.lines}, {line.id for line, _quantity in lines}
    if any(number not in by_id for number in wanted):
        return [NOT_OF_ORDER]
    return [NOT_OF_MEMO.format(sku=by_id[number].row["sku"]) for number in wanted if number not in taken]


def _document(shop: Shop, order: Order, invoice: Invoice | None, amounts: Row, given: dict[str, Any]) -> CreditMemo:
    number = shop.next_id("creditmemo")
    row = {
        **{name: order.row.get(name) for name in COPIED},
        **amounts,
        "entity_id": number,
        "increment_id": shop.sales.increment("creditmemo"),
        "order_id": order.id,
        "invoice_id": None if invoice is None else invoice.row["entity_id"],
        "shipping_address_id": (order.address("shipping") or {}).get("entity_id"),
        "state": REFUNDED,
        "email_sent": 1 if given["notify"] else None,
        "created_at": shop.now(),
        "updated_at": shop.now(),
    }
    memo = CreditMemo(CREDITMEMO.stored(row))
    comment = given["comment"] or {}
    if comment.get("comment"):
        told = int(bool(given["appendComment"] and given["notify"]))
        ids = {"entity_id": shop.next_id("creditmemo comment"), "parent_id": number, "created_at": shop.now()}
        shown = {"comment": comment["comment"], "is_visible_on_front": comment.get("is_visible_on_front") or 0}
        memo.comments.append({"is_customer_notified": told, **shown, **ids})
    return memo


def _book(shop: Shop, order: Order, lines: Refunded, items: list[Row], memo: Row) -> None:
    """Add what was refunded to the order, its lines and its payment."""
    for (line, quantity), item in zip(lines, items, strict=True):
        row = line.row
        row["qty_refunded"] = amount(row, "qty_refunded") + quantity
        for base in ("", "base_"):
            for name, (_charged, given) in SHARED.items():
                row[f"{base}{given}"] = amount(row, f"{base}{given}") + amount(item, f"{base}{name}")
        row["updated_at"] = shop.now()
    bases = ("", "base_")
    put_columns(
        shop,
        order,
        {
            f"{base}{name}": amount(order.row, f"{base}{name}") + amount(memo, f"{base}{source}")
            for base in bases
            for name, source in BOOKED.items()
        },
    )
    payment = order.payments[-1] if order.payments else {}
    for base in bases:
        for name, source in PAYMENT.items():
            payment[f"{base}{name}"] = amount(payment, f"{base}{name}") + amount(memo, f"{base}{source}")
    text = f"We refunded ${amount(memo, 'base_grand_total'):,.2f} offline."
    add_history(shop, order, {"comment": text, "entity_name": "creditmemo", "status": order.row.get("status")})


def memo_shown(memo: CreditMemo) -> dict[str, Any]:
    """Return a credit memo."""
    items = [CREDITMEMO_ITEM.shown(row) for row in memo.items]
    return {**CREDITMEMO.shown(memo.row), "items": items, "comments": [dict(row) for row in memo.comments]}


def get(call: Call) -> dict[str, Any]:
    """Return one credit memo."""
    memo = call.shop.sales.creditmemos.get(call.given["id"])
    if memo is None:
        raise Refusal(404, NO_ENTITY)
    return memo_shown(memo)


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested credit memos."""
    asked = call.given["searchCriteria"]
    items, number = found(call.shop.sales.creditmemos.values(), COLUMNS, asked)
    return result([memo_shown(one) for one in items], asked, number)


_READ: dict[str, Any] = {"resource": "Magento_Sales::sales_creditmemo"}
_MAKE: dict[str, Any] = {"resource": "Magento_Sales::creditmemo", "operation": "execute"}
_SHARED = (
    Parameter("items", listed(ITEM_DATA), required=False),
    Parameter("notify", BOOL, required=False, default=False),
    Parameter("appendComment", BOOL, required=False, default=False),
    Parameter("comment", COMMENT_DATA, required=False),
    Parameter("arguments", ARGUMENTS_DATA, required=False),
)
ROUTES = (
    Route(
        "POST",
        "order/:orderId/refund",
        refund_order,
        (Parameter("orderId", INT), *_SHARED),
        interface="Magento\\Sales\\Api\\RefundOrderInterface",
        implementation="Magento\\Sales\\Model\\RefundOrder\\Interceptor",
        **_MAKE,
    ),
    Route(
        "POST",
        "invoice/:invoiceId/refund",
        refund_invoice,
        (Parameter("invoiceId", INT), Parameter("isOnline", BOOL, required=False, default=False), *_SHARED),
        interface="Magento\\Sales\\Api\\RefundInvoiceInterface",
        implementation="Magento\\Sales\\Model\\RefundInvoice\\Interceptor",
        **_MAKE,
    ),
    Route("GET", "creditmemos", get_list, (SEARCH,), **_READ),
    Route("GET", "creditmemo/:id", get, (Parameter("id", INT),), **_READ),
)
