"""What is added back to quantities for open orders of the shop, so that no order is subtracted twice.

Magento reserves what an order holds until it is shipped; Acumatica's figure lacks the same pieces as soon as it has
taken the order. What Magento offers is a stock's sources plus its reservations, so by as much as the figure lacks of an
order that Magento still reserves, the sources must show more (spec, *Learned in the field*, "Salable is what counts").
Quantities are whole 1/10,000 of the item's base unit.
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
"""Where the rule cannot be read, only what every rule in use deducts counts: allocated, and shipped."""


@dataclass(frozen=True)
class OpenOrderRule:
    """What is added back for open orders of the shop.

    `deducts`: what Quantity Available lacks, for every item class; `None` where it is read from Acumatica. `reference`:
    the field of Acumatica's orders that holds Magento's number, which `pattern` finds inside it (empty: all of it).
    """

    adds_back: bool = True
    figure: Figure = "available"
    deducts: Deducts | None = None
    reference: Literal["external_ref", "customer_order", "order_nbr"] = "external_ref"
    pattern: str = ""
    repair: RepairRule = field(default_factory=RepairRule)

    @property
    def is_on(self) -> bool:
        """Whether anything can be added back: On Hand lacks nothing of an open order."""
        return self.adds_back and self.figure != "on_hand"


def lacks(demand: Demand, figure: Figure, deducts: Deducts) -> int:
    """Return by how much Acumatica's figure is lower because of this demand."""
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
    """Return by warehouse what is added back of one Magento order's product; only positive amounts.

    `demands`: of all Acumatica orders with the Magento order's number, those of the product's item. Only `warehouses`,
    the published ones, count. What Magento has shipped has left both systems: it is taken off the demands that
    Acumatica has shipped first.
    """
    by_warehouse: dict[str, int] = {}
    shipped: dict[str, int] = {}
    for one in demands:
        if one.warehouse in warehouses and (amount := lacks(one, figure, deducts)):
            by_warehouse[one.warehouse] = by_warehouse.get(one.warehouse, 0) + amount
            shipped[one.warehouse] = shipped.get(one.warehouse, 0) + one.shipped
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

    `stocks`: the sources of every stock that a website sells from, the first one first. A source gets no more than
    every stock that holds it has to get back, so one stock never pays for another; what a line's own source cannot take
    goes to the next of the stock. Source codes are compared as Magento does.
    """
    owed = list(owed)
    spelled = {source_key(source): source for source in published}
    members = {stock: [source_key(source) for source in sources] for stock, sources in stocks.items()}
    left: dict[int, int] = {}
    for one in owed:
        left[one.stock] = left.get(one.stock, 0) + one.quantity
    found: dict[str, int] = {}
    for one in owed:
        rest = one.quantity
        own = source_key(one.source)
        here = members.get(one.stock, [])
        for source in [*(name for name in here if name == own), *(name for name in here if name != own)]:
            if source not in spelled:
                continue
            holding = [stock for stock, sources in members.items() if source in sources]
            part = min(rest, *(left.get(stock, 0) for stock in holding))
            if part > 0:
                found[spelled[source]] = found.get(spelled[source], 0) + part
                rest -= part
                for stock in holding:
                    left[stock] -= part
    return found
