"""The entities PurchaseOrder and PurchaseReceipt for drop-shipments, in the form recorded on endpoint 22.200.

A drop-shipment moves no stock; its released receipt is listed among the order's shipments.
"""

from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal
from typing import NamedTuple

from sandbox.acumatica import sums
from sandbox.acumatica.contacts import party_parts
from sandbox.acumatica.document_types import PurchaseLine, PurchaseOrder, Receipt, ReceiptLine
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import (
    Row,
    amounts,
    blank,
    constants,
    custom,
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
from sandbox.acumatica.state import CURRENCY
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import collate, midnight

ORDER_GRAPH = "PX.Objects.PO.POOrderEntry"
RECEIPT_GRAPH = "PX.Objects.PO.POReceiptEntry"
RATE = Decimal("1.00000000")
WHOLE = Decimal("100.00")
NO_PERCENT = Decimal("0.00")
DROP_SHIP_LINE = "Goods for Drop-Ship"
ORDER_PRESET: Row = (
    blank("CurrencyRateTypeID Description Owner VendorTaxZone")
    | no("IsTaxValid")
    | {"Branch": "HEADOFFICE", "Location": "MAIN", "Project": "X", "Terms": "30D"}
)
RECEIPT_PRESET: Row = (
    blank("CurrencyRateTypeID InventoryRefNbr Warehouse")
    | no("CreateBill ProcessReturnWithOriginalCost")
    | {"Branch": "HEADOFFICE", "Location": "MAIN"}
)


class Line(NamedTuple):
    """A line with its order to the vendor."""

    purchase: PurchaseOrder
    line: PurchaseLine


def _cost(line: PurchaseLine, quantity4: int) -> int:
    return sums.ratio(quantity4, line.cost6, 1_000_000, sums.CENT)


def _order_total(purchase: PurchaseOrder) -> int:
    return sum(_cost(line, line.quantity4) for line in purchase.lines)


def received(purchase: PurchaseOrder, wanted: PurchaseLine) -> int:
    """Return the quantity of a line on receipts."""
    lines = (line for receipt in purchase.receipts for line in receipt.lines)
    return sum(line.quantity4 for line in lines if line.purchase_line is wanted)


def _order_header(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            BaseCurrencyID=lambda one: CURRENCY,
            CurrencyID=lambda one: CURRENCY,
            OrderNbr=lambda one: one.number,
            Status=lambda one: one.status,
            Type=lambda one: one.type,
            VendorID=lambda one: one.vendor,
            VendorRef=lambda one: one.vendor_ref,
        ),
        *flags(Hold=lambda one: one.status == "On Hold"),
        *moments(
            CurrencyEffectiveDate=lambda one: midnight(one.day, zone),
            Date=lambda one: midnight(one.day, zone),
            LastModifiedDateTime=lambda one: one.modified,
            PromisedOn=lambda one: midnight(one.day, zone),
        ),
        *amounts(ControlTotal=_order_total, LineTotal=_order_total, OrderTotal=_order_total),
        *constants(zero("TaxTotal") | {"CurrencyRate": RATE, "CurrencyReciprocalRate": RATE}),
        *presets(ORDER_PRESET),
    )


def _order_lines(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            BranchID=lambda one: one.line.order.branch.code,
            InventoryID=lambda one: one.line.order_line.item.inventory_id,
            LineDescription=lambda one: one.line.order_line.description,
            OrderNbr=lambda one: one.purchase.number,
            OrderType=lambda one: "DP",
            UOM=lambda one: one.line.order_line.uom,
            WarehouseID=lambda one: one.line.order_line.site.code if one.line.order_line.site is not None else None,
        ),
        *numbers(LineNbr=lambda one: one.line.number),
        *flags(Completed=lambda one: received(*one) >= one.line.quantity4),
        *moments(
            Promised=lambda one: midnight(one.purchase.day, zone),
            Requested=lambda one: midnight(one.purchase.day, zone),
        ),
        *amounts(ExtendedCost=lambda one: _cost(one.line, one.line.quantity4)),
        *unit_prices(UnitCost=lambda one: one.line.cost6),
        *quantities(OrderQty=lambda one: one.line.quantity4, QtyOnReceipts=lambda one: received(*one)),
        *constants(
            blank(
                "Account AlternateID CalculateDiscountsOnImport CostCode Description OrigPONbr OrigPOType ProjectTask "
                "ReceivedAmount"
            )
            | no("Cancelled")
            | {
                "CompleteOn": WHOLE,
                "LineType": DROP_SHIP_LINE,
                "MaxReceiptPercent": WHOLE,
                "MinReceiptPercent": NO_PERCENT,
                "Project": "X",
                "ReceiptAction": "Accept but Warn",
                "TaxCategory": "EXEMPT",
            }
        ),
    )


class Received(NamedTuple):
    """A line with its receipt."""

    receipt: Receipt
    line: ReceiptLine


def _receipt_quantity(receipt: Receipt) -> int:
    return sum(line.quantity4 for line in receipt.lines)


def _receipt_cost(receipt: Receipt) -> int:
    return sum(_cost(line.purchase_line, line.quantity4) for line in receipt.lines)


