"""The demand of Acumatica's sales orders on the stock, found by the number of the shop's order that they refer to.

The types, branches and FROM of the settings do not matter here: whatever took the goods counts. Quantities are decimals
in the unit of their line. Source: contracts/acumatica.md §5.4 and §4 (figures); the availability calculation rule is
Acumatica's form IN201500, read as the DACs INItemClass and INAvailabilityScheme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from connector.acumatica.errors import NoRights, RecordMissing, RequestRefused
from connector.acumatica.lists import EntityList, parts, paths
from connector.acumatica.orders import order_key
from connector.acumatica.pager import having
from connector.acumatica.query import Contains, Dialect, Query, eq
from connector.acumatica.records import Flag, Number, Text, code, decode
from connector.acumatica.session import AcumaticaSession
from connector.model.open_orders import Deducts, OpenAs

FIELDS = {"external_ref": "ExternalRef", "customer_order": "CustomerOrder", "order_nbr": "OrderNbr"}
WITHOUT_DEMAND = ("QT", "BL", "CM", "RC", "RM", "CR")
"""Order types whose open lines demand nothing: quotes, blanket orders, and returns."""
ENDED = ("Canceled", "Rejected", "Expired", "Completed", "Invoiced", "Voided")
OPEN_AS: Mapping[str, OpenAs] = {
    "On Hold": "on_hold",
    "Credit Hold": "on_hold",
    "Pending Approval": "on_hold",
    "Awaiting Payment": "on_hold",
    "Back Order": "back_ordered",
}
_NOTHING = Decimal(0)
_LARGEST_PAGE = 10_000


class _Allocation(msgspec.Struct):
    Allocated: Flag = Flag()
    Completed: Flag = Flag()
    Qty: Number = Number()
    QtyOnShipments: Number = Number()


class _Line(msgspec.Struct):
    InventoryID: Text = Text()
    WarehouseID: Text = Text()
    UOM: Text = Text()
    OrderQty: Number = Number()
    OpenQty: Number = Number()
    QtyOnShipments: Number = Number()
    Completed: Flag = Flag()
    Operation: Text = Text()
    MarkForPO: Flag = Flag()
    POSource: Text = Text()
    Allocations: list[_Allocation] = []


class _Order(msgspec.Struct, kw_only=True):
    OrderType: Text = Text()
    OrderNbr: Text = Text()
    Status: Text = Text()
    ExternalRef: Text = Text()
    CustomerOrder: Text = Text()
    Details: list[_Line] = []

    def reference(self, field: str) -> str:
        """Return what the field that refers to the shop's order holds."""
        return str(getattr(self, field).value or "").strip()


ORDERS = EntityList(
    name="SalesOrder",
    record=_Order,
    key=("OrderNbr",),
    select=paths(_Order),
    expand=parts(_Order),
    keys_per_request=20,
    called="the order",
)


@dataclass(frozen=True)
class LineDemand:
    """The demand of a line of an order, in `uom`, with the meaning of `entities.inventory.salable.Demand`."""

    order: str
    status: str
    reference: str
    inventory_id: str
    warehouse: str
    uom: str
    shipped: Decimal
    allocated: Decimal
    open: Decimal
    open_as: OpenAs
    elsewhere: str


@dataclass(frozen=True)
class OrderDemand:
    """An order that refers to one of the shop's: its key, its status, and the demand of its lines."""

    order: str
    status: str
    reference: str
    lines: tuple[LineDemand, ...]


async def demands_of(
    session: AcumaticaSession, field: str, numbers: Sequence[str], *, inside: bool = False
) -> tuple[list[OrderDemand], list[str]]:
    """Return the orders whose reference field contains one of the shop's numbers, and why others could not be read.

    field: `external_ref`, `customer_order` or `order_nbr`. inside: the field contains more than the number.
    """
    name = FIELDS[field]
    asked = dict.fromkeys(numbers)
    found = await having(session, ORDERS, [Contains(name, one) if inside else eq(name, one) for one in asked])
    return [_demand(order, order.reference(name)) for order in found.records], [one.why for one in found.bad]


