"""The entity SalesInvoice, in the form recorded on endpoint 22.200 with the timestamps that 24.200 adds."""

from collections.abc import Iterator
from datetime import timedelta, tzinfo
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid5

from sandbox.acumatica import sums
from sandbox.acumatica.contacts import party_parts
from sandbox.acumatica.document_types import Invoice, InvoiceLine
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import (
    Row,
    amounts,
    blank,
    constants,
    custom,
    entries,
    flags,
    moments,
    no,
    note_id,
    numbers,
    presets,
    quantities,
    texts,
    unit_prices,
    zero,
)
from sandbox.acumatica.records import Entity, Part, linked
from sandbox.acumatica.state import CURRENCY, LOCATION
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import IMPORTED, amount, collate, midnight, quantity

GRAPH = "PX.Objects.SO.SOInvoiceEntry"
TERM = timedelta(days=30)
PRESET: Row = blank("Description ExternalRef") | no("CreditHold IsTaxValid") | zero("CashDiscount") | {"Project": "X"}


class Line(NamedTuple):
    """A line with its invoice."""

    invoice: Invoice
    line: InvoiceLine


def _header(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            Currency=lambda one: CURRENCY,
            CustomerID=lambda one: one.customer.code,
            CustomerOrder=lambda one: one.orders[0].customer_order if one.orders else None,
            ReferenceNbr=lambda one: one.number,
            Status=lambda one: one.status,
            Type=lambda one: one.type,
        ),
        *flags(Hold=lambda one: one.status == "On Hold"),
        *moments(
            CreatedDate=lambda one: one.created,
            Date=lambda one: midnight(one.day, zone),
            DueDate=lambda one: midnight(one.day + TERM, zone) if one.type == "Invoice" else None,
            LastModifiedDate=lambda one: one.modified,
            LastModifiedDateTime=lambda one: one.modified,
        ),
        *amounts(
            Amount=sums.invoice_total,
            Balance=sums.invoice_balance,
            DetailTotal=sums.invoice_lines_total,
            DiscountTotal=lambda one: one.discount4,
            FreightPrice=lambda one: one.freight4,
            PaymentTotal=lambda one: one.paid4,
            TaxTotal=lambda one: one.tax4,
        ),
        *presets(PRESET),
    )


def _line_fields() -> dict[str, Field]:
    return fields(
        *texts(
            BranchID=lambda one: one.line.order.branch.code,
            Description=lambda one: "Sales Revenue",
            InventoryDocType=lambda one: "Issue" if one.line.shipment_nbr and one.invoice.released else None,
            InventoryID=lambda one: one.line.item.inventory_id,
            InventoryRefNbr=lambda one: one.invoice.number if one.line.shipment_nbr and one.invoice.released else None,
            Location=lambda one: LOCATION if one.line.item.stock else None,
            OrderNbr=lambda one: one.line.order.number,
            OrderType=lambda one: one.line.order.type,
            ShipmentNbr=lambda one: one.line.shipment_nbr,
            TransactionDescr=lambda one: one.line.description,
            UOM=lambda one: one.line.uom,
            WarehouseID=lambda one: one.line.site.code if one.line.site is not None else None,
        ),
        *numbers(LineNbr=lambda one: one.line.number, OrderLineNbr=lambda one: one.line.order_line.number),
        *amounts(Amount=lambda one: one.line.amount4, DiscountAmount=lambda one: 0),
        *unit_prices(DiscountPercent=lambda one: 0, UnitPrice=lambda one: one.line.price6),
        *quantities(Qty=lambda one: one.line.quantity4),
        *constants(
            blank(
                "CalculateDiscountsOnImport CostCode ExpirationDate LotSerialNbr OrigInvLineNbr OrigInvNbr "
                "OrigInvType ProjectTask"
            )
        ),
        *constants({"TaxCategory": "EXEMPT"}),
    )


def _lines(invoice: Invoice) -> Iterator[Line]:
    for line in invoice.lines:
        yield Line(invoice, line)


def _freight(invoice: Invoice) -> Iterator[Row]:
    for place, shipment in enumerate(invoice.shipments):
        freight = amount(invoice.freight4 if place == 0 else 0)
        lines = sum(line.amount4 for line in invoice.lines if line.shipment_nbr == shipment.number)
        yield {
            "Description": "Freight",
            "id": str(uuid5(NAMESPACE_OID, f"{invoice.note_id}/{shipment.number}")),
            "FreightAmount": freight,
            "FreightCost": amount(0),
            "LineTotal": amount(lines),
            "PremiumFreightAmount": amount(0),
            "ShipmentNbr": shipment.number,
            "ShipmentType": shipment.type,
            "TotalFreightAmount": freight,
            "Volume": quantity(0),
            "Weight": quantity(0),
        }


FREIGHT = fields(
    *entries(
        **dict.fromkeys(("Description", "ShipmentNbr", "ShipmentType"), "String"),
        **dict.fromkeys(
            (
                "FreightAmount",
                "FreightCost",
                "LineTotal",
                "PremiumFreightAmount",
                "TotalFreightAmount",
                "Volume",
                "Weight",
            ),
            "Decimal",
        ),
    )
)
BILLING = fields(
    *flags(
        BillToAddressOverride=lambda one: one.bill_to.override,
        BillToContactOverride=lambda one: one.bill_to.override,
    )
)


def sales_invoice_entity(documents: Documents, zone: tzinfo) -> Entity:
    """Return the entity SalesInvoice."""
    book = documents.invoices
    bill_to = party_parts(lambda one: one.bill_to, "BillTo")
    parts = {
        "BillingSettings": Part(BILLING, lambda one: [one], many=False, parts=bill_to),
        "Details": Part(
            _line_fields(),
            _lines,
            "Transactions",
            lambda pair: str(pair.line.note_id),
            noted=lambda pair: pair.invoice.created == IMPORTED,
        ),
        "FreightDetails": Part(FREIGHT, _freight, "FreightDetails", lambda row: str(row["id"])),
        **bill_to,
    }
    lead = documents.state.remembered(lambda: [collate(one.type) for one in book.rows()])
    table = Table(
        "SalesInvoice",
        "SalesInvoice",
        ("Type", "ReferenceNbr"),
        _header(zone),
        book.rows,
        lead,
        linked("SalesInvoice", parts),
        custom,
    )
    return Entity(
        "SalesInvoice",
        table,
        GRAPH,
        "Document",
        note_id,
        parts,
        find=book.find,
        archived=lambda one: bool(one.archived),
        form=("Invoices", "SO303000"),
    )
