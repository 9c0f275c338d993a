"""Changes of drop-ship orders to vendors and of their receipts, and the archiving of documents."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.acumatica.document_types import (
    DROP_SHIP,
    Order,
    OrderLine,
    PurchaseLine,
    PurchaseOrder,
    Receipt,
    ReceiptLine,
)
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.given import Given, day_of, known, moment_of, quantity_of
from sandbox.acumatica.moves import moving
from sandbox.acumatica.order_changes import order_of
from sandbox.acumatica.purchases import received
from sandbox.acumatica.values import PRICE_PLACES, scaled

ORDER_NAMES = "purchase_order order_type order_nbr lines vendor vendor_ref date status created modified"
RECEIPT_NAMES = "receipt_nbr purchase_order lines vendor_ref date release created modified"
ARCHIVED = {"SalesOrder": "orders", "Shipment": "shipments", "SalesInvoice": "invoices"}


def _made(receipt: Receipt) -> dict[str, Any]:
    return {"receipt_nbr": receipt.number, "id": receipt.note_id, "status": receipt.status}


def _add_purchase_order(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, ORDER_NAMES, "a purchase order")
    state, moment = documents.state, moment_of(documents.state, given)
    order = order_of(documents, given)
    wanted = {int(one["line_nbr"]): one for one in given.get("lines", ())}
    chosen = [line for line in order.lines if line.drop_ship and (not wanted or line.number in wanted)]
    if not chosen or len(chosen) < len(wanted):
        raise ValueError(f"The order {order.type} {order.number} has no such lines for a drop-shipment.")
    number = str(given.get("purchase_order") or "") or documents.next_number(
        "purchase order", lambda text: documents.purchases.has(DROP_SHIP, text)
    )
    purchase = PurchaseOrder(
        number=number,
        vendor=str(given.get("vendor") or chosen[0].vendor),
        day=day_of(given, "date") or documents.today(),
        note_id=state.guid(),
        created=moment_of(state, given, "created") if "created" in given else moment,
        modified=moment,
        vendor_ref=str(given.get("vendor_ref") or ""),
        status=str(given.get("status") or "Open"),
    )
    purchase.lines = [
        _line(documents, place, order, line, wanted.get(line.number, {})) for place, line in enumerate(chosen, start=1)
    ]
    documents.purchases.add(purchase)
    order.purchases.append(purchase)
    return {"purchase_order": number, "id": purchase.note_id}


def _line(documents: Documents, place: int, order: Order, line: OrderLine, given: Given) -> PurchaseLine:
    quantity4 = quantity_of(given) if "quantity" in given else line.quantity4
    cost6 = scaled(given["unit_cost"], PRICE_PLACES, "unit_cost") if "unit_cost" in given else line.price6 // 2
    return PurchaseLine(place, order, line, quantity4, cost6, documents.state.guid())


def _set_purchase_order(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, "purchase_order vendor_ref status modified", "a purchase order")
    purchase: PurchaseOrder = documents.purchases.get(DROP_SHIP, given["purchase_order"])
    purchase.vendor_ref = str(given.get("vendor_ref", purchase.vendor_ref) or "")
    purchase.status = str(given.get("status", purchase.status))
    purchase.modified = moment_of(documents.state, given)
    documents.state.changed()
    return {"purchase_order": purchase.number, "id": purchase.note_id}


def _add_purchase_receipt(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, RECEIPT_NAMES, "a purchase receipt")
    state, moment = documents.state, moment_of(documents.state, given)
    purchase: PurchaseOrder = documents.purchases.get(DROP_SHIP, given["purchase_order"])
    wanted = {int(one["line_nbr"]): one for one in given.get("lines", ())}
    lines: list[ReceiptLine] = []
    for line in purchase.lines:
        one = wanted.get(line.number, {}) if wanted else {}
        left = line.quantity4 - received(purchase, line)
        quantity4 = quantity_of(one) if "quantity" in one else left
        if quantity4 > 0 and (not wanted or line.number in wanted):
            lines.append(ReceiptLine(len(lines) + 1, purchase, line, quantity4, state.guid()))
    if not lines:
        raise ValueError("there is nothing left to receive.")
    number = str(given.get("receipt_nbr") or "") or documents.next_number(
        "receipt", lambda text: documents.receipts.has("Receipt", text)
    )
    receipt = Receipt(
        number=number,
        vendor=purchase.vendor,
        day=day_of(given, "date") or documents.today(),
        note_id=state.guid(),
        created=moment_of(state, given, "created") if "created" in given else moment,
        modified=moment,
        vendor_ref=str(given.get("vendor_ref") or ""),
        lines=lines,
    )
    with moving(documents, receipt.orders, moment, settle=False):
        documents.receipts.add(receipt)
        purchase.receipts.append(receipt)
        for order in receipt.orders:
            order.receipts.append(receipt)
    return _released(documents, receipt, moment) if given.get("release") else _made(receipt)


def _release_purchase_receipt(documents: Documents, given: Any) -> dict[str, Any]:
    receipt: Receipt = documents.receipts.get("Receipt", given["receipt_nbr"] if isinstance(given, Mapping) else given)
    if receipt.released:
        raise ValueError(f"The receipt {receipt.number} is released already.")
    return _released(documents, receipt, moment_of(documents.state, given if isinstance(given, Mapping) else {}))


def _released(documents: Documents, receipt: Receipt, moment: datetime) -> dict[str, Any]:
    with moving(documents, receipt.orders, moment):
        receipt.status, receipt.modified = "Released", moment
        for purchase in dict.fromkeys(line.purchase for line in receipt.lines):
            if all(received(purchase, line) >= line.quantity4 for line in purchase.lines):
                purchase.status, purchase.modified = "Completed", moment
    return _made(receipt)


def _archive(documents: Documents, given: Given) -> dict[str, Any]:
    """Archive a document, or restore it with `archived` false. Its timestamp stays, because archiving only moves it."""
    known(given, "entity key archived", "archiving")
    book = getattr(documents, ARCHIVED[str(given["entity"])])
    found = book.get(*str(given["key"]).split("/"))
    found.archived = bool(given.get("archived", True))
    documents.state.changed()
    return {"entity": given["entity"], "key": given["key"], "archived": found.archived}


PURCHASE_CHANGES: dict[str, Callable[[Documents, Any], dict[str, Any]]] = {
    "add_purchase_order": _add_purchase_order,
    "set_purchase_order": _set_purchase_order,
    "add_purchase_receipt": _add_purchase_receipt,
    "release_purchase_receipt": _release_purchase_receipt,
    "archive": _archive,
}
