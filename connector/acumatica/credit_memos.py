"""The amount that Acumatica has refunded of an order: its released credit memos.

Input: an order's key, and the fields that refer to it elsewhere: its customer, its references, its date. Output: the
sum of the released credit memos of the orders that were made from it (a return or credit memo order names its original
order). A credit memo that contains anything else is not counted, because it is not known how much of it belongs to this
order. If an order has several credit memos, Acumatica names the last one; what is not counted is only refunded later.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from connector.acumatica import pager
from connector.acumatica.errors import RequestRefused
from connector.acumatica.lists import EntityList, parts, paths
from connector.acumatica.order_invoices import RELEASED
from connector.acumatica.orders import order_key
from connector.acumatica.query import AnyOf, Condition, eq, one_of
from connector.acumatica.records import BadRecord, Number, Text, code
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import number
from connector.model.sales_orders import SalesOrder

T = TypeVar("T")
PAGE = 200
MEMO = "Credit Memo"


class _Settings(msgspec.Struct):
    OriginalOrderType: Text = Text()
    OriginalOrderNbr: Text = Text()
    InvoiceNbr: Text = Text()


class _Order(msgspec.Struct, kw_only=True):
    OrderType: Text
    OrderNbr: Text
    FinancialSettings: _Settings | None = None


class _Line(msgspec.Struct):
    OrderType: Text = Text()
    OrderNbr: Text = Text()


class _Memo(msgspec.Struct, kw_only=True):
    ReferenceNbr: Text
    Amount: Number = Number()
    Details: list[_Line] = []


ORDERS = EntityList(
    name="SalesOrder",
    record=_Order,
    key=("OrderType", "OrderNbr"),
    select=paths(_Order),
    expand=parts(_Order),
    called="the order",
)
MEMOS = EntityList(
    name="SalesInvoice",
    record=_Memo,
    key=("ReferenceNbr",),
    select=("Type", *paths(_Memo)),
    expand=parts(_Memo),
    called="the credit memo",
)


async def given_back(session: AcumaticaSession, key: str, order: SalesOrder) -> Decimal:
    """Return the sum of the order's released credit memos. Raises an `AcumaticaFault`."""
    returns = await _returns_of(session, key, order)
    numbers = sorted(set(returns.values()) - {""})
    if not numbers:
        return Decimal(0)
    where: list[Condition] = [eq("Type", MEMO), one_of("Status", RELEASED), one_of("ReferenceNbr", numbers)]
    total = Decimal(0)
    for memo in await _all(session, MEMOS, where):
        of = {order_key(code(line.OrderType.value), code(line.OrderNbr.value)) for line in memo.Details}
        if of and of <= returns.keys():
            total += number(memo.Amount.value, "Amount")
    return total


async def _returns_of(session: AcumaticaSession, key: str, order: SalesOrder) -> dict[str, str]:
    """Return the orders of the same customer and reference that were made from this one, with the numbers of their
    credit memos.
    """
    names = {"ExternalRef": order.external_ref, "CustomerOrder": order.customer_order}
    same = tuple(eq(name, value) for name, value in names.items() if value)
    if not same:
        return {}
    found = await _all(session, ORDERS, [eq("CustomerID", order.customer), AnyOf(same)])
    return {
        order_key(code(one.OrderType.value), code(one.OrderNbr.value)): code(one.FinancialSettings.InvoiceNbr.value)
        for one in found
        if one.FinancialSettings is not None and _original(one.FinancialSettings) == key
    }


def _original(of: _Settings) -> str:
    return order_key(code(of.OriginalOrderType.value), code(of.OriginalOrderNbr.value))


async def _all(session: AcumaticaSession, of: EntityList[T], where: Sequence[Condition]) -> list[T]:
    """Return all matching records. If they do not fit on one page, the request is refused rather than
    counted in part.
    """
    page = await pager.read(session, of, where, top=PAGE)
    if page.bad:
        raise BadRecord(page.bad[0].why)
    if page.size() >= PAGE:
        raise RequestRefused(f"{of.name}: {PAGE} records or more of one reference; how much was given back is unknown.")
    return page.records
