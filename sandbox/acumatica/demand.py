"""The demand of an order and its shipments on the stock, by the kinds of allocation that Acumatica counts separately.

An open line that is not allocated is prepared while its order is on hold (or waits for approval, credit or a
prepayment), back-ordered once a part of the order was shipped, and else booked. What is allocated, on the line or on an
unconfirmed shipment, counts as allocated (SO Allocated). What is confirmed counts as shipped until it is posted, which
deducts it from the quantity on hand. Drop-shipments and lines that are purchased for the order are no demand until they
are on a shipment.
"""

from collections import Counter

from sandbox.acumatica import sums
from sandbox.acumatica.document_types import Order, OrderLine, Shipment
from sandbox.acumatica.item_types import Item

Figures = Counter[tuple[str, str, str]]
HELD = ("On Hold", "Credit Hold", "Pending Approval", "Awaiting Payment")


def footprint(order: Order) -> Figures:
    """Return the changes of an order and its shipments to the stock rows: (item, warehouse, figure) → base quantity."""
    found: Figures = Counter()
    for line in order.lines:
        if not line.item.stock or line.purchased or line.site is None or line.operation == "Receipt":
            continue
        if order.type not in sums.NO_DEMAND_TYPES and order.status not in sums.NOT_OPEN and not line.completed:
            left, kept = _left(order, line), allocated(order, line)
            for figure, quantity4 in ((_kind(order), left - kept), ("allocated", kept)):
                _count(found, line.item, line.site.code, sums.base_quantity(line.item, quantity4, line.uom), figure)
    for shipment in order.shipments:
        _count_shipment(found, order, shipment)
    return found


def _count_shipment(found: Figures, order: Order, shipment: Shipment) -> None:
    returned = shipment.operation == "Receipt"
    posted = shipment.confirmed and shipment.posted
    if shipment.status == "Canceled" or (returned and not posted):
        return
    figure = "on_hand" if posted else "shipped" if shipment.confirmed else "allocated"
    sign = -1 if posted and not returned else 1
    for sent in (one for one in shipment.lines if one.order is order):
        for split in sent.splits:
            quantity4 = sums.base_quantity(split.item, split.quantity4, split.uom) if split.item.stock else 0
            _count(found, split.item, sent.site.code, sign * quantity4, figure)


def _kind(order: Order) -> str:
    if order.status in HELD:
        return "prepared"
    return "back_ordered" if order.status == "Back Order" else "booked"


def _left(order: Order, line: OrderLine) -> int:
    return max(line.quantity4 - sums.shipped(order, line), 0)


def allocated(order: Order, line: OrderLine) -> int:
    """Return the allocated quantity of a line that is not yet on a shipment, in the line's unit. Shipments take the
    allocated quantity first.
    """
    kept = sum(split.quantity4 for split in line.splits if split.allocated and split.item is line.item)
    return min(max(kept - sums.shipped(order, line), 0), _left(order, line))


def splits_shipped(order: Order, line: OrderLine) -> list[int]:
    """Return the quantity of each split of a line on shipments, the allocated splits first; nothing for a kit's
    components.
    """
    left, found = sums.shipped(order, line), dict.fromkeys(range(len(line.splits)), 0)
    for place in sorted(found, key=lambda place: not line.splits[place].allocated):
        split = line.splits[place]
        if split.item is line.item:
            found[place] = min(split.quantity4, left)
            left -= found[place]
    return list(found.values())


def _count(found: Figures, item: Item, site: str, quantity4: int, figure: str) -> None:
    if quantity4:
        found[item.inventory_id, site, figure] += quantity4
