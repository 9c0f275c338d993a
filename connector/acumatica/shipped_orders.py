"""The sales orders behind shipments: their reference to Magento, and their lines.

Input: keys "TYPE NBR". Output: `ShippedOrder`s by key. Source: acumatica.md §5.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, parts, paths
from connector.acumatica.query import eq
from connector.acumatica.records import BadRecord, Flag, Number, Text, code, day, possible_keys
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import Whole, number, order_key
from connector.model.shipments import OrderLine, ShippedOrder


class Detail(msgspec.Struct):
    """A line of a sales order."""

    LineNbr: Whole = Whole()
    InventoryID: Text = Text()
    UOM: Text = Text()
    OrderQty: Number = Number()
    ExternalRef: Text = Text()
    FreeItem: Flag = Flag()


class OrderHead(msgspec.Struct, kw_only=True):
    """A sales order without its lines."""

    OrderType: Text = Text()
    OrderNbr: Text = Text()
    Date: Text = Text()
    ExternalRef: Text = Text()
    CustomerOrder: Text = Text()
    Branch: Text = Text()

    def key(self) -> str:
        """ "TYPE NBR"."""
        return order_key(self.OrderType.value, self.OrderNbr.value)


class _Order(OrderHead, kw_only=True):
    Details: list[Detail] = []


ORDERS = EntityList(
    name="SalesOrder",
    record=_Order,
    key=("OrderNbr",),
    select=paths(_Order),
    expand=parts(_Order),
    called="the sales order",
)


async def orders_with_keys(
    session: AcumaticaSession, keys: Iterable[str]
) -> tuple[dict[str, ShippedOrder], dict[str, str]]:
    """Return the sales orders with these keys, including archived ones, and the reasons for unreadable ones. Missing
    ones are left out.
    """
    numbers: dict[str, list[str]] = {}
    for key in sorted(possible_keys(key for key in keys if key)):
        order_type, _blank, order_nbr = key.partition(" ")
        numbers.setdefault(order_type, []).append(order_nbr)
    found: dict[str, ShippedOrder] = {}
    unreadable: dict[str, str] = {}
    for order_type, of_type in numbers.items():
        page = await pager.with_keys(session, ORDERS, of_type, [eq("OrderType", order_type)])
        unreadable.update((f"{order_type} {one.name}", one.why) for one in page.bad)
        for record in page.records:
            try:
                found[record.key()] = shipped_order(record, record.Details)
            except BadRecord as error:
                unreadable[record.key()] = str(error)
    return found, unreadable


def shipped_order(head: OrderHead, details: Sequence[Detail]) -> ShippedOrder:
    """Return an order in the form that the rules take. Raises `BadRecord`."""
    return ShippedOrder(
        number=code(head.OrderNbr.value),
        date=day(head.Date.value),
        external_ref=(head.ExternalRef.value or "").strip(),
        customer_order=(head.CustomerOrder.value or "").strip(),
        branch=code(head.Branch.value),
        lines=tuple(
            OrderLine(
                number=one.LineNbr.value,
                inventory_id=code(one.InventoryID.value),
                uom=code(one.UOM.value),
                quantity=number(one.OrderQty.value, "OrderQty"),
                external_ref=(one.ExternalRef.value or "").strip(),
                free=bool(one.FreeItem.value),
            )
            for one in details
            if one.LineNbr.value is not None
        ),
    )
