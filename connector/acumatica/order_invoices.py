"""Released sales invoices, by the sales orders that they invoice.

Comes in: the chosen order types, the day from which documents count, an instant since when changes are wanted. Goes
out: pages of parts: for each order's key, its lines on each released invoice, as JSON values. An invoice is released
when its status is Open or Closed (contracts/acumatica.md §5.6); credit memos are none. Archived ones are read too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from connector.acumatica.errors import RequestRefused
from connector.acumatica.items import quoted
from connector.acumatica.orders import NONE, either, order_key, type_and_number
from connector.acumatica.records import BadRecord, Number, Problem, Text, Value, code, decode_page, raw_value
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import number

LARGEST_PAGE = 200
TYPES = ("Cash Sale", "Invoice")
RELEASED = ("Open", "Closed")
Lines = list[dict[str, Any]]

_LINE = "OrderType,OrderNbr,OrderLineNbr,InventoryID,UOM,Qty"
_DETAILS = ",".join(f"Details/{name}" for name in _LINE.split(","))
_SELECT = f"Type,ReferenceNbr,Status,Date,LastModifiedDateTime,Amount,{_DETAILS}"


@dataclass
class InvoicePage:
    """Lines by order and invoice, the last invoice's key to go on behind (none: the last page), and the problems."""

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


RECORD = _Invoice
"""What a record is decoded into: its fields are those that are read."""


async def invoices_of_orders(
    session: AcumaticaSession,
    types: Sequence[str],
    begins_on: date | None,
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[InvoicePage]:
    """What the released invoices hold of orders of these types, in pages behind an invoice. No type: no request."""
    size = min(session.access.page_size, LARGEST_PAGE)
    while types:
        conditions = [either("Type", TYPES), either("Status", RELEASED)]
        if begins_on is not None:
            conditions.append(f"Date ge datetimeoffset'{begins_on.isoformat()}'")
        if changed_since is not None:
            since = changed_since.astimezone(UTC).isoformat(timespec="milliseconds")
            conditions.append(f"LastModifiedDateTime ge datetimeoffset'{since}'")
        if after is not None:
            of, nbr = map(quoted, _parted(after))
            conditions.append(f"(Type gt '{of}' or (Type eq '{of}' and ReferenceNbr gt '{nbr}'))")
        params = {"$select": _SELECT, "$expand": "Details", "$filter": " and ".join(conditions), "$top": str(size)}
        url = session.access.entity("SalesInvoice")
        content = await session.get(url, params, what="the list of SalesInvoice", archived=True)
        records, bad = decode_page(content, _Invoice, "the invoice")
        page, keys = _page(records, bad, types)
        if len(keys) >= size:
            if after in keys:
                raise RequestRefused("SalesInvoice: a page repeats the one before it; Acumatica does not page by key.")
            page.last_key = after = keys[-1]
        yield page
        if page.last_key is None:
            return


async def invoices_with_orders(session: AcumaticaSession, keys: Sequence[str]) -> InvoicePage:
    """The same for these orders: their invoices are named by the orders' rows of shipments, then read by number."""
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
    for of, reference in numbers:
        conditions = (
            f"Type eq '{quoted(of)}' and ReferenceNbr eq '{quoted(reference)}' and {either('Status', RELEASED)}"
        )
        params = {"$select": _SELECT, "$expand": "Details", "$filter": conditions}
        url = session.access.entity("SalesInvoice")
        content = await session.get(url, params, what="the list of SalesInvoice", archived=True)
        records, bad = decode_page(content, _Invoice, "the invoice")
        found, _keys = _page(records, bad, None)
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


async def _named_by(session: AcumaticaSession, order_type: str, number: str) -> dict[tuple[str, str], None]:
    params = {
        "$select": "OrderType,OrderNbr,Shipments/InvoiceType,Shipments/InvoiceNbr",
        "$expand": "Shipments",
        "$filter": f"OrderType eq '{quoted(order_type)}' and OrderNbr eq '{quoted(number)}'",
    }
    content = await session.get(
        session.access.entity("SalesOrder"), params, what="the invoices of an order", archived=True
    )
    orders, bad = decode_page(content, _Order, "the order")
    if bad:
        raise BadRecord(bad[0][1])
    named = [row for order in orders for row in order.Shipments]
    pairs = ((code(row.InvoiceType.value), code(row.InvoiceNbr.value)) for row in named)
    return {pair: None for pair in pairs if pair[0] in TYPES and pair[1]}


def _page(
    records: list[_Invoice], bad: list[tuple[Any, str]], types: Sequence[str] | None
) -> tuple[InvoicePage, list[str]]:
    page, keys = InvoicePage(), []
    for record in records:
        invoice = f"{code(record.Type.value)}|{code(record.ReferenceNbr.value)}"
        keys.append(invoice)
        try:
            for order, lines in _lines(record, types).items():
                page.lines.setdefault(order, {})[invoice] = lines
        except BadRecord as error:
            page.problems.append(Problem(f"invoice {code(record.ReferenceNbr.value)}", str(error)))
    for raw, why in bad:
        parts = [raw_value(raw, name) or NONE for name in ("Type", "ReferenceNbr")]
        keys.append("|".join(parts))
        page.problems.append(Problem(f"invoice {parts[1]}", why))
    return page, sorted(keys) if bad else keys


def _lines(record: _Invoice, types: Sequence[str] | None) -> dict[str, Lines]:
    """The lines of an invoice by order; the first one tells what the invoice comes to, where it is of one order."""
    found: dict[str, Lines] = {}
    for line in record.Details:
        order_type, order_nbr = code(line.OrderType.value), code(line.OrderNbr.value)
        if order_nbr and (types is None or order_type in types):
            found.setdefault(order_key(order_type, order_nbr), []).append(_line(line))
    orders = {order_key(code(line.OrderType.value), code(line.OrderNbr.value)) for line in record.Details}
    if len(orders) == 1 and found and record.Amount.value is not None:
        [lines] = found.values()
        lines[0]["total"] = f"{number(record.Amount.value, 'Amount'):f}"
    return found


def _line(line: _Line) -> dict[str, Any]:
    return {
        "number": line.OrderLineNbr.value or 0,
        "item": code(line.InventoryID.value),
        "uom": code(line.UOM.value),
        "quantity": f"{number(line.Qty.value, 'Qty'):f}",
    }


def _parted(invoice: str) -> tuple[str, str]:
    of, _bar, number = invoice.partition("|")
    return of, number
