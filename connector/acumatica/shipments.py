"""Shipments with their lines, packages and orders, in the form that the rules take.

Input: a time since when changes are wanted, the date before which none is, or shipment numbers. Output: pages of
`Shipment`s. The order of a line is taken from the line, because allocations were seen to name another one
(acumatica-observed.md, §5.5). Source: acumatica.md §5.5.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, Page, parts, paths
from connector.acumatica.query import ge
from connector.acumatica.records import WITHOUT_KEY, BadRecord, Number, Problem, Text, Value, code, day, possible_keys
from connector.acumatica.session import AcumaticaSession
from connector.model.shipments import Package, Shipment, ShippedLine
from connector.model.units import plain

Whole = Value[int]


class _Allocation(msgspec.Struct):
    SplitLineNbr: Whole = Whole()


class _Detail(msgspec.Struct):
    OrderType: Text = Text()
    OrderNbr: Text = Text()
    OrderLineNbr: Whole = Whole()
    InventoryID: Text = Text()
    UOM: Text = Text()
    ShippedQty: Number = Number()
    OrderedQty: Number = Number()
    WarehouseID: Text = Text()
    Allocations: list[_Allocation] = []


class _Content(msgspec.Struct):
    ShipmentSplitLineNbr: Whole = Whole()


class _Package(msgspec.Struct):
    TrackingNbr: Text = Text()
    PackageContents: list[_Content] = []


class _OrderRow(msgspec.Struct):
    OrderType: Text = Text()
    OrderNbr: Text = Text()
    InvoiceType: Text = Text()
    InvoiceNbr: Text = Text()


class _Shipment(msgspec.Struct, kw_only=True):
    ShipmentNbr: Text
    Type: Text = Text()
    Operation: Text = Text()
    Status: Text = Text()
    ShipmentDate: Text = Text()
    ShipVia: Text = Text()
    WarehouseID: Text = Text()
    Details: list[_Detail] = []
    Packages: list[_Package] = []
    Orders: list[_OrderRow] = []


SHIPMENTS = EntityList(
    name="Shipment",
    record=_Shipment,
    key=("ShipmentNbr",),
    select=paths(_Shipment),
    expand=parts(_Shipment),
    called="the shipment",
)


@dataclass(frozen=True)
class Found:
    """A shipment without its orders and items; `invoices`: (order, invoice type, invoice number) of the invoiced
    orders.
    """

    shipment: Shipment
    invoices: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class FoundPage:
    """A page of shipments; `last`: where to continue, None at the end."""

    found: list[Found]
    problems: list[Problem]
    last: str | None = None


def order_key(order_type: str | None, number: str | None) -> str:
    """Return "TYPE NBR", or an empty text if one of them is missing."""
    return f"{code(order_type)} {code(number)}" if code(order_type) and code(number) else ""


async def shipment_pages(
    session: AcumaticaSession, *, changed_since: datetime | None, begins_on: date | None, after: str | None
) -> AsyncIterator[FoundPage]:
    """Yield the shipments that changed since a time, or all; none that is dated before `begins_on`."""
    where = [] if begins_on is None else [ge("ShipmentDate", begins_on)]
    async for page in pager.pages(session, SHIPMENTS, where, changed_since=changed_since, after=after):
        yield _found(page)


async def shipments_with_numbers(session: AcumaticaSession, numbers: Sequence[str]) -> FoundPage:
    """Return the shipments with these numbers, archived ones too."""
    return _found(await pager.with_keys(session, SHIPMENTS, possible_keys(numbers)))


def _found(page: Page[_Shipment]) -> FoundPage:
    whole = FoundPage([], page.problems(), page.last)
    for record in page.records:
        if not code(record.ShipmentNbr.value):
            whole.problems.append(Problem(WITHOUT_KEY, "Unreadable record: a shipment has no ShipmentNbr."))
            continue
        try:
            whole.found.append(_shipment(record))
        except BadRecord as error:
            whole.problems.append(Problem(code(record.ShipmentNbr.value), str(error)))
    return whole


def _shipment(record: _Shipment) -> Found:
    orders_of_splits: dict[int, str] = {}
    lines = []
    for detail in record.Details:
        order = order_key(detail.OrderType.value, detail.OrderNbr.value)
        for split in detail.Allocations:
            if split.SplitLineNbr.value is not None:
                orders_of_splits[split.SplitLineNbr.value] = order
        if order:
            lines.append(_line(detail, order, code(record.WarehouseID.value)))
    shipment = Shipment(
        kind="shipment",
        number=code(record.ShipmentNbr.value),
        type=record.Type.value or "Shipment",
        operation=record.Operation.value or "",
        status=record.Status.value or "",
        date=day(record.ShipmentDate.value),
        ship_via=code(record.ShipVia.value),
        lines=tuple(lines),
        packages=tuple(
            Package((one.TrackingNbr.value or "").strip(), _orders_in(one, orders_of_splits)) for one in record.Packages
        ),
        orders={},
        items={},
    )
    invoices = (
        (order_key(row.OrderType.value, row.OrderNbr.value), row.InvoiceType.value or "", code(row.InvoiceNbr.value))
        for row in record.Orders
    )
    return Found(shipment, tuple(row for row in invoices if all(row)))


def _line(detail: _Detail, order: str, warehouse: str) -> ShippedLine:
    return ShippedLine(
        order=order,
        order_line=detail.OrderLineNbr.value,
        inventory_id=code(detail.InventoryID.value),
        uom=code(detail.UOM.value),
        shipped=number(detail.ShippedQty.value, "ShippedQty"),
        ordered=number(detail.OrderedQty.value, "OrderedQty"),
        warehouse=code(detail.WarehouseID.value) or warehouse,
    )


def _orders_in(package: _Package, orders_of_splits: dict[int, str]) -> tuple[str, ...]:
    splits = (content.ShipmentSplitLineNbr.value for content in package.PackageContents)
    orders = (orders_of_splits.get(split, "") for split in splits if split is not None)
    return tuple(sorted({order for order in orders if order}))


def number(value: Decimal | None, what: str) -> Decimal:
    """Return a quantity in a normal form; 0 for an empty one. Raises `BadRecord` for what is not a number."""
    if value is None:
        return Decimal(0)
    if not value.is_finite() or value.adjusted() > 15:
        raise BadRecord(f"Unreadable record: {what} is {value}, which is not a quantity. Correct it in Acumatica.")
    return plain(value)
