"""Changes of sales invoices: prepared for shipments, for released drop-ship receipts, or straight from an order.

Preparing makes a shipment Invoiced (Partially Invoiced while one of its orders is not), releasing makes it Completed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.acumatica import sums
from sandbox.acumatica.document_types import Invoice, InvoiceLine, Order, OrderLine, Receipt, Shipment
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import settable
from sandbox.acumatica.given import Given, day_of, known, moment_of
from sandbox.acumatica.moves import moving
from sandbox.acumatica.order_changes import order_of
from sandbox.acumatica.order_line_changes import RETURNS
from sandbox.acumatica.sales_invoices import PRESET
from sandbox.acumatica.shipment_changes import shipment_of
from sandbox.acumatica.values import MONEY_PLACES, scaled, stamped

NAMES = (
    "type reference_nbr shipments receipts orders date hold release tax freight created modified fields custom archived"
)
Billed = tuple[Order, OrderLine, int, str, str]


def invoice_of(documents: Documents, given: Any) -> Invoice:
    """Return the invoice that a change names, by `type` and `reference_nbr` or by the number alone."""
    names = given if isinstance(given, Mapping) else {"reference_nbr": given}
    invoice: Invoice = documents.invoices.get(names.get("type") or "Invoice", names["reference_nbr"])
    return invoice


def _made(invoice: Invoice) -> dict[str, Any]:
    return {"type": invoice.type, "reference_nbr": invoice.number, "id": invoice.note_id, "status": invoice.status}


def _add_invoice(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, NAMES, "an invoice")
    state, moment = documents.state, moment_of(documents.state, given)
    shipments = [shipment_of(documents, one) for one in given.get("shipments", ())]
    receipts = [documents.receipts.get("Receipt", one) for one in given.get("receipts", ())]
    _check(shipments, receipts)
    wished = [order_of(documents, one) for one in given.get("orders", ())]
    billed = _billed(shipments, receipts, wished)
    orders = list(dict.fromkeys(order for order, *_ in billed))
    if not billed or len({order.customer for order in orders}) != 1:
        raise ValueError("an invoice needs something to invoice, of one customer.")
    returned = any(shipment.operation == "Receipt" for shipment in shipments) or (
        not shipments and all(order.type in RETURNS for order in orders)
    )
    kind = str(given.get("type") or ("Credit Memo" if returned else "Invoice"))
    number = str(given.get("reference_nbr") or "") or documents.next_number(
        "invoice", lambda text: documents.invoices.has(kind, text)
    )
    freight = sum(order.freight4 + order.premium4 for order in orders if not order.invoices)
    tax = sum(_tax_share(order, billed) for order in orders)
    invoice = Invoice(
        type=kind,
        number=number,
        customer=orders[0].customer,
        day=day_of(given, "date") or documents.today(),
        note_id=state.guid(),
        created=moment_of(state, given, "created") if "created" in given else moment,
        modified=moment,
        status="On Hold" if given.get("hold") else "Balanced",
        bill_to=orders[0].bill_to,
        freight4=scaled(given["freight"], MONEY_PLACES, "freight") if "freight" in given else freight,
        discount4=sum(order.discount4 for order in orders if not order.invoices),
        tax4=scaled(given["tax"], MONEY_PLACES, "tax") if "tax" in given else tax,
        archived=bool(given.get("archived", False)),
        shipments=shipments,
        receipts=receipts,
        extra=settable(PRESET, dict(given.get("fields") or {}), "an invoice"),
        custom=dict(given.get("custom") or {}),
    )
    invoice.lines = [_line(documents, place, one) for place, one in enumerate(billed, start=1)]
    documents.invoices.add(invoice)
    for held in _lists(invoice):
        held.append(invoice)
    _follow(documents, invoice, moment)
    return _released(documents, invoice, moment) if given.get("release") else _made(invoice)


def _lists(invoice: Invoice) -> list[list[Invoice]]:
    """Return the lists of invoices that contain it: those of its orders, shipments and receipts."""
    several = [one.invoices for one in invoice.orders] + [one.invoices for one in invoice.shipments]
    return several + [one.invoices for one in invoice.receipts]


def _check(shipments: list[Shipment], receipts: list[Receipt]) -> None:
    for shipment in shipments:
        if shipment.status not in ("Confirmed", "Partially Invoiced"):
            raise ValueError(f"The shipment {shipment.number} is {shipment.status}, not Confirmed.")
    for receipt in receipts:
        if not receipt.released or receipt.invoices:
            raise ValueError(f"The receipt {receipt.number} is not released, or invoiced already.")


def _billed(shipments: list[Shipment], receipts: list[Receipt], wished: list[Order]) -> list[Billed]:
    """Return the lines to invoice. Orders that are named together with shipments select among these; orders alone are
    invoiced as a whole.
    """
    found: list[Billed] = []
    for shipment in shipments:
        done = [order for invoice in shipment.invoices for order in invoice.orders]
        found += [
            (line.order, line.order_line, line.quantity4, line.uom, shipment.number)
            for line in shipment.lines
            if line.order not in done and (not wished or line.order in wished)
        ]
    for receipt in receipts:
        for one in receipt.lines:
            ordered = one.purchase_line
            found.append((ordered.order, ordered.order_line, one.quantity4, ordered.order_line.uom, receipt.number))
    for order in wished if not shipments and not receipts else ():
        for own in order.lines:
            left = own.quantity4 - sums.invoiced(order, own)
            if left:
                found.append((order, own, left, own.uom, ""))
    return found


def _amount(order_line: OrderLine, quantity4: int, uom: str) -> int:
    if not order_line.quantity4:
        return 0
    ordered = sums.base_quantity(order_line.item, order_line.quantity4, order_line.uom)
    sent = sums.base_quantity(order_line.item, quantity4, uom)
    return sums.ratio(sums.line_amount(order_line), sent, ordered, sums.CENT)


def _tax_share(order: Order, billed: list[Billed]) -> int:
    """Return the order's tax in proportion to the invoiced part of it."""
    whole = sums.line_total(order)
    part = sum(_amount(line, quantity4, uom) for one, line, quantity4, uom, _ in billed if one is order)
    return sums.ratio(sums.tax_total(order), part, whole, sums.CENT) if whole else 0


