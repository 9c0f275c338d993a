"""Released purchase receipts of drop-ship orders, whose goods went from the vendor to the customer.

Input: a time since when changes are wanted, the date before which none is, or receipt numbers. Output: pages of
`Shipment`s of kind "receipt", each with the sales orders that it serves. Neither a receipt nor its purchase order names
a sales order. The sales order names both: the purchase order in its lines' purchasing details, the receipt in its
`Shipments` (acumatica.md §5.4, §5.7). So the orders of the purchase order's customer are searched, those that changed
since the receipt's date first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, Page, parts, paths
from connector.acumatica.query import Condition, eq, ge
from connector.acumatica.records import BadRecord, Flag, Number, Problem, Text, code, day, possible_keys
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import Found, FoundPage, Whole, number
from connector.acumatica.shipped_orders import Detail, OrderHead, shipped_order
from connector.model.shipments import Package, Shipment, ShippedLine, ShippedOrder

DROP_SHIP = "dropship"
"""The type of a purchase order is spelled Drop-Ship or Drop Ship, depending on the version."""
DROP_SHIPMENT = "dropshipment"
RELEASED = "Released"
_IS_RECEIPT = eq("Type", "Receipt")


class _Line(msgspec.Struct):
    InventoryID: Text = Text()
    UOM: Text = Text()
    ReceiptQty: Number = Number()
    OrderedQty: Number = Number()
    POOrderType: Text = Text()
    POOrderNbr: Text = Text()
    POLineNbr: Whole = Whole()


class _Receipt(msgspec.Struct, kw_only=True):
    ReceiptNbr: Text
    Type: Text = Text()
    Status: Text = Text()
    Date: Text = Text()
    Details: list[_Line] = []


class _Instructions(msgspec.Struct):
    ShipTo: Text = Text()


class _Purchase(msgspec.Struct, kw_only=True):
    OrderNbr: Text
    Type: Text = Text()
    VendorRef: Text = Text()
    ShippingInstructions: _Instructions | None = None


class _Purchasing(msgspec.Struct):
    POOrderNbr: Text = Text()
    POOrderType: Text = Text()
    POOrderLineNbr: Whole = Whole()


class _SalesLine(Detail):
    MarkForPO: Flag = Flag()
    PurchasingDetails: list[_Purchasing] = msgspec.field(default_factory=list)


class _ShipmentRow(msgspec.Struct):
    ShipmentType: Text = Text()
    ShipmentNbr: Text = Text()
    InvoiceType: Text = Text()
    InvoiceNbr: Text = Text()


class _SalesOrder(OrderHead, kw_only=True):
    Details: list[_SalesLine] = msgspec.field(default_factory=list)
    Shipments: list[_ShipmentRow] = msgspec.field(default_factory=list)


RECEIPTS = EntityList(
    name="PurchaseReceipt",
    record=_Receipt,
    key=("ReceiptNbr",),
    select=paths(_Receipt),
    expand=parts(_Receipt),
    called="the receipt",
)
PURCHASES = EntityList(
    name="PurchaseOrder",
    record=_Purchase,
    key=("OrderNbr",),
    select=paths(_Purchase),
    expand=parts(_Purchase),
    called="the purchase order",
)
CHANGED_PURCHASES = replace(PURCHASES, select=("OrderNbr", "Type"), expand=())
SALES_ORDERS = EntityList(
    name="SalesOrder",
    record=_SalesOrder,
    key=("OrderType", "OrderNbr"),
    select=paths(_SalesOrder),
    expand=parts(_SalesOrder),
    modified="LastModified",
    called="the sales order",
)


async def receipt_pages(
    session: AcumaticaSession, *, changed_since: datetime | None, begins_on: date | None, after: str | None
) -> AsyncIterator[FoundPage]:
    """Yield the released drop-ship receipts that changed since a time, or all; none dated before `begins_on`."""
    where = [_IS_RECEIPT] if begins_on is None else [_IS_RECEIPT, ge("Date", begins_on)]
    async for page in pager.pages(session, RECEIPTS, where, changed_since=changed_since, after=after):
        yield await _found(session, page)


async def purchases_changed(session: AcumaticaSession, since: datetime) -> list[str]:
    """Return the numbers of drop-ship purchase orders that changed since a time.

    They contain the vendor's tracking number, and entering or replacing it does not change the receipt's timestamp.
    """
    return [
        code(one.OrderNbr.value)
        async for page in pager.pages(session, CHANGED_PURCHASES, changed_since=since)
        for one in page.records
        if _label(one.Type.value) == DROP_SHIP
    ]


async def receipts_with_numbers(session: AcumaticaSession, numbers: Sequence[str]) -> FoundPage:
    """Return the released drop-ship receipts with these numbers."""
    return await _found(session, await pager.with_keys(session, RECEIPTS, possible_keys(numbers), [_IS_RECEIPT]))


async def _found(session: AcumaticaSession, page: Page[_Receipt]) -> FoundPage:
    whole = FoundPage([], page.problems("Receipt "), page.last)
    receipts = [one for one in page.records if one.Status.value == RELEASED and _drop_shipped(one)]
    ordered = [code(line.POOrderNbr.value) for one in receipts for line in _drop_shipped(one)]
    purchases = await _purchases(session, ordered)
    for receipt in receipts:
        try:
            orders = await _orders(session, receipt, purchases)
            whole.found.append(_shipment(receipt, orders, purchases))
        except BadRecord as error:
            whole.problems.append(Problem(f"Receipt {code(receipt.ReceiptNbr.value)}", str(error)))
    return whole


def _label(text: str | None) -> str:
    return "".join(letter for letter in (text or "").casefold() if letter.isalnum())


def _drop_shipped(receipt: _Receipt) -> list[_Line]:
    return [line for line in receipt.Details if _label(line.POOrderType.value) == DROP_SHIP]


async def _purchases(session: AcumaticaSession, numbers: Sequence[str]) -> dict[str, _Purchase]:
    page = await pager.with_keys(session, PURCHASES, possible_keys(numbers))
    return {code(one.OrderNbr.value): one for one in page.records if _label(one.Type.value) == DROP_SHIP}


async def _orders(
    session: AcumaticaSession, receipt: _Receipt, purchases: dict[str, _Purchase]
) -> dict[str, _SalesOrder]:
    """Return the sales orders of a receipt's lines, which are those of the customer to whom its purchase orders are
    shipped.
    """
    own = {code(line.POOrderNbr.value) for line in _drop_shipped(receipt)}
    instructions = [purchases[nbr].ShippingInstructions for nbr in sorted(own & purchases.keys())]
    customers = sorted({code(one.ShipTo.value) for one in instructions if one is not None and code(one.ShipTo.value)})
    arrived = day(receipt.Date.value)
    of_customers = [eq("CustomerID", customer) for customer in customers]
    lately = [] if arrived is None else [ge(SALES_ORDERS.modified, arrived)]
    for conditions in ([[one, *lately] for one in of_customers] or [lately], [[one] for one in of_customers]):
        found: dict[str, _SalesOrder] = {}
        for each in conditions:
            if each:
                found |= await _served(session, receipt, own, each)
        if _all_served(receipt, found):
            return found
    return found


async def _served(
    session: AcumaticaSession, receipt: _Receipt, purchases: set[str], where: Sequence[Condition]
) -> dict[str, _SalesOrder]:
    """Return the sales orders under these conditions that name the receipt or one of its purchase orders."""
    found = {}
    receipt_nbr = code(receipt.ReceiptNbr.value)
    async for page in pager.pages(session, SALES_ORDERS, where):
        for order in page.records:
            named = {code(one.POOrderNbr.value) for line in order.Details for one in line.PurchasingDetails}
            if receipt_nbr in _receipts_of(order) or purchases & named:
                found[order.key()] = order
    return found


def _receipts_of(order: _SalesOrder) -> dict[str, _ShipmentRow]:
    """Return the rows of an order's drop-shipments, by receipt number."""
    rows = (row for row in order.Shipments if _label(row.ShipmentType.value) == DROP_SHIPMENT)
    return {code(row.ShipmentNbr.value): row for row in rows}


