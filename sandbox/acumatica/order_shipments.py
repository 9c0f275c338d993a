"""The rows of `SalesOrder.Shipments`: shipments, released drop-ship receipts, and invoices without a shipment.

A drop-shipment has the receipt's number and NoteID; an invoice without a shipment has no number, as recorded on 22.200
(`acumatica-observed.md`, §5.4). The rows' ids are new in every call.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

from sandbox.acumatica.document_types import Invoice, Order, Receipt, Shipment
from sandbox.acumatica.forms import Row, entries
from sandbox.acumatica.records import Part
from sandbox.acumatica.sums import shipped_quantity
from sandbox.acumatica.tables import fields
from sandbox.acumatica.values import midnight, quantity

KINDS = {
    **dict.fromkeys(
        (
            "InventoryDocType",
            "InventoryRefNbr",
            "InvoiceNbr",
            "InvoiceType",
            "ShipmentNbr",
            "ShipmentType",
            "Status",
        ),
        "String",
    ),
    **dict.fromkeys(("ShippedQty", "ShippedVolume", "ShippedWeight"), "Decimal"),
    **dict.fromkeys(("InventoryNoteID", "OrderNoteID", "ShippingNoteID"), "Guid"),
    **dict.fromkeys(("LastModifiedDateTime", "ShipmentDate"), "DateTimeOffset"),
}


class Source(NamedTuple):
    """The document behind a row."""

    kind: str
    number: str
    note_id: str | None
    status: str
    day: datetime | None
    quantity4: int
    invoice: Invoice | None
    modified: datetime
    issue: str = ""


def invoice_of(order: Order, invoices: Iterable[Invoice]) -> Invoice | None:
    """Return the invoice that has lines of the order."""
    return next((one for one in invoices if order in one.orders), None)


def sources(order: Order, zone: tzinfo) -> list[Source]:
    """Return the documents behind the rows of an order, by number."""
    found = [_of_shipment(order, one, zone) for one in order.shipments]
    found += [_of_receipt(order, one, zone) for one in order.receipts if one.released]
    direct = [one for one in order.invoices if any(not line.shipment_nbr for line in one.lines if line.order is order)]
    found += [_of_invoice(order, one) for one in direct]
    return sorted(found, key=lambda one: one.number)


def _of_shipment(order: Order, shipment: Shipment, zone: tzinfo) -> Source:
    invoice = invoice_of(order, shipment.invoices)
    quantity4 = shipped_quantity(shipment, order)
    return Source(
        shipment.type,
        shipment.number,
        shipment.note_id,
        shipment.status,
        midnight(shipment.day, zone),
        quantity4,
        invoice,
        max(shipment.modified, invoice.modified) if invoice is not None else shipment.modified,
        shipment.issue,
    )


def _of_receipt(order: Order, receipt: Receipt, zone: tzinfo) -> Source:
    quantity4 = sum(line.quantity4 for line in receipt.lines if line.purchase_line.order is order)
    return Source(
        "Drop-Shipment",
        receipt.number,
        receipt.note_id,
        "Receipted",
        midnight(receipt.day, zone),
        quantity4,
        invoice_of(order, receipt.invoices),
        receipt.modified,
    )


def _of_invoice(order: Order, invoice: Invoice) -> Source:
    quantity4 = sum(line.quantity4 for line in invoice.lines if line.order is order and not line.shipment_nbr)
    return Source("Invoice", "", None, "", None, quantity4, invoice, invoice.modified)


def invoice_columns(invoice: Invoice | None, issue: str = "") -> Row:
    """Return the columns that name the invoice and, once it is released or `issue` was posted separately, the issue."""
    posted = issue or (invoice.number if invoice is not None and invoice.released else None)
    return {
        "InventoryDocType": "Issue" if posted else None,
        "InventoryRefNbr": posted,
        "InvoiceNbr": invoice.number if invoice is not None else None,
        "InvoiceType": invoice.type if invoice is not None else None,
    }


def _row(order: Order, source: Source) -> Row:
    return {
        **invoice_columns(source.invoice, source.issue),
        "InventoryNoteID": None,
        "LastModifiedDateTime": source.modified,
        "OrderNoteID": order.note_id,
        "ShipmentDate": source.day,
        "ShipmentNbr": source.number,
        "ShipmentType": source.kind,
        "ShippedQty": quantity(source.quantity4),
        "ShippedVolume": quantity(0),
        "ShippedWeight": quantity(0),
        "ShippingNoteID": source.note_id,
        "Status": source.status,
    }


def shipments_part(zone: tzinfo) -> Part:
    """Return the collection Shipments of an order."""

    def rows(order: Order) -> list[Row]:
        return [_row(order, source) for source in sources(order, zone)]

    return Part(fields(*entries(**KINDS)), rows)
