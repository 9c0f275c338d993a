"""The entity Shipment, in the form recorded on endpoint 22.200 with the lot and order columns of 24.200.

As recorded, every allocation shows the order of the shipment's last line, whatever its own line
(`acumatica-observed.md`, §5.5), and `PackageCount` is empty until the shipment is saved again.
"""

from collections.abc import Iterator
from datetime import date, tzinfo
from decimal import Decimal
from typing import NamedTuple

from sandbox.acumatica import sums
from sandbox.acumatica.contacts import party_parts
from sandbox.acumatica.document_types import Content, Order, Package, Shipment, ShipmentLine, Split
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import (
    Row,
    amounts,
    blank,
    constants,
    custom,
    entries,
    flags,
    guids,
    moments,
    no,
    note_id,
    numbers,
    presets,
    quantities,
    texts,
    zero,
)
from sandbox.acumatica.order_shipments import invoice_columns, invoice_of
from sandbox.acumatica.records import Entity, Part, linked
from sandbox.acumatica.state import CURRENCY
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import IMPORTED, collate, midnight, quantity

GRAPH = "PX.Objects.SO.SOShipmentEntry"
RATE = Decimal("1.00000000")
PRESET: Row = (
    blank("CurrencyRateTypeID Description FOBPoint Owner ShippingTerms ShippingZoneID WorkgroupID")
    | no(
        "CurrencyViewState GroundCollect Insurance OverrideFreightPrice Picked ResidentialDelivery SaturdayDelivery "
        "UseCustomersAccount"
    )
    | zero("FreightCost ShippedVolume ShippedWeight")
    | {"LocationID": "MAIN"}
)
PACKAGE_PRESET: Row = (
    blank("CustomRefNbr1 CustomRefNbr2 Description")
    | zero("CODAmount DeclaredValue Height Length Width")
    | {"Type": "Manual", "UOM": "KG"}
)


class Line(NamedTuple):
    """A line with its shipment."""

    shipment: Shipment
    line: ShipmentLine


class Allocation(NamedTuple):
    """A split with its shipment."""

    shipment: Shipment
    split: Split


def _header(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            BaseCurrencyID=lambda one: CURRENCY,
            CustomerID=lambda one: one.customer.code,
            FreightCurrencyID=lambda one: CURRENCY,
            Operation=lambda one: one.operation,
            ShipmentNbr=lambda one: one.number,
            ShipVia=lambda one: one.ship_via,
            Status=lambda one: one.status,
            ToWarehouseID=lambda one: one.to_site.code if one.to_site is not None else None,
            Type=lambda one: one.type,
            WarehouseID=lambda one: one.site.code,
        ),
        *flags(Hold=lambda one: one.status == "On Hold"),
        *moments(
            CreatedDateTime=lambda one: one.created,
            EffectiveDate=lambda one: midnight(one.day, zone),
            LastModifiedDateTime=lambda one: one.modified,
            ShipmentDate=lambda one: midnight(one.day, zone),
        ),
        *guids(NoteID=lambda one: one.note_id),
        *numbers(PackageCount=lambda one: one.package_count),
        *amounts(FreightPrice=lambda one: one.freight4),
        *quantities(
            ControlQty=sums.shipped_quantity,
            PackageWeight=lambda one: sum(package.weight4 for package in one.packages),
            ShippedQty=sums.shipped_quantity,
        ),
        *constants({"CurrencyRate": RATE, "ReciprocalRate": RATE}),
        *presets(PRESET),
    )


def _line_fields(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            Description=lambda one: one.line.order_line.description,
            InventoryID=lambda one: one.line.item.inventory_id,
            LocationID=lambda one: one.line.location,
            LotSerialNbr=lambda one: one.line.lot,
            OrderNbr=lambda one: one.line.order.number,
            OrderType=lambda one: one.line.order.type,
            ReasonCode=lambda one: None,
            UOM=lambda one: one.line.uom,
            WarehouseID=lambda one: one.line.site.code,
        ),
        *flags(FreeItem=lambda one: one.line.order_line.free),
        *numbers(LineNbr=lambda one: one.line.number, OrderLineNbr=lambda one: one.line.order_line.number),
        *moments(ExpirationDate=lambda one: midnight(_expiration(one.line), zone)),
        *quantities(
            OpenQty=lambda one: max(one.line.ordered4 - one.line.quantity4, 0),
            OrderedQty=lambda one: one.line.ordered4,
            OriginalQty=lambda one: one.line.ordered4,
            ShippedQty=lambda one: one.line.quantity4,
        ),
    )


def _expiration(line: ShipmentLine) -> date | None:
    return line.splits[0].expiration if len(line.splits) == 1 else None


