"""Compute what is added back for open orders of the shop, so that no order is subtracted twice.

Magento reserves the quantity of an order until it is shipped; Acumatica's figure lacks the same quantity as soon as it
has taken the order. Magento offers the sum of a stock's sources less its reservations. So the sources must show more,
by the quantity that the figure lacks of orders that Magento still reserves (spec, *Learned in the field*, "Salable is
what counts"). Quantities are whole 1/10,000 of the item's base unit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from connector.model.open_orders import Deducts, Demand, Held
from connector.model.quantities import Figure
from entities.shop_orders.repair import RepairRule
from entities.sources import source_key

UNKNOWN_RULE = Deducts()
"""If the rule cannot be read, only what every rule in use deducts counts: allocated and shipped quantities."""


@dataclass(frozen=True)
class OpenOrderRule:
    """The rule for what is added back for open orders of the shop.

    `deducts`: what Quantity Available deducts, for every item class; None if it is read from Acumatica. `reference`:
    the field of Acumatica's orders with Magento's number, which `pattern` extracts from it (empty: the whole field).
    """

    adds_back: bool = True
    figure: Figure = "available"
    deducts: Deducts | None = None
    reference: Literal["external_ref", "customer_order", "order_nbr"] = "external_ref"
    pattern: str = ""
    repair: RepairRule = field(default_factory=RepairRule)

    @property
    def is_on(self) -> bool:
        """Whether anything can be added back: On Hand deducts nothing for an open order."""
        return self.adds_back and self.figure != "on_hand"


def lacks(demand: Demand, figure: Figure, deducts: Deducts) -> int:
    """Return by how much this demand lowers Acumatica's figure."""
    if figure == "on_hand" or demand.elsewhere:
        return 0
    if figure == "available_for_shipping":
        return demand.shipped + demand.allocated
    is_deducted = {"booked": deducts.booked, "on_hold": deducts.on_hold, "back_ordered": deducts.back_ordered}
    allocated = demand.allocated if deducts.allocated else 0
    return demand.shipped + allocated + (demand.open if is_deducted[demand.open_as] else 0)


def added_back(
    held: Held, demands: Sequence[Demand], figure: Figure, deducts: Deducts, warehouses: Collection[str]
) -> dict[str, int]:
    """Return by warehouse what is added back for one product of a Magento order; only positive amounts.

    `demands`: those for the product's item in all Acumatica orders with the Magento order's number. Only `warehouses`,
    the published ones, count. What Magento has shipped has left both systems, so it is subtracted: first from the
    demands that Acumatica has shipped.
    """
    by_warehouse: dict[str, int] = {}
    shipped: dict[str, int] = {}
    for demand in demands:
        if demand.warehouse in warehouses and (amount := lacks(demand, figure, deducts)):
            by_warehouse[demand.warehouse] = by_warehouse.get(demand.warehouse, 0) + amount
            shipped[demand.warehouse] = shipped.get(demand.warehouse, 0) + demand.shipped
    deducted = held.shipped
    for amounts in (shipped, by_warehouse):
        for warehouse in sorted(by_warehouse):
            part = min(deducted, amounts[warehouse], by_warehouse[warehouse])
            by_warehouse[warehouse] -= part
            deducted -= part
    left = held.held
    for warehouse in sorted(by_warehouse):
        by_warehouse[warehouse] = min(by_warehouse[warehouse], left)
        left -= by_warehouse[warehouse]
    return {warehouse: amount for warehouse, amount in by_warehouse.items() if amount}


class Owed(NamedTuple):
    """What one stock has to get back of an item: for an order of `stock`, at the source of the line's warehouse."""

    stock: int
    source: str
    quantity: int


def at_sources(owed: Iterable[Owed], stocks: Mapping[int, Sequence[str]], published: Collection[str]) -> dict[str, int]:
    """Return by source how much more of one item is published.

    `stocks`: the sources of every stock that a website sells from, in their order. A source that belongs to several
    stocks gets no more than each of them has to get back, so that no stock gets another one's quantity. What a line's
    own source cannot take goes to the next source of the stock. Source codes are compared as Magento does.
    """
    owed = list(owed)
    spelled = {source_key(source): source for source in published}
    members = {stock: [source_key(source) for source in sources] for stock, sources in stocks.items()}
    left: dict[int, int] = {}
    for one in owed:
        left[one.stock] = left.get(one.stock, 0) + one.quantity
    result: dict[str, int] = {}
    for one in owed:
        rest = one.quantity
        own_source = source_key(one.source)
        of_stock = members.get(one.stock, [])
        for source in [
            *(name for name in of_stock if name == own_source),
            *(name for name in of_stock if name != own_source),
        ]:
            if source not in spelled:
                continue
            holding = [stock for stock, sources in members.items() if source in sources]
            part = min(rest, *(left.get(stock, 0) for stock in holding))
            if part > 0:
                result[spelled[source]] = result.get(spelled[source], 0) + part
                rest -= part
                for stock in holding:
                    left[stock] -= part
    return result
