"""The rest of an order that never ships: what Acumatica closed short, and how much of it is still open in Magento.

Input: an order's lines in Acumatica and its items in Magento. Output: the rest of each line in Magento's unit; how much
of it is still open by item; and whether Magento's cancel would close exactly that. Source: magento-observed.md,
"Orders" and part two, section 1: a cancel takes everything that is neither shipped nor invoiced. If nothing is
invoiced, it makes the whole order canceled, even if something was shipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from connector.model.money import NOTHING
from connector.model.sales_orders import SalesOrder
from connector.model.sold_items import SoldItem
from connector.model.units import ItemUnits
from entities.order.sold import counted
from entities.order.types import InvoiceLine
from entities.shop_orders.matching import matches, preferred

CHARGE = "Misc. Charge"
DROP_SHIP = "Drop-Ship"


def closed_short(order: SalesOrder, items: Mapping[str, ItemUnits]) -> dict[int, Fraction]:
    """Return the quantity of each line, by number and in the line's unit, that was completed without being shipped or
    invoiced.

    For a drop-shipment only once the whole order is completed, because its lines show no shipments.
    """
    invoiced = invoiced_by_line(order, items)
    rest = {}
    for line in order.lines:
        ordered = Fraction(line.quantity)
        if ordered <= 0 or not line.completed or line.operation == "Receipt" or line.line_type == CHARGE:
            continue
        if line.po_source == DROP_SHIP and order.status != "Completed":
            continue
        done = max(Fraction(line.on_shipments), invoiced.get(line.number, Fraction(0)))
        if ordered > done:
            rest[line.number] = ordered - done
    return rest


def invoiced_by_line(order: SalesOrder, items: Mapping[str, ItemUnits]) -> dict[int, Fraction]:
    """Return the quantity of each line in Acumatica's released invoices, by number and in the line's unit."""
    uoms = {line.number: line.uom for line in order.lines}
    invoiced: dict[int, Fraction] = {}
    for lines in order.invoices.values():
        for line in lines:
            units = items.get(line.item)
            if units is None or line.quantity <= 0:
                continue
            part = units.converted(line.quantity, line.uom, uoms.get(line.number, line.uom))
            invoiced[line.number] = invoiced.get(line.number, Fraction(0)) + (part or Fraction(0))
    return invoiced


def _open(item: SoldItem) -> Decimal:
    """Return the quantity of an item that is neither shipped, canceled nor refunded. Magento counts a refunded quantity
    as shipped.
    """
    return min(item.to_ship, max(item.ordered - item.canceled - item.shipped - item.refunded, NOTHING))


@dataclass(frozen=True)
class OpenRest:
    """What is still open of a rest in Magento, by item.

    more_to_ship: something else of the order is still to be shipped. to_refund: the invoiced part of the rest, by item,
    which only a credit memo closes. cancels_more: a cancel would also take what was shipped and not invoiced.
    """

    quantities: tuple[tuple[SoldItem, Decimal], ...]
    more_to_ship: bool
    to_refund: tuple[tuple[int, Decimal], ...]
    cancels_more: bool

    def describe(self) -> str:
        """Return the quantities with their SKUs."""
        return ", ".join(f"{quantity.normalize():f} of {item.sku}" for item, quantity in self.quantities)


def open_rest(rest: Sequence[InvoiceLine], items: Sequence[SoldItem]) -> OpenRest | None:
    """Return what Magento still has open of the rest; None if nothing is."""
    goods = [item for item in counted(items) if item.ships]
    left = {item.item_id: _open(item) for item in goods}
    ends: dict[int, Decimal] = {}
    for line in rest:
        candidates = [item for item in goods if item.ext_id == str(line.number)]
        candidates = candidates or [item for item in matches(items, line.sku) if item.item_id in left]
        wanted = line.quantity
        for item in preferred(candidates, left, quantity=wanted, order_line=line.number):
            part = min(wanted, left[item.item_id])
            if part > 0:
                ends[item.item_id] = ends.get(item.item_id, NOTHING) + part
                left[item.item_id] -= part
                wanted -= part
    if not ends:
        return None
    of_rest = tuple((item, ends[item.item_id]) for item in goods if item.item_id in ends)
    return OpenRest(
        quantities=of_rest,
        more_to_ship=any(quantity > 0 for quantity in left.values()),
        to_refund=tuple(
            (item.item_id, quantity - item.to_invoice) for item, quantity in of_rest if quantity > item.to_invoice
        ),
        cancels_more=any(item.shipped > item.invoiced for item in goods),
    )
