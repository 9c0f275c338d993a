"""The collection `SalesOrder.Details` with its allocations and purchasing details, as recorded on endpoint 22.200."""

from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.acumatica import sums
from sandbox.acumatica.demand import splits_shipped
from sandbox.acumatica.document_types import Order, OrderLine, Split
from sandbox.acumatica.forms import (
    Row,
    amounts,
    blank,
    constants,
    entries,
    flags,
    guids,
    moments,
    no,
    numbers,
    presets,
    quantities,
    texts,
    unit_prices,
    zero,
)
from sandbox.acumatica.records import Part
from sandbox.acumatica.tables import Field, fields
from sandbox.acumatica.values import IMPORTED, midnight

WHOLE_PERCENT = Decimal("100.000000")
LINE_PRESET: Row = (
    blank(
        "AlternateID AssociatedOrderLineNbr CalculateDiscountsOnImport CostCode CustomerOrderNbr ExternalRef "
        "GiftMessage InvoiceLineNbr InvoiceNbr InvoiceType Location LotSerialNbr ProjectTask PurchaseWarehouse "
        "ReasonCode SalespersonID TaxZone"
    )
    | no("AutoCreateIssue ManualPrice")
    | {
        "Account": "40000",
        "ShippingRule": "Back Order Allowed",
        "ShipToLocation": "MAIN",
        "TaxCategory": "EXEMPT",
    }
)
PURCHASING = fields(
    *entries(POOrderLineNbr="Int32", POOrderNbr="String", POOrderType="String", Selected="Boolean"),
)


class Line(NamedTuple):
    """A line with its order."""

    order: Order
    line: OrderLine


def _lines(order: Order) -> Iterator[Line]:
    for line in order.lines:
        yield Line(order, line)


def _line_fields(zone: tzinfo) -> dict[str, Field]:
    kept = [
        Field(one.name, one.kind, _of_line(one.get))
        for one in (
            *texts(
                InventoryID=lambda one: one.item.inventory_id,
                LineDescription=lambda one: one.description,
                Operation=lambda one: one.operation,
                POSource=lambda one: one.po_source or None,
                UOM=lambda one: one.uom,
                VendorID=lambda one: one.vendor,
                WarehouseID=lambda one: one.site.code if one.site is not None else None,
                LastModifiedDate=lambda one: f"{one.modified.astimezone(zone):%m/%d/%Y %H:%M:%S}",
                LineType=_line_type,
            ),
            *numbers(LineNbr=lambda one: one.number),
            *flags(FreeItem=lambda one: one.free, MarkForPO=lambda one: one.purchased),
            *guids(NoteID=lambda one: one.note_id),
            *amounts(Amount=sums.line_amount, DiscountAmount=sums.discount, ExtendedPrice=sums.extended),
            *unit_prices(
                DiscountedUnitPrice=_discounted_price,
                DiscountPercent=lambda one: one.discount6,
                UnitPrice=lambda one: one.price6,
            ),
            *quantities(OrderQty=lambda one: one.quantity4),
            *constants(zero("AverageCost UnitCost")),
            *constants({"OvershipThreshold": WHOLE_PERCENT, "UndershipThreshold": WHOLE_PERCENT}),
            *presets(LINE_PRESET),
        )
    ]
    return fields(
        *kept,
        *texts(Branch=lambda pair: pair.order.branch.code),
        *flags(Completed=lambda pair: pair.line.completed or not sums.open_quantity(*pair)),
        *amounts(UnbilledAmount=lambda pair: sums.unbilled(*pair)),
        *quantities(
            OpenQty=lambda pair: sums.open_quantity(*pair),
            QtyOnShipments=lambda pair: sums.shipped(*pair),
        ),
        *moments(
            RequestedOn=lambda pair: midnight(pair.order.requested, zone),
            SchedOrderDate=lambda pair: midnight(pair.order.day, zone),
            ShipOn=lambda pair: midnight(pair.order.requested, zone),
        ),
    )


def _of_line(get: Any) -> Any:
    return lambda pair: get(pair.line)


def _line_type(line: OrderLine) -> str:
    if line.item.stock:
        return "Goods for Inventory"
    return "Non-Inventory Goods" if sums.needs_shipping(line) else "Misc. Charge"


def _discounted_price(line: OrderLine) -> int:
    if not line.quantity4 or line.free:
        return 0
    return sums.ratio(sums.line_amount(line), 1_000_000, line.quantity4)


class Allocation(NamedTuple):
    """A split with its line and order, and its quantity on shipments."""

    order: Order
    line: OrderLine
    split: Split
    shipped4: int


def _allocations(pair: Line) -> Iterator[Allocation]:
    for split, shipped4 in zip(pair.line.splits, splits_shipped(*pair), strict=True):
        yield Allocation(*pair, split, shipped4)


def _allocation_fields(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            AllocWarehouseID=lambda one: one.line.site.code if one.line.site is not None else None,
            CustomerOrderNbr=lambda one: None,
            InventoryID=lambda one: one.split.item.inventory_id,
            LocationID=lambda one: None,
            LotSerialNbr=lambda one: one.split.lot,
            OrderNbr=lambda one: one.order.number,
            OrderType=lambda one: one.order.type,
            RelatedDocument=lambda one: None,
            UOM=lambda one: one.split.uom,
        ),
        *flags(
            Allocated=lambda one: one.split.allocated,
            Completed=lambda one: not sums.open_quantity(one.order, one.line),
        ),
        *numbers(LineNbr=lambda one: one.line.number, SplitLineNbr=lambda one: one.split.number),
        *quantities(
            Qty=lambda one: one.split.quantity4,
            QtyOnShipments=lambda one: one.shipped4,
            QtyReceived=lambda one: 0,
        ),
        *moments(
            ExpirationDate=lambda one: midnight(one.split.expiration, zone),
            SchedOrderDate=lambda one: midnight(one.order.day, zone),
            ShipOn=lambda one: midnight(one.order.requested, zone),
        ),
    )


def _purchasing(pair: Line) -> Iterator[Row]:
    for purchase in pair.order.purchases:
        for line in purchase.lines:
            if line.order_line is pair.line:
                yield {
                    "POOrderLineNbr": line.number,
                    "POOrderNbr": purchase.number,
                    "POOrderType": purchase.type,
                    "Selected": True,
                }


def details_part(zone: tzinfo) -> Part:
    """Return the collection Details."""
    return Part(
        _line_fields(zone),
        _lines,
        "Transactions",
        lambda pair: str(pair.line.note_id),
        parts={
            "Allocations": Part(_allocation_fields(zone), _allocations),
            "PurchasingDetails": Part(PURCHASING, _purchasing),
        },
        noted=lambda pair: pair.line.modified == IMPORTED,
    )
