"""Sales orders: everything of an order that a customer of the shop sees.

Input: the chosen order types and branches, the date from which orders count, a time since when changes are wanted, the
key after which a full read continues. Output: pages of `SalesOrder`s by key ("SO 000123"). Pages go by type and number,
which is Acumatica's own order of the list. Archived orders are read too, because they are not deleted
(contracts/acumatica.md §1.4, §2.5, §5.4; acumatica-observed.md).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, Page, parts
from connector.acumatica.query import Condition, eq, ge, one_of
from connector.acumatica.records import (
    WITHOUT_KEY,
    BadRecord,
    Number,
    Problem,
    Text,
    Value,
    code,
    day,
    text,
)
from connector.acumatica.session import AcumaticaSession
from connector.model.sales_orders import Party, SalesLine, SalesOrder
from connector.model.units import plain

LARGEST = Decimal(10) ** 15


@dataclass(frozen=True)
class OrderChoice:
    """Which orders are read: those of these types and branches (empty: all branches), from this date and time on."""

    types: tuple[str, ...]
    branches: tuple[str, ...] = ()
    begins_on: date | None = None
    begins: datetime | None = None


@dataclass
class OrderPage:
    """One page: orders by key, `last_key`: where to continue (None: it was the last page), and the problems."""

    orders: dict[str, SalesOrder] = field(default_factory=dict)
    last_key: str | None = None
    problems: list[Problem] = field(default_factory=list)


class _Address(msgspec.Struct):
    AddressLine1: Text = Text()
    AddressLine2: Text = Text()
    City: Text = Text()
    State: Text = Text()
    PostalCode: Text = Text()
    Country: Text = Text()


class _Contact(msgspec.Struct):
    Attention: Text = Text()
    BusinessName: Text = Text()
    Email: Text = Text()
    Phone1: Text = Text()


class _Totals(msgspec.Struct):
    DiscountTotal: Number = Number()
    Freight: Number = Number()
    PremiumFreight: Number = Number()


class _Line(msgspec.Struct):
    LineNbr: Value[int] = Value()
    InventoryID: Text = Text()
    LineDescription: Text = Text()
    UOM: Text = Text()
    OrderQty: Number = Number()
    UnitPrice: Number = Number()
    DiscountAmount: Number = Number()
    Amount: Number = Number()
    Operation: Text = Text()
    LineType: Text = Text()
    Completed: Value[bool] = Value()
    QtyOnShipments: Number = Number()
    POSource: Text = Text()


class _Head(msgspec.Struct):
    OrderType: Text = Text()
    OrderNbr: Text = Text()


class _Order(msgspec.Struct, kw_only=True):
    OrderType: Text
    OrderNbr: Text
    Status: Text = Text()
    CustomerID: Text = Text()
    Branch: Text = Text()
    Date: Text = Text()
    CreatedDate: Text = Text()
    ExternalRef: Text = Text()
    CustomerOrder: Text = Text()
    CurrencyID: Text = Text()
    ShipVia: Text = Text()
    PaymentMethod: Text = Text()
    OrderTotal: Number = Number()
    TaxTotal: Number = Number()
    Details: list[_Line] = []
    BillToAddress: _Address | None = None
    BillToContact: _Contact | None = None
    ShipToAddress: _Address | None = None
    ShipToContact: _Contact | None = None
    Totals: _Totals | None = None


_LINKED = ("BillToAddress", "BillToContact", "ShipToAddress", "ShipToContact", "Totals")
_HEADER = tuple(name for name in _Order.__struct_fields__ if name not in ("Details", *_LINKED))
ORDERS = EntityList(
    name="SalesOrder",
    record=_Order,
    key=("OrderType", "OrderNbr"),
    select=(*_HEADER, "LastModified", *(f"Details/{name}" for name in _Line.__struct_fields__), *_LINKED),
    expand=parts(_Order),
    modified="LastModified",
    largest_page=200,
    keys_per_request=20,
    called="the order",
)
"""Orders with their lines are read in pages of 100 to 500 (contracts/acumatica.md §2.5)."""
HEADS = EntityList(
    name="SalesOrder", record=_Head, key=ORDERS.key, select=ORDERS.key, keys_per_request=20, called="the order"
)


def order_key(order_type: str, number: str) -> str:
    """Return the key of an order: its type and its number."""
    return f"{order_type.strip()} {number.strip()}"


def type_and_number(key: str) -> tuple[str, str]:
    """Return the type and the number of a key; the number is empty if it is not a key."""
    order_type, _blank, number = key.strip().partition(" ")
    return order_type, number.strip()


async def order_pages(
    session: AcumaticaSession, choice: OrderChoice, *, changed_since: datetime | None = None, after: str | None = None
) -> AsyncIterator[OrderPage]:
    """Yield the chosen orders that changed since a time, or all, in pages after a key. Without types
    nothing is read.
    """
    if not choice.types:
        return
    async for page in pager.pages(session, ORDERS, _chosen(choice), changed_since=changed_since, after=after):
        yield _page(page, choice)


async def orders_with_keys(session: AcumaticaSession, choice: OrderChoice, keys: Sequence[str]) -> OrderPage:
    """Return the chosen orders with these keys. Those that do not exist, or are not chosen, are left out."""
    if not choice.types:
        return OrderPage()
    return _page(await pager.with_keys(session, ORDERS, keys, _chosen(choice)), choice)


async def existing(session: AcumaticaSession, keys: Sequence[str]) -> set[str]:
    """Return which of the keys belong to orders that Acumatica has, whether they are chosen or not."""
    page = await pager.with_keys(session, HEADS, keys)
    if page.bad:  # it is unknown which of them the row is, so all are kept
        return {order_key(*type_and_number(key)) for key in keys}
    return {order_key(code(row.OrderType.value), code(row.OrderNbr.value)) for row in page.records}


async def has_orders(session: AcumaticaSession, order_type: str) -> bool:
    """Return whether Acumatica has an order of this type."""
    found = await pager.read(session, HEADS, [eq("OrderType", order_type)], top=1)
    return found.size() > 0


def _chosen(choice: OrderChoice) -> list[Condition]:
    where: list[Condition] = [one_of("OrderType", choice.types)]
    if choice.branches:
        where.append(one_of("Branch", choice.branches))
    if choice.begins_on is not None:
        where.append(ge("Date", choice.begins_on))
    return where


def _has_begun(order: SalesOrder, choice: OrderChoice) -> bool:
    """Return whether the order is new enough. An order has a date and no time: of FROM's own date, those count that
    were entered from FROM on.
    """
    if choice.begins is None or choice.begins_on is None or order.date != choice.begins_on:
        return True
    return order.created is None or order.created >= choice.begins


def _page(found: Page[_Order], choice: OrderChoice) -> OrderPage:
    page = OrderPage(last_key=found.last, problems=found.problems())
    for record in found.records:
        key = order_key(code(record.OrderType.value), code(record.OrderNbr.value))
        if not all(type_and_number(key)):
            page.problems.append(Problem(key.strip() or WITHOUT_KEY, "Unreadable record: an order has no number."))
            continue
        try:
            order = _order(record)
        except BadRecord as error:
            page.problems.append(Problem(key, str(error)))
            continue
        if _has_begun(order, choice):
            page.orders[key] = order
    return page


def _order(record: _Order) -> SalesOrder:
    totals = record.Totals or _Totals()
    return SalesOrder(
        type=code(record.OrderType.value),
        number=code(record.OrderNbr.value),
        status=text(record.Status),
        customer=code(record.CustomerID.value),
        branch=code(record.Branch.value),
        date=day(record.Date.value),
        created=_instant(record.CreatedDate.value),
        external_ref=text(record.ExternalRef),
        customer_order=text(record.CustomerOrder),
        currency=code(record.CurrencyID.value),
        ship_via=code(record.ShipVia.value),
        payment_method=code(record.PaymentMethod.value),
        total=_number(record.OrderTotal, "Order Total"),
        tax=_number(record.TaxTotal, "Tax Total"),
        discount=_number(totals.DiscountTotal, "Discount Total"),
        freight=_number(totals.Freight, "Freight"),
        premium_freight=_number(totals.PremiumFreight, "Premium Freight"),
        bill_to=_party(record.BillToContact, record.BillToAddress),
        ship_to=_party(record.ShipToContact, record.ShipToAddress),
        lines=tuple(map(_line, record.Details)),
    )


def _line(line: _Line) -> SalesLine:
    what = f"line {line.LineNbr.value}"
    return SalesLine(
        number=line.LineNbr.value or 0,
        item=code(line.InventoryID.value),
        description=text(line.LineDescription),
        uom=code(line.UOM.value),
        quantity=_number(line.OrderQty, f"the quantity of {what}"),
        price=_number(line.UnitPrice, f"the price of {what}"),
        discount=_number(line.DiscountAmount, f"the discount of {what}"),
        amount=_number(line.Amount, f"the amount of {what}"),
        operation=text(line.Operation),
        line_type=text(line.LineType),
        completed=bool(line.Completed.value),
        on_shipments=_number(line.QtyOnShipments, f"the quantity on shipments of {what}"),
        po_source=text(line.POSource),
    )


def _party(contact: _Contact | None, address: _Address | None) -> Party:
    named, at = contact or _Contact(), address or _Address()
    return Party(
        attention=text(named.Attention),
        business=text(named.BusinessName),
        email=text(named.Email),
        phone=text(named.Phone1),
        line1=text(at.AddressLine1),
        line2=text(at.AddressLine2),
        city=text(at.City),
        state=text(at.State),
        postal_code=text(at.PostalCode),
        country=text(at.Country),
    )


def _number(number: Number, what: str) -> Decimal:
    value = number.value or Decimal(0)
    if not value.is_finite() or abs(value) >= LARGEST:
        raise BadRecord(f"Unreadable record: {what} is {value}, which is not a usable number. Correct it in Acumatica.")
    return plain(value)


def _instant(text: str | None) -> datetime | None:
    """Return a time in UTC; a text without an offset is in UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRecord(f"Unreadable record: {text[:40]!r} is not a date and time.") from error