def _line(documents: Documents, place: int, billed: Billed) -> InvoiceLine:
    order, line, quantity4, uom, shipment_nbr = billed
    return InvoiceLine(
        number=place,
        item=line.item,
        quantity4=quantity4,
        uom=uom,
        price6=line.price6,
        amount4=_amount(line, quantity4, uom),
        note_id=documents.state.guid(),
        description=line.description,
        order=order,
        order_line=line,
        shipment_nbr=shipment_nbr,
        site=line.site,
    )


def _follow(documents: Documents, invoice: Invoice, moment: datetime) -> None:
    """Update the statuses of the invoice's shipments and orders after it was created, released or deleted."""
    with moving(documents, invoice.orders, moment):
        for shipment in invoice.shipments:
            status = _shipment_status(shipment)
            shipment.posted = shipment.posted or status == "Completed"
            if status != shipment.status:
                shipment.status, shipment.modified = status, moment


def _shipment_status(shipment: Shipment) -> str:
    done = {order for invoice in shipment.invoices for order in invoice.orders}
    if not done:
        return "Confirmed"
    if any(order not in done for order in shipment.orders):
        return "Partially Invoiced"
    return "Completed" if all(invoice.released for invoice in shipment.invoices) else "Invoiced"


def _release_invoice(documents: Documents, given: Any) -> dict[str, Any]:
    invoice = invoice_of(documents, given)
    if invoice.released:
        raise ValueError(f"The invoice {invoice.number} is {invoice.status}.")
    moment = moment_of(documents.state, given if isinstance(given, Mapping) else {})
    return _released(documents, invoice, moment)


def _released(documents: Documents, invoice: Invoice, moment: datetime) -> dict[str, Any]:
    invoice.status, invoice.modified = "Open", moment
    _follow(documents, invoice, moment)
    return _made(invoice)


def _pay_invoice(documents: Documents, given: Any) -> dict[str, Any]:
    invoice = invoice_of(documents, given)
    if not invoice.released:
        raise ValueError(f"The invoice {invoice.number} is {invoice.status}.")
    invoice.status, invoice.paid4 = "Closed", sums.invoice_total(invoice)
    invoice.modified = moment_of(documents.state, given if isinstance(given, Mapping) else {})
    documents.state.changed()
    return _made(invoice)


def _remove_invoice(documents: Documents, given: Any) -> dict[str, Any]:
    invoice, moment = invoice_of(documents, given), stamped(documents.state.now())
    if invoice.released:
        raise ValueError(f"The invoice {invoice.number} is {invoice.status} and cannot be deleted.")
    for held in _lists(invoice):
        held.remove(invoice)
    documents.invoices.remove(invoice, moment)
    _follow(documents, invoice, moment)
    return {"type": invoice.type, "reference_nbr": invoice.number}


INVOICE_CHANGES: dict[str, Callable[[Documents, Any], dict[str, Any]]] = {
    "add_invoice": _add_invoice,
    "release_invoice": _release_invoice,
    "pay_invoice": _pay_invoice,
    "remove_invoice": _remove_invoice,
}
