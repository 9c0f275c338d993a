"""The lines of sales orders and their allocations in the DAC feed; those of archived orders are not in it.

A split that is neither allocated nor completed is a demand that the item class's rule may deduct. An allocated one
always counts against the quantity available for shipping. `POSource` is `O` (Purchase to Order) or `D` (Drop-Ship).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.acumatica import sums
from sandbox.acumatica.dacs import number, text
from sandbox.acumatica.demand import splits_shipped
from sandbox.acumatica.document_types import DROP_SHIP, Order, OrderLine, Split
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import flags, guids, moments, quantities
from sandbox.acumatica.tables import Field, Link, Table, fields
from sandbox.acumatica.values import collate

SOURCES = {"Purchase to Order": "O", DROP_SHIP: "D"}
LINE_KEY = ("OrderType", "OrderNbr", "LineNbr")


class Line(NamedTuple):
    """A line with its order."""

    order: Order
    line: OrderLine


class Allocation(NamedTuple):
    """A split with its line and order, and its quantity on shipments."""

    order: Order
    line: OrderLine
    split: Split
    shipped4: int


def _common() -> list[Field]:
    return [
        text("OrderType", lambda one: one.order.type),
        text("OrderNbr", lambda one: one.order.number),
        number("LineNbr", lambda one: one.line.number, key=True),
        text("Operation", lambda one: one.line.operation[:1]),
        number("SiteID", lambda one: one.line.site.number if one.line.site is not None else None),
        *moments(LastModifiedDateTime=lambda one: one.line.modified),
    ]


def _base(one: Any, quantity4: int) -> int:
    return sums.base_quantity(one.line.item, quantity4, one.line.uom)


def _line_fields() -> list[Field]:
    return [
        *_common(),
        number("InventoryID", lambda one: one.line.item.number),
        text("UOM", lambda one: one.line.uom),
        text("POSource", lambda one: SOURCES.get(one.line.po_source)),
        *quantities(
            OrderQty=lambda one: one.line.quantity4,
            BaseOrderQty=lambda one: _base(one, one.line.quantity4),
            ShippedQty=lambda one: sums.shipped(*one),
            BaseShippedQty=lambda one: _base(one, sums.shipped(*one)),
            OpenQty=lambda one: sums.open_quantity(*one),
            BaseOpenQty=lambda one: _base(one, sums.open_quantity(*one)),
        ),
        *flags(Completed=_is_done, POCreate=lambda one: one.line.purchased),
        *guids(NoteID=lambda one: one.line.note_id),
    ]


def _split_fields() -> list[Field]:
    return [
        *_common(),
        number("SplitLineNbr", lambda one: one.split.number, key=True),
        number("InventoryID", lambda one: one.split.item.number),
        text("UOM", lambda one: one.split.uom),
        text("LotSerialNbr", lambda one: one.split.lot),
        text("POSource", lambda one: None if one.split.allocated else SOURCES.get(one.line.po_source)),
        *quantities(
            Qty=lambda one: one.split.quantity4,
            BaseQty=lambda one: sums.base_quantity(one.split.item, one.split.quantity4, one.split.uom),
            ShippedQty=lambda one: one.shipped4,
            BaseShippedQty=lambda one: sums.base_quantity(one.split.item, one.shipped4, one.split.uom),
        ),
        *flags(
            IsAllocated=lambda one: one.split.allocated,
            Completed=_is_done,
            POCreate=lambda one: one.line.purchased and not one.split.allocated,
        ),
    ]


def _is_done(one: Line | Allocation) -> bool:
    return one.line.completed or not sums.open_quantity(one.order, one.line)


def line_dacs(documents: Documents, others: dict[str, Table]) -> dict[str, Table]:
    """Return SOLine and SOLineSplit over the documents; their links lead to tables among the others."""

    def lines() -> Iterator[Line]:
        for order in documents.orders.rows():
            if not order.archived:
                yield from (Line(order, line) for line in order.lines)

    def splits() -> Iterator[Allocation]:
        for order, line in lines():
            for split, shipped4 in zip(line.splits, splits_shipped(order, line), strict=True):
                yield Allocation(order, line, split, shipped4)

    def table(name: str, key: tuple[str, ...], columns: list[Field], rows: Any, item: Any) -> Table:
        links = {
            "InventoryItemByInventoryID": Link(lambda: others["InventoryItem"], item),
            "INSiteBySiteID": Link(lambda: others["INSite"], lambda one: one.line.site),
        }
        return Table(
            name,
            f"PX.Objects.SO.{name}",
            key,
            fields(*columns),
            lambda: list(rows()),
            lambda: [collate(one.order.type) for one in rows()],
            links,
        )

    return {
        "SOLine": table("SOLine", LINE_KEY, _line_fields(), lines, lambda one: one.line.item),
        "SOLineSplit": table(
            "SOLineSplit", (*LINE_KEY, "SplitLineNbr"), _split_fields(), splits, lambda one: one.split.item
        ),
    }
