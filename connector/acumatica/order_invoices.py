"""Released sales invoices, by the sales orders that they invoice.

Input: the chosen order types, the date from which documents count, a time since when changes are wanted. Output: pages
of parts: for each order's key, its lines on each released invoice. An invoice is released when its status is Open or
Closed (contracts/acumatica.md §5.6); credit memos do not count. Archived ones are read too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, Page, parts, paths
from connector.acumatica.orders import order_key, type_and_number
from connector.acumatica.query import Condition, ge, one_of, same
from connector.acumatica.records import BadRecord, Number, Problem, Text, Value, code
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import number
from connector.model.sales_orders import InvoicedLine

TYPES = ("Cash Sale", "Invoice")
RELEASED = ("Open", "Closed")
Lines = tuple[InvoicedLine, ...]


@dataclass
class InvoicePage:
    """Lines by order and invoice, the invoice after which to continue (None: the last page), and the problems."""

    lines: dict[str, dict[str, Lines]] = field(default_factory=dict)
    last_key: str | None = None
    problems: list[Problem] = field(default_factory=list)


class _Line(msgspec.Struct):
    OrderType: Text = Text()
    OrderNbr: Text = Text()
    OrderLineNbr: Value[int] = Value()
    InventoryID: Text = Text()
    UOM: Text = Text()
    Qty: Number = Number()


class _Invoice(msgspec.Struct, kw_only=True):
    Type: Text
    ReferenceNbr: Text
    Amount: Number = Number()
    Details: list[_Line] = []


INVOICES = EntityList(
    name="SalesInvoice",
    record=_Invoice,
    key=("Type", "ReferenceNbr"),
    separator="|",
    select=("Status", "Date", "LastModifiedDateTime", *paths(_Invoice)),
    expand=parts(_Invoice),
    largest_page=200,
    called="the invoice",
)
_IS_RELEASED = one_of("Status", RELEASED)


async def invoices_of_orders(
    session: AcumaticaSession,
    types: Sequence[str],
    begins_on: date | None,
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[InvoicePage]:
    """Yield the lines of released invoices for orders of these types, in pages after an invoice. Without types nothing
    is read.
    """
    if not types:
        return
    where: list[Condition] = [one_of("Type", TYPES), _IS_RELEASED]
    if begins_on is not None:
        where.append(ge("Date", begins_on))
    async for found in pager.pages(session, INVOICES, where, changed_since=changed_since, after=after):
        yield _page(found, types)


async def invoices_with_orders(session: AcumaticaSession, keys: Sequence[str]) -> InvoicePage:
    """Return the lines of the released invoices of these orders. The orders' rows of shipments name the invoices, which
    are then read by number.
    """
    wanted = set(keys)
    numbers: dict[tuple[str, str], None] = {}
    page = InvoicePage()
    for key in keys:
        order_type, order_nbr = type_and_number(key)
        if not order_nbr:
            continue
        try:
            numbers.update(await _named_by(session, order_type, order_nbr))
        except BadRecord as error:
            page.problems.append(Problem(key, str(error)))
    found = _page(await pager.with_keys(session, INVOICES, map("|".join, numbers), [_IS_RELEASED]), None)
    for key, invoices in found.lines.items():
        if key in wanted:
            page.lines.setdefault(key, {}).update(invoices)
    page.problems += found.problems
    return page


class _Shipment(msgspec.Struct):
    InvoiceType: Text = Text()
    InvoiceNbr: Text = Text()


class _Order(msgspec.Struct):
    Shipments: list[_Shipment] = []


ORDERS = EntityList(
    name="SalesOrder",
    record=_Order,
    key=("OrderType", "OrderNbr"),
    select=("OrderType", "OrderNbr", *paths(_Order)),
    expand=parts(_Order),
    called="the order",
)


async def _named_by(session: AcumaticaSession, order_type: str, number: str) -> dict[tuple[str, str], None]:
    found = await pager.read(session, ORDERS, [same(ORDERS.key, (order_type, number))])
    if found.bad:
        raise BadRecord(found.bad[0].why)
    named = [row for order in found.records for row in order.Shipments]
    pairs = ((code(row.InvoiceType.value), code(row.InvoiceNbr.value)) for row in named)
    return {pair: None for pair in pairs if pair[0] in TYPES and pair[1]}


def _page(found: Page[_Invoice], types: Sequence[str] | None) -> InvoicePage:
    problems = [Problem(f"invoice {one.name.rpartition('|')[2]}", one.why) for one in found.bad]
    page = InvoicePage(last_key=found.last, problems=problems)
    for record in found.records:
        invoice = f"{code(record.Type.value)}|{code(record.ReferenceNbr.value)}"
        try:
            for order, lines in _lines(record, types).items():
                page.lines.setdefault(order, {})[invoice] = lines
        except BadRecord as error:
            page.problems.append(Problem(f"invoice {code(record.ReferenceNbr.value)}", str(error)))
    return page


def _lines(record: _Invoice, types: Sequence[str] | None) -> dict[str, Lines]:
    """Return the lines of an invoice by order. The first line has the invoice's total if the invoice is of a single
    order.
    """
    found: dict[str, list[InvoicedLine]] = {}
    for line in record.Details:
        order_type, order_nbr = code(line.OrderType.value), code(line.OrderNbr.value)
        if order_nbr and (types is None or order_type in types):
            found.setdefault(order_key(order_type, order_nbr), []).append(_line(line))
    orders = {order_key(code(line.OrderType.value), code(line.OrderNbr.value)) for line in record.Details}
    if len(orders) == 1 and found and record.Amount.value is not None:
        [lines] = found.values()
        lines[0] = replace(lines[0], total=number(record.Amount.value, "Amount"))
    return {order: tuple(lines) for order, lines in found.items()}


def _line(line: _Line) -> InvoicedLine:
    return InvoicedLine(
        number=line.OrderLineNbr.value or 0,
        item=code(line.InventoryID.value),
        uom=code(line.UOM.value),
        quantity=number(line.Qty.value, "Qty"),
    )
