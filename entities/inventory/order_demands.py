"""What Acumatica's orders take of the items in the shop's open orders.

Input: open orders of Magento. Output: Acumatica's orders with their numbers, each line's quantities in base units, and
the availability rules of the item classes. What cannot be read becomes a remark of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

from connector.acumatica.items import item_units
from connector.acumatica.order_demands import LineDemand, OrderDemand, availability_rules, demands_of
from connector.acumatica.orders import type_and_number
from connector.model.open_orders import Deducts, Demand
from connector.model.units import DIGITS
from connector.records import Facts
from connector.state.sync import records
from connector.state.sync.open_orders import OpenOrder
from connector.state.sync.records import Stored
from entities.base import RunContext
from entities.inventory.rules import QuantityRule
from entities.inventory.salable import OpenOrderRule
from entities.shop_orders.own_orders import own_key
from entities.shop_orders.reference import increment_id_of


async def demands_of_orders(
    context: RunContext[QuantityRule], orders: Sequence[OpenOrder]
) -> dict[int, list[OrderDemand]]:
    """Return Acumatica's orders by the id of the Magento order whose number they have, or which the connector made from
    them.
    """
    rule: OpenOrderRule = context.rule.open_orders
    own = {one.order.order_id: key for one in orders if not one.order.placed and (key := own_key(context, one))}
    numbers = [one.order.increment_id for one in orders if one.order.order_id not in own]
    by_number: dict[str, list[OrderDemand]] = {}
    for one in await _ask(context, rule.reference, numbers, inside=bool(rule.pattern)):
        number = increment_id_of(one.reference, rule.pattern)
        if number is not None:
            by_number.setdefault(number.casefold(), []).append(one)
    demands = {one.order.order_id: by_number.get(one.order.increment_id.casefold(), []) for one in orders}
    by_key = {
        one.order: one for one in await _ask(context, "order_nbr", [type_and_number(key)[1] for key in own.values()])
    }
    demands.update((number, [by_key[key]] if key in by_key else []) for number, key in own.items())
    return demands


async def _ask(
    context: RunContext[QuantityRule], field: str, numbers: Sequence[str], *, inside: bool = False
) -> list[OrderDemand]:
    if not numbers:
        return []
    demands, unread = await demands_of(context.acumatica, field, numbers, inside=inside)
    for why in unread:
        context.remarks.add(f"An order of Acumatica could not be read, and nothing is added back for it: {why}")
    return demands


async def deductions(context: RunContext[QuantityRule]) -> Mapping[str, Deducts]:
    """Return what Acumatica's available quantity deducts, by item class; nothing if it may not be read."""
    rules = await context.shop.once("availability rules", partial(availability_rules, context.acumatica))
    if rules is None:
        context.remarks.add(
            "The Availability Calculation Rules of the item classes cannot be read, so only what is allocated or "
            "shipped of open orders of the shop is added back. Grant access to the form IN201500, or say what is "
            "deducted (A2M_INVENTORY__AVAILABLE_DEDUCTS)."
        )
    return rules or {}


async def in_base_units(
    context: RunContext[QuantityRule], lines: Sequence[LineDemand], chosen: Mapping[str, Stored]
) -> list[Demand]:
    """Return the quantities of these lines in 1/10,000 of their items' base units."""
    others = sorted({line.inventory_id for line in lines} - chosen.keys())
    with context.state.read() as connection:
        known = {**records.read(connection, context.name, others), **chosen}
    ratios: dict[tuple[str, str], Fraction | None] = {}
    for line in lines:
        stored = known.get(line.inventory_id)
        facts = None if stored is None else stored.record.facts
        ratios[line.inventory_id, line.uom] = None if facts is None else _ratio(line.uom, facts)
    unclear = sorted({item for (item, _uom), ratio in ratios.items() if ratio is None and item in known})
    units = await item_units(context.acumatica, context.read.fields, unclear) if unclear else {}
    for (item, uom), ratio in list(ratios.items()):
        if ratio is None and item in units and uom in units[item].in_base:
            ratios[item, uom] = Fraction(units[item].in_base[uom])
    return [_demand(line, ratios[line.inventory_id, line.uom]) for line in lines]


def _ratio(uom: str, facts: Facts) -> Fraction | None:
    """Return the base units per unit of a line; None if the item's own units do not define it."""
    if uom in ("", facts.base_uom):
        return Fraction(1)
    if uom == facts.sales_uom and facts.unit_numerator and facts.unit_denominator:
        return Fraction(facts.unit_numerator, facts.unit_denominator)
    return None


def _demand(line: LineDemand, ratio: Fraction | None) -> Demand:
    elsewhere = line.elsewhere or ("" if ratio is not None else f"its unit {line.uom} has no conversion")
    shipped, allocated, rest = (
        int(Fraction(amount) * (ratio or 1) * 10**DIGITS) for amount in (line.shipped, line.allocated, line.open)
    )
    return Demand(
        line.order,
        line.inventory_id,
        line.warehouse,
        shipped,
        allocated,
        open=rest,
        open_as=line.open_as,
        elsewhere=elsewhere,
    )