def _receipt_header(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            BaseCurrencyID=lambda one: CURRENCY,
            CurrencyID=lambda one: CURRENCY,
            PostPeriod=lambda one: f"{one.day:%m%Y}",
            ReceiptNbr=lambda one: one.number,
            Status=lambda one: one.status,
            Type=lambda one: one.type,
            VendorID=lambda one: one.vendor,
            VendorRef=lambda one: one.vendor_ref,
        ),
        *flags(Hold=lambda one: one.status == "On Hold"),
        *moments(
            BillDate=lambda one: midnight(one.day, zone),
            CurrencyEffectiveDate=lambda one: midnight(one.day, zone),
            Date=lambda one: midnight(one.day, zone),
            LastModifiedDateTime=lambda one: one.modified,
        ),
        *quantities(ControlQty=_receipt_quantity, TotalQty=_receipt_quantity, UnbilledQuantity=_receipt_quantity),
        *amounts(TotalCost=_receipt_cost),
        *constants({"CurrencyRate": RATE, "CurrencyReciprocalRate": RATE}),
        *presets(RECEIPT_PRESET),
    )


def _receipt_lines() -> dict[str, Field]:
    return fields(
        *texts(
            Branch=lambda one: one.line.purchase_line.order.branch.code,
            InventoryID=lambda one: one.line.purchase_line.order_line.item.inventory_id,
            POOrderNbr=lambda one: one.line.purchase.number,
            POOrderType=lambda one: one.line.purchase.type,
            TransactionDescription=lambda one: one.line.purchase_line.order_line.description,
            UOM=lambda one: one.line.purchase_line.order_line.uom,
            Warehouse=_warehouse,
        ),
        *numbers(LineNbr=lambda one: one.line.number, POLineNbr=lambda one: one.line.purchase_line.number),
        *amounts(
            EstimatedINExtendedCost=lambda one: _cost(one.line.purchase_line, one.line.quantity4),
            ExtendedCost=lambda one: _cost(one.line.purchase_line, one.line.quantity4),
        ),
        *unit_prices(UnitCost=lambda one: one.line.purchase_line.cost6),
        *quantities(
            OpenQty=lambda one: one.line.purchase_line.quantity4 - received(one.line.purchase, one.line.purchase_line),
            OrderedQty=lambda one: one.line.purchase_line.quantity4,
            ReceiptQty=lambda one: one.line.quantity4,
        ),
        *constants(
            blank(
                "Account Description FinalINExtendedCost Location POReceiptLineNbr POReceiptNbr TransferOrderLineNbr "
                "TransferOrderNbr TransferOrderType TransferShipmentNbr"
            )
            | {"AccrualAccount": "20100", "EditableUnitCost": True, "LineType": DROP_SHIP_LINE}
        ),
    )


def _warehouse(one: Received) -> str | None:
    site = one.line.purchase_line.order_line.site
    return site.code if site is not None else None


def _lines(purchase: PurchaseOrder) -> Iterator[Line]:
    for line in purchase.lines:
        yield Line(purchase, line)


def _received_lines(receipt: Receipt) -> Iterator[Received]:
    for line in receipt.lines:
        yield Received(receipt, line)


INSTRUCTIONS = fields(
    *texts(ShippingDestinationType=lambda one: "Customer", ShipTo=lambda one: one.lines[0].order.customer.code),
    *constants({"ShippingLocation": "MAIN", "ShipToAddressOverride": False, "ShipToContactOverride": False}),
    *constants(blank("Warehouse")),
)


def purchase_order_entity(documents: Documents, zone: tzinfo) -> Entity:
    """Return the entity PurchaseOrder."""
    book = documents.purchases
    ship_to = party_parts(lambda one: one.lines[0].order.ship_to, "ShipTo")
    parts = {
        "Details": Part(_order_lines(zone), _lines, "Transactions", lambda pair: str(pair.line.note_id)),
        "ShippingInstructions": Part(INSTRUCTIONS, lambda one: [one], many=False, parts=ship_to),
    }
    columns = _order_header(zone)
    lead = documents.state.remembered(lambda: [collate(one.type) for one in book.rows()])
    links = linked("PurchaseOrder", parts)
    table = Table("PurchaseOrder", "PurchaseOrder", ("Type", "OrderNbr"), columns, book.rows, lead, links, custom)
    return Entity(
        "PurchaseOrder",
        table,
        ORDER_GRAPH,
        "Document",
        note_id,
        parts,
        find=book.find,
        form=("Purchase Orders", "PO301000"),
    )


def purchase_receipt_entity(documents: Documents, zone: tzinfo) -> Entity:
    """Return the entity PurchaseReceipt."""
    book = documents.receipts
    details = Part(_receipt_lines(), _received_lines, "transactions", lambda pair: str(pair.line.note_id))
    columns = _receipt_header(zone)
    lead = documents.state.remembered(lambda: [collate(one.type) for one in book.rows()])
    table = Table("PurchaseReceipt", "PurchaseReceipt", ("Type", "ReceiptNbr"), columns, book.rows, lead, custom=custom)
    return Entity(
        "PurchaseReceipt",
        table,
        RECEIPT_GRAPH,
        "Document",
        note_id,
        {"Details": details},
        find=book.find,
        form=("Purchase Receipts", "PO302000"),
    )