def _demand(order: _Order, reference: str) -> OrderDemand:
    key = order_key(code(order.OrderType.value), code(order.OrderNbr.value))
    status = order.Status.value or ""
    takes = code(order.OrderType.value).upper() not in WITHOUT_DEMAND
    lines = tuple(_line(key, status, reference, one) for one in order.Details) if takes else ()
    return OrderDemand(key, status, reference, tuple(one for one in lines if one is not None))


def _line(key: str, status: str, reference: str, line: _Line) -> LineDemand | None:
    ordered = line.OrderQty.value or _NOTHING
    inventory_id = code(line.InventoryID.value)
    if not inventory_id or ordered <= 0 or line.Operation.value == "Receipt":
        return None
    on_shipments = line.QtyOnShipments.value or _NOTHING
    is_over = bool(line.Completed.value) or status in ENDED
    rest = _NOTHING if is_over else max(ordered - on_shipments, _NOTHING)
    unconfirmed = min(max((line.OpenQty.value or _NOTHING) - rest, _NOTHING), on_shipments)
    allocated = min(sum((_allocated(one) for one in line.Allocations), _NOTHING), rest)
    return LineDemand(
        order=key,
        status=status,
        reference=reference,
        inventory_id=inventory_id,
        warehouse=code(line.WarehouseID.value),
        uom=code(line.UOM.value),
        shipped=on_shipments - unconfirmed,
        allocated=allocated + unconfirmed,
        open=_NOTHING if line.MarkForPO.value else rest - allocated,
        open_as=OPEN_AS.get(status, "booked"),
        elsewhere=_elsewhere(line),
    )


def _allocated(one: _Allocation) -> Decimal:
    if not one.Allocated.value or one.Completed.value:
        return _NOTHING
    return max((one.Qty.value or _NOTHING) - (one.QtyOnShipments.value or _NOTHING), _NOTHING)


def _elsewhere(line: _Line) -> str:
    if line.MarkForPO.value and (line.POSource.value or "").casefold() == "drop-ship":
        return "drop-shipped by the vendor"
    return ""


class _Scheme(msgspec.Struct):
    AvailabilitySchemeID: str | None = None
    InclQtySOBooked: bool | None = None
    InclQtySOPrepared: bool | None = None
    InclQtySOBackOrdered: bool | None = None
    InclQtySOShipping: bool | None = None


class _Class(msgspec.Struct):
    ItemClassCD: str | None = None
    AvailabilitySchemeID: str | None = None


class _Schemes(msgspec.Struct):
    value: list[_Scheme] = []


class _Classes(msgspec.Struct):
    value: list[_Class] = []


async def availability_rules(session: AcumaticaSession) -> dict[str, Deducts] | None:
    """Return what Quantity Available deducts, by item class; None if the user may not read it or the site has no such
    feed.

    A class without a rule is left out.
    """
    try:
        schemes = decode(await _all_of(session, "INAvailabilityScheme", _Scheme), _Schemes, "INAvailabilityScheme")
        classes = decode(await _all_of(session, "INItemClass", _Class), _Classes, "INItemClass")
    except (NoRights, RecordMissing, RequestRefused):
        return None
    by_id = {
        code(one.AvailabilitySchemeID): Deducts(
            booked=bool(one.InclQtySOBooked),
            on_hold=bool(one.InclQtySOPrepared),
            back_ordered=bool(one.InclQtySOBackOrdered),
            allocated=bool(one.InclQtySOShipping),
        )
        for one in schemes.value
    }
    named = ((code(one.ItemClassCD), code(one.AvailabilitySchemeID)) for one in classes.value)
    return {item_class: by_id[scheme] for item_class, scheme in named if scheme in by_id}


async def _all_of(session: AcumaticaSession, dac: str, row: type[msgspec.Struct]) -> bytes:
    query = Query(select=row.__struct_fields__, top=_LARGEST_PAGE)
    return await session.get(session.access.dac(dac), query.params(Dialect.FEED), what=f"the OData feed {dac}")
