"""Quantities that are added back because both Acumatica and Magento subtract them for the same order of the shop.

Acumatica is first asked what its orders with these numbers take. Then the quantities of items for which more is added
back than before are read again, so that an amount is never added to a figure that is older than the order. The
arithmetic is in `entities.inventory.salable`. Source: spec, *Learned in the field*, "Salable is what counts".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.magento import open_orders as magento
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from connector.model.open_orders import Held
from connector.model.units import DIGITS
from connector.records import Facts
from connector.state.sync import open_orders
from connector.state.sync.open_orders import OpenOrder
from connector.state.sync.records import Stored
from entities.base import RunContext
from entities.counters import counted
from entities.inventory.open_orders import NO_STOCKS, with_items_of
from entities.inventory.order_demands import deductions, demands_of_orders, in_base_units
from entities.inventory.read import quantities_of_keys
from entities.inventory.repairs import detect_repair, repaired_since, stocks_of
from entities.inventory.rules import QuantityRule
from entities.inventory.salable import UNKNOWN_RULE, Owed, added_back, at_sources
from entities.shop_orders.own_orders import is_reserved

ENDED = ("Canceled", "Rejected", "Expired", "Completed", "Invoiced", "Voided")


@dataclass(frozen=True)
class AddedBack:
    """What is added back: `amounts` by inventory id and source, in 1/10,000 of the base unit, and the orders to store
    with the chunk.
    """

    amounts: Sequence[tuple[str, str, int]] = ()
    orders: Sequence[OpenOrder] = ()


NOTHING = AddedBack()


async def add_back(
    context: RunContext[QuantityRule], chosen: Mapping[str, Stored], keys: Mapping[str, str]
) -> AddedBack:
    """Return what is added back for these records; `keys` are their SKUs as Magento compares them.

    Quantities of items for which more is added back than before are read again into `chosen`. Raises faults of both
    systems.
    """
    if not context.rule.open_orders.is_on:
        return NOTHING
    with context.state.read() as connection:
        known = open_orders.of_keys(connection, sorted(set(keys.values())))
    if not known:
        return NOTHING
    async with context.shop.client() as client:
        if not await context.shop.has_msi(client):
            return NOTHING
        try:
            stocks = await stocks_of(context, client)
            await detect_repair(context, client, stocks)
            orders = await _as_magento_shows(client, known)
        except Unauthorized as refused:
            context.remarks.add(f"{NO_STOCKS} {refused}")
            return AddedBack(orders=[_without_amounts(order) for order in known.values()])
    repaired = repaired_since(context, stocks)
    reserved = [
        order for order in orders if order.order.is_open and is_reserved(order, repaired.get(_stock(order, stocks)))
    ]
    first = await _ask_acumatica(context, reserved, chosen, keys)
    risen = {item for (number, item), by in first.items() if sum(by.values()) > _before(known[number], keys[item])}
    if risen:
        await _read_again(context, chosen, sorted(risen))
        again = [order for order in reserved if any(key in order.items for item, key in keys.items() if item in risen)]
        second = await _ask_acumatica(context, again, chosen, keys)
        for target in [target for target in first if target[1] in risen]:
            first[target] = _smaller(first[target], second.get(target, {}))
    _keep_amounts(orders, first, keys)
    for order in reserved:
        _log_ended(context, order)
    return AddedBack(_at_sources(context.rule, reserved, first, chosen, stocks), orders)


def _without_amounts(order: OpenOrder) -> OpenOrder:
    return replace(order, items={key: replace(item, added=0) for key, item in order.items.items()})


def _stock(order: OpenOrder, stocks: queries.Stocks) -> int:
    return stocks.of_store.get(order.order.store_id, 0)


def _before(order: OpenOrder, key: str) -> int:
    item = order.items.get(key)
    return 0 if item is None else item.added


async def _as_magento_shows(client: MagentoClient, known: Mapping[int, OpenOrder]) -> list[OpenOrder]:
    """Return the orders as Magento shows them now. `updated_at` is not enough: a shipment need not change it on its
    order.
    """
    current = {order.order_id: order for order in await magento.orders_with_ids(client, sorted(known))}
    changed = [order for order_id, order in current.items() if known[order_id].order != order]
    with_items = await with_items_of(client, changed)
    orders = []
    for order_id, before in known.items():
        if order_id in with_items:
            order, items = with_items[order_id]
            items_now = {item.key: replace(item, added=_before(before, item.key)) for item in items}
            orders.append(replace(before, order=order, items=items_now))
        elif order_id in current:
            orders.append(before)
        else:
            orders.append(replace(before, order=replace(before.order, state="canceled")))
    return orders


Amounts = dict[tuple[int, str], dict[str, int]]
"""What is added back, by (Magento's order id, inventory id) and warehouse."""


async def _ask_acumatica(
    context: RunContext[QuantityRule],
    orders: Sequence[OpenOrder],
    chosen: Mapping[str, Stored],
    keys: Mapping[str, str],
) -> Amounts:
    """Ask what Acumatica's orders take, store it with the orders, and compute what is added back for `keys`."""
    rule: QuantityRule = context.rule
    demands = await demands_of_orders(context, orders)
    deducts = await deductions(context) if orders and rule.open_orders.figure == "available" else {}
    amounts: Amounts = {}
    for one in orders:
        of_order = demands[one.order.order_id]
        one.statuses = {each.order: each.status for each in of_order}
        one.demands = await in_base_units(context, [line for each in of_order for line in each.lines], chosen)
        one.asked_at = context.clock.now()
        for item, key in keys.items():
            if key in one.items:
                facts = chosen[item].record.facts
                deducted = UNKNOWN_RULE if facts is None else deducts.get(facts.item_class, UNKNOWN_RULE)
                deducted = rule.open_orders.deducts or deducted
                held = _held_in_base(one.items[key].held, facts, rule)
                of_item = [demand for demand in one.demands if demand.inventory_id == item]
                by = added_back(held, of_item, rule.open_orders.figure, deducted, rule.sources)
                amounts[one.order.order_id, item] = by
    return amounts


def _held_in_base(held: Held, facts: Facts | None, rule: QuantityRule) -> Held:
    if rule.unit == "base" or facts is None or not facts.unit_numerator or not facts.unit_denominator:
        return held
    up, down = facts.unit_numerator, facts.unit_denominator
    return Held(*(amount * up // down for amount in (held.ordered, held.shipped, held.canceled, held.refunded)))


async def _read_again(
    context: RunContext[QuantityRule], chosen: Mapping[str, Stored], inventory_ids: Sequence[str]
) -> None:
    """Read the quantities of these items again, so that they are newer than what was just read of the orders."""
    page = await quantities_of_keys(context, list(inventory_ids))
    for item in inventory_ids:
        if item in page.parts:
            chosen[item].record.take("quantities", page.parts[item])


def _smaller(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {warehouse: min(one[warehouse], other[warehouse]) for warehouse in one if warehouse in other}


def _keep_amounts(orders: Sequence[OpenOrder], amounts: Amounts, keys: Mapping[str, str]) -> None:
    item_of = {key: item for item, key in keys.items()}
    for one in orders:
        for key, item in list(one.items.items()):
            if key in item_of:
                by = amounts.get((one.order.order_id, item_of[key]), {})
                one.items[key] = replace(item, added=sum(by.values()))


def _log_ended(context: RunContext[QuantityRule], order: OpenOrder) -> None:
    """Note what Magento still reserves of an order that has ended in Acumatica."""
    if not order.statuses or not all(status in ENDED for status in order.statuses.values()):
        return
    where = ", ".join(f"{key} is {status}" for key, status in sorted(order.statuses.items()))
    for item in order.items.values():
        left = item.held.held - item.added
        if left > 0:
            context.remarks.note(
                item.sku,
                f"Magento still reserves {counted(left, DIGITS)} for its order {order.order.increment_id}, which "
                f"Acumatica has ended ({where}). They are not sold until the order is cancelled, shipped or refunded "
                "in Magento.",
            )


def _at_sources(
    rule: QuantityRule,
    orders: Sequence[OpenOrder],
    amounts: Amounts,
    chosen: Mapping[str, Stored],
    stocks: queries.Stocks,
) -> list[tuple[str, str, int]]:
    stock_of = {one.order.order_id: _stock(one, stocks) for one in orders}
    selling = {stock: stocks.sources.get(stock, []) for stock in set(stocks.of_store.values())}
    owed: dict[str, list[Owed]] = {}
    for (order_id, item), by in amounts.items():
        stock = stock_of.get(order_id)
        if stock:
            owed.setdefault(item, []).extend(Owed(stock, rule.sources[code], left) for code, left in by.items())
    rows: list[tuple[str, str, int]] = []
    for item, of_item in owed.items():
        published = {rule.sources[code] for code in chosen[item].record.quantities if code in rule.sources}
        by_source = at_sources(of_item, selling, published)
        rows += [(item, source, quantity) for source, quantity in by_source.items()]
    return rows