def _all_served(receipt: _Receipt, orders: dict[str, _SalesOrder]) -> bool:
    return all(_order_line(receipt, line, orders) is not None for line in _drop_shipped(receipt))


def _order_line(receipt: _Receipt, line: _Line, orders: dict[str, _SalesOrder]) -> tuple[str, _SalesLine] | None:
    """Return the order line of a receipt's line: by purchase order line, else by item on an order that names the
    receipt.
    """
    reference = (code(line.POOrderNbr.value), line.POLineNbr.value)
    for key, order in orders.items():
        for sold in order.Details:
            named = ((code(one.POOrderNbr.value), one.POOrderLineNbr.value) for one in sold.PurchasingDetails)
            if reference in named:
                return key, sold
    return next(_by_item(receipt, line, orders), None)


def _by_item(receipt: _Receipt, line: _Line, orders: dict[str, _SalesOrder]) -> Iterator[tuple[str, _SalesLine]]:
    for key, order in orders.items():
        if code(receipt.ReceiptNbr.value) in _receipts_of(order):
            for sold in order.Details:
                same = code(sold.InventoryID.value) == code(line.InventoryID.value)
                if same and sold.MarkForPO.value and not sold.PurchasingDetails:
                    yield key, sold


def _shipment(receipt: _Receipt, orders: dict[str, _SalesOrder], purchases: dict[str, _Purchase]) -> Found:
    lines, packages, served = [], [], {}
    for line in _drop_shipped(receipt):
        reference = _order_line(receipt, line, orders)
        order, sold = reference if reference is not None else ("", None)
        lines.append(_shipped_line(line, order, sold))
        purchase = purchases.get(code(line.POOrderNbr.value))
        if purchase is not None and (purchase.VendorRef.value or "").strip() and order:
            packages.append(Package((purchase.VendorRef.value or "").strip(), (order,)))
        if order:
            served[order] = shipped_order(orders[order], orders[order].Details)
    shipment = Shipment(
        kind="receipt",
        number=code(receipt.ReceiptNbr.value),
        type=receipt.Type.value or "",
        operation="Issue",
        status=receipt.Status.value or "",
        date=day(receipt.Date.value),
        ship_via="",
        lines=tuple(lines),
        packages=tuple(dict.fromkeys(packages)),
        orders=served,
        items={},
        purchases=tuple(dict.fromkeys(code(line.POOrderNbr.value) for line in _drop_shipped(receipt))),
    )
    return Found(shipment, tuple(_invoices(shipment.number, orders, served)))


def _shipped_line(line: _Line, order: str, sold: _SalesLine | None) -> ShippedLine:
    return ShippedLine(
        order=order,
        order_line=None if sold is None else sold.LineNbr.value,
        inventory_id=code(line.InventoryID.value),
        uom=code(line.UOM.value),
        shipped=number(line.ReceiptQty.value, "ReceiptQty"),
        ordered=number(line.OrderedQty.value, "OrderedQty"),
        warehouse="",
    )


def _invoices(
    receipt: str, orders: dict[str, _SalesOrder], served: dict[str, ShippedOrder]
) -> Iterator[tuple[str, str, str]]:
    for key in served:
        row = _receipts_of(orders[key]).get(receipt)
        invoice = () if row is None else (row.InvoiceType.value or "", code(row.InvoiceNbr.value))
        if invoice and all(invoice):
            yield (key, *invoice)