def _allocation_fields(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            Description=lambda one: one.split.item.description,
            InventoryID=lambda one: one.split.item.inventory_id,
            LocationID=lambda one: one.split.location,
            LotSerialNbr=lambda one: one.split.lot,
            OrderNbr=lambda one: one.shipment.lines[-1].order.number,
            OrderType=lambda one: one.shipment.lines[-1].order.type,
            UOM=lambda one: one.split.uom,
        ),
        *moments(ExpirationDate=lambda one: midnight(one.split.expiration, zone)),
        *numbers(SplitLineNbr=lambda one: one.split.number),
        *quantities(Qty=lambda one: one.split.quantity4),
    )


PACKAGE = fields(
    *texts(BoxID=lambda one: one.box, TrackingNbr=lambda one: one.tracking),
    *flags(Confirmed=lambda one: one.confirmed),
    *numbers(LineNbr=lambda one: one.number),
    *guids(NoteID=lambda one: one.note_id),
    *quantities(Weight=lambda one: one.weight4),
    *presets(PACKAGE_PRESET),
)
CONTENT = fields(
    *texts(
        InventoryID=lambda one: one.item.inventory_id,
        LotSerialNbr=lambda one: one.lot,
        OrigOrderNbr=lambda one: one.order.number,
        OrigOrderType=lambda one: one.order.type,
        UOM=lambda one: one.uom,
    ),
    *numbers(ShipmentSplitLineNbr=lambda one: one.split),
    *quantities(Quantity=lambda one: one.quantity4),
)
ORDER = fields(
    *entries(
        **dict.fromkeys(
            (
                "InventoryDocType",
                "InventoryRefNbr",
                "InvoiceNbr",
                "InvoiceType",
                "OrderNbr",
                "OrderType",
                "ShipmentNbr",
                "ShipmentType",
            ),
            "String",
        ),
        **dict.fromkeys(("ShippedQty", "ShippedVolume", "ShippedWeight"), "Decimal"),
        OrderNoteID="Guid",
    )
)
SETTINGS = fields(
    *flags(
        ShipToAddressOverride=lambda one: one.ship_to.override,
        ShipToContactOverride=lambda one: one.ship_to.override,
        Validated=lambda one: False,
    )
)


def _lines(shipment: Shipment) -> Iterator[Line]:
    for line in shipment.lines:
        yield Line(shipment, line)


def _allocations(pair: Line) -> Iterator[Allocation]:
    for split in pair.line.splits:
        yield Allocation(pair.shipment, split)


def _orders(shipment: Shipment) -> Iterator[Row]:
    for order in shipment.orders:
        yield _order_row(shipment, order)


def _order_row(shipment: Shipment, order: Order) -> Row:
    return {
        **invoice_columns(invoice_of(order, shipment.invoices), shipment.issue),
        "OrderNbr": order.number,
        "OrderNoteID": order.note_id,
        "OrderType": order.type,
        "ShipmentNbr": shipment.number,
        "ShipmentType": shipment.type,
        "ShippedQty": quantity(sums.shipped_quantity(shipment, order)),
        "ShippedVolume": quantity(0),
        "ShippedWeight": quantity(0),
    }


def _contents(package: Package) -> list[Content]:
    return package.contents


def _parts(zone: tzinfo) -> dict[str, Part]:
    return {
        "Details": Part(
            _line_fields(zone),
            _lines,
            "Transactions",
            lambda pair: str(pair.line.note_id),
            parts={"Allocations": Part(_allocation_fields(zone), _allocations)},
            noted=lambda pair: pair.shipment.created == IMPORTED,
        ),
        "Orders": Part(ORDER, _orders),
        "Packages": Part(
            PACKAGE,
            lambda one: one.packages,
            "Packages",
            note_id,
            parts={"PackageContents": Part(CONTENT, _contents)},
        ),
        "ShippingSettings": Part(
            SETTINGS, lambda one: [one], many=False, parts=party_parts(lambda one: one.ship_to, "ShipTo")
        ),
    }


def shipment_entity(documents: Documents, zone: tzinfo) -> Entity:
    """Return the entity Shipment."""
    book, parts = documents.shipments, _parts(zone)
    lead = documents.state.remembered(lambda: [collate(one.number) for one in book.rows()])
    table = Table(
        "Shipment",
        "Shipment",
        ("ShipmentNbr",),
        _header(zone),
        book.rows,
        lead,
        linked("Shipment", parts),
        custom,
    )
    return Entity(
        "Shipment",
        table,
        GRAPH,
        "Document",
        note_id,
        parts,
        find=book.find,
        archived=lambda one: bool(one.archived),
        form=("Shipments", "SO302000"),
    )
