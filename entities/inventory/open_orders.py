"""Open orders of the shop: followed in Magento, found in Acumatica, added back to the quantities that both lack.

A sync first reads what changed in Magento's orders; every SKU of a changed order is computed again. Computing asks
Acumatica what its orders with these numbers take, and only then are quantities read of which more is added back than
before, so that an amount is never added to a figure that is older than the order. Source: spec, *Learned in the field*,
"Salable is what counts"; the arithmetic is `entities.inventory.salable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial

from connector.acumatica.items import item_units
from connector.acumatica.order_demands import LineDemand, OrderDemand, availability_rules, demands_of
from connector.acumatica.orders import type_and_number
from connector.magento import open_orders as magento
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from connector.model.comparison import comparison_key
from connector.model.open_orders import Deducts, Demand, Held, HeldLine, ShopOrder
from connector.model.units import DIGITS
from connector.records import Facts
from connector.state.sync import open_orders, records, watermarks
from connector.state.sync.open_orders import OpenItem, OpenOrder
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark
from entities.base import RunContext
from entities.counters import counted
from entities.inventory.read import quantities_of_keys
from entities.inventory.repairs import detect_repair, repaired_since, stocks_of
from entities.inventory.rules import QuantityRule
from entities.inventory.salable import UNKNOWN_RULE, OpenOrderRule, Owed, added_back, at_sources
from entities.shop_orders.own_orders import is_reserved, own_key
from entities.shop_orders.reference import increment_id_of

FEED = "shop_orders"
READ_EVERY = timedelta(seconds=10)
LOOKBACK = timedelta(minutes=2)
"""How long an order may be under way between its stamp and its commit."""
FIRST_ASKED_AGAIN, LAST_ASKED_AGAIN = timedelta(minutes=1), timedelta(minutes=60)
"""How often Acumatica is asked for an order that it did not have: the longer it is missing, the less often."""
ENDED = ("Canceled", "Rejected", "Expired", "Completed", "Invoiced", "Voided")
NO_PERMISSION = (
    "Magento's orders cannot be read (the integration lacks Sales / Operations / Orders / Actions / View, "
    "Magento_Sales::actions_view), so open orders of the shop are not added back: what Acumatica has taken of them is "
    "subtracted twice. Grant the permission, or switch Add Back Open Orders off (A2M_INVENTORY__ADD_BACK_OPEN_ORDERS)."
)
NO_STOCKS = (
    "The sources of Magento's stocks, or what they sell, may not be read, so open orders of the shop are not added "
    "back. Test Connection names the permission."
)


@dataclass(frozen=True)
class AddedBack:
    """What is added back: `amounts` by inventory id and source in 1/10,000 of the base unit, and the orders as they are
    to be stored with the chunk.
    """

    amounts: Sequence[tuple[str, str, int]] = ()
    orders: Sequence[OpenOrder] = ()


NOTHING = AddedBack()


async def follow_open_orders(context: RunContext[QuantityRule], *, full: bool) -> None:
    """Read what changed in Magento's orders, at most every ten seconds; `full`: all open ones.

    Every SKU of an order that changed becomes due. Raises `LeaseLost` and a `MagentoFault`.
    """
    with context.state.read() as connection:
        mark = watermarks.read(connection, context.name, FEED)
    if not context.rule.open_orders.is_on:
        if mark.looked_back_at is not None:
            _forget_all(context)
        return
    now = context.clock.now()
    if not full and mark.looked_back_at is not None and abs(now - mark.looked_back_at) < READ_EVERY:
        return
    async with context.shop.client() as client:
        try:
            await _follow(context, client, mark, now, full=full or mark.pulled_to is None)
        except Unauthorized:
            context.remarks.add(NO_PERMISSION)  # a token that is refused everywhere fails the run where it is used next
            if mark.pulled_to is not None:
                _forget_all(context)
            return
        if full and await context.shop.has_msi(client):
            try:
                await detect_repair(context, client, await stocks_of(context, client))
            except Unauthorized as refused:  # the orders could be read, so it is the permission
                context.remarks.add(f"{NO_STOCKS} {refused}")
    await _ask_for_missing(context, now)


async def _follow(
    context: RunContext[QuantityRule], client: MagentoClient, mark: Watermark, now: datetime, *, full: bool
) -> None:
    if full or mark.pulled_to is None:
        newest = await magento.newest_change(client)
        found = await magento.open_orders(client)
    else:
        newest = mark.pulled_to
        found = await magento.changed_orders(client, mark.pulled_to - LOOKBACK)
        newest = max([newest, *(magento.moment_of(one.updated_at) for one in found)])
    with context.state.read() as connection:
        known = open_orders.known(connection, None if full else [one.order_id for one in found])
    changed = [one for one in found if one.is_open and (full or known.get(one.order_id) != one)]
    still_open = {one.order_id for one in found if one.is_open}
    ended = known.keys() - still_open if full else {one.order_id for one in found} & known.keys() - still_open
    if changed and not await context.shop.has_msi(client):
        changed = []
    with_items = await _with_items(client, changed)
    if full:
        with_items = _different(context, with_items)
    mark = replace(mark, pulled_to=newest or now - timedelta(days=1), looked_back_at=now)
    with context.state.write() as connection:
        open_orders.follow(connection, context.name, with_items, ended, mark, now)


def _different(
    context: RunContext[QuantityRule], found: Mapping[int, tuple[ShopOrder, list[OpenItem]]]
) -> dict[int, tuple[ShopOrder, list[OpenItem]]]:
    """Return the orders that are not kept so, also because a product was renamed, which changes no order."""
    with context.state.read() as connection:
        kept = open_orders.of_ids(connection, sorted(found))
    return {
        number: (order, items)
        for number, (order, items) in found.items()
        if number not in kept or kept[number].order != order or kept[number].items.keys() != {one.key for one in items}
    }


def _forget_all(context: RunContext[QuantityRule]) -> None:
    with context.state.write() as connection:
        open_orders.forget_all(connection, context.name, FEED)


async def _with_items(
    client: MagentoClient, orders: Sequence[ShopOrder]
) -> dict[int, tuple[ShopOrder, list[OpenItem]]]:
    """Return the orders with their products: a line belongs to its product, whatever SKU it was sold under."""
    ids = {line.product_id for one in orders for line in one.lines if line.product_id is not None}
    skus = await magento.skus_of_products(client, ids) if ids else {}
    return {one.order_id: (one, _items(one.lines, skus)) for one in orders}


def _items(lines: Sequence[HeldLine], skus: Mapping[int, str]) -> list[OpenItem]:
    found: dict[str, OpenItem] = {}
    for line in lines:
        sku = skus.get(line.product_id or 0) or line.sku
        key = comparison_key(sku)
        before = found.get(key)
        held = line.held if before is None else _sum(before.held, line.held)
        found[key] = OpenItem(key, sku, held)
    return list(found.values())


def _sum(one: Held, other: Held) -> Held:
    return Held(
        one.ordered + other.ordered,
        shipped=one.shipped + other.shipped,
        canceled=one.canceled + other.canceled,
        refunded=one.refunded + other.refunded,
    )


async def _ask_for_missing(context: RunContext[QuantityRule], now: datetime) -> None:
    """Ask Acumatica for orders that it did not have; those that it has taken meanwhile become due."""
    with context.state.read() as connection:
        missing = open_orders.of_ids(connection, open_orders.untaken(connection, now - FIRST_ASKED_AGAIN))
    waiting = [one for one in missing.values() if one.asked_at is not None and _is_asked_again(one, now)]
    if not waiting:
        return
    found = await _demands(context, waiting)
    with context.state.write() as connection:
        open_orders.keep(connection, [replace(one, asked_at=now) for one in waiting])
        keys = {key for one in waiting if found[one.order.order_id] for key in one.items}
        open_orders.make_due(connection, keys)


def _is_asked_again(one: OpenOrder, now: datetime) -> bool:
    """Return whether enough time has passed: a quarter of the time that the order has been missing."""
    asked_at = one.asked_at or one.first_seen_at
    pause = min(max((asked_at - one.first_seen_at) / 4, FIRST_ASKED_AGAIN), LAST_ASKED_AGAIN)
    return now - asked_at >= pause


async def add_back(
    context: RunContext[QuantityRule], chosen: Mapping[str, Stored], keys: Mapping[str, str]
) -> AddedBack:
    """Return what is added back for these records; `keys` are their SKUs as Magento compares them.

    Quantities of which more is added back than before are read again into `chosen`. Raises faults of both systems.
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
            orders = await _as_they_are(client, known)
        except Unauthorized as refused:
            context.remarks.add(f"{NO_STOCKS} {refused}")
            return AddedBack(orders=[_without_amounts(one) for one in known.values()])
    repaired = repaired_since(context, stocks)
    reserved = [one for one in orders if one.order.is_open and is_reserved(one, repaired.get(_stock(one, stocks)))]
    first = await _ask_acumatica(context, reserved, chosen, keys)
    risen = {item for (number, item), by in first.items() if sum(by.values()) > _before(known[number], keys[item])}
    if risen:
        await _read_again(context, chosen, sorted(risen))
        again = [one for one in reserved if any(key in one.items for item, key in keys.items() if item in risen)]
        second = await _ask_acumatica(context, again, chosen, keys)
        for target in [target for target in first if target[1] in risen]:
            first[target] = _smaller(first[target], second.get(target, {}))
    _keep_amounts(orders, first, keys)
    for one in reserved:
        _log_ended(context, one)
    return AddedBack(_at_sources(context.rule, reserved, first, chosen, stocks), orders)


def _without_amounts(one: OpenOrder) -> OpenOrder:
    return replace(one, items={key: replace(item, added=0) for key, item in one.items.items()})


def _stock(one: OpenOrder, stocks: queries.Stocks) -> int:
    return stocks.of_store.get(one.order.store_id, 0)


def _before(order: OpenOrder, key: str) -> int:
    item = order.items.get(key)
    return 0 if item is None else item.added


async def _as_they_are(client: MagentoClient, known: Mapping[int, OpenOrder]) -> list[OpenOrder]:
    """Return the orders as Magento shows them now: a shipment need not stamp its order (`updated_at`)."""
    found = {one.order_id: one for one in await magento.orders_with_ids(client, sorted(known))}
    changed = [one for number, one in found.items() if known[number].order != one]
    with_items = await _with_items(client, changed)
    orders = []
    for number, before in known.items():
        if number in with_items:
            order, items = with_items[number]
            items_now = {item.key: replace(item, added=_before(before, item.key)) for item in items}
            orders.append(replace(before, order=order, items=items_now))
        elif number in found:
            orders.append(before)
        else:
            orders.append(replace(before, order=replace(before.order, state="canceled")))
    return orders


Amounts = dict[tuple[int, str], dict[str, int]]
"""By (Magento's order id, inventory id): what is added back, by warehouse."""


async def _ask_acumatica(
    context: RunContext[QuantityRule],
    orders: Sequence[OpenOrder],
    chosen: Mapping[str, Stored],
    keys: Mapping[str, str],
) -> Amounts:
    """Ask what Acumatica's orders take, keep it with the orders, and compute what is added back for `keys`."""
    rule: QuantityRule = context.rule
    found = await _demands(context, orders)
    deducts = await _deducts(context) if orders and rule.open_orders.figure == "available" else {}
    amounts: Amounts = {}
    for one in orders:
        of_order = found[one.order.order_id]
        one.statuses = {each.order: each.status for each in of_order}
        one.demands = await _in_base_units(context, [line for each in of_order for line in each.lines], chosen)
        one.asked_at = context.clock.now()
        for item, key in keys.items():
            if key in one.items:
                facts = chosen[item].record.facts
                of_class = UNKNOWN_RULE if facts is None else deducts.get(facts.item_class, UNKNOWN_RULE)
                of_class = rule.open_orders.deducts or of_class
                held = _held_in_base(one.items[key].held, facts, rule)
                own = [demand for demand in one.demands if demand.inventory_id == item]
                by = added_back(held, own, rule.open_orders.figure, of_class, rule.sources)
                amounts[one.order.order_id, item] = by
    return amounts


async def _demands(context: RunContext[QuantityRule], orders: Sequence[OpenOrder]) -> dict[int, list[OrderDemand]]:
    """Acumatica's orders with the number of each of these orders of Magento's, or that became one of them."""
    rule: OpenOrderRule = context.rule.open_orders
    own = {one.order.order_id: key for one in orders if not one.order.placed and (key := own_key(context, one))}
    numbers = [one.order.increment_id for one in orders if one.order.order_id not in own]
    by_number: dict[str, list[OrderDemand]] = {}
    for one in await _ask(context, rule.reference, numbers, inside=bool(rule.pattern)):
        number = increment_id_of(one.reference, rule.pattern)
        if number is not None:
            by_number.setdefault(number.casefold(), []).append(one)
    found = {one.order.order_id: by_number.get(one.order.increment_id.casefold(), []) for one in orders}
    by_key = {
        one.order: one for one in await _ask(context, "order_nbr", [type_and_number(key)[1] for key in own.values()])
    }
    found.update((number, [by_key[key]] if key in by_key else []) for number, key in own.items())
    return found


async def _ask(
    context: RunContext[QuantityRule], field: str, numbers: Sequence[str], *, inside: bool = False
) -> list[OrderDemand]:
    if not numbers:
        return []
    found, unread = await demands_of(context.acumatica, field, numbers, inside=inside)
    for why in unread:
        context.remarks.add(f"An order of Acumatica could not be read, and nothing is added back for it: {why}")
    return found


async def _deducts(context: RunContext[QuantityRule]) -> Mapping[str, Deducts]:
    rules = await context.shop.once("availability rules", partial(availability_rules, context.acumatica))
    if rules is None:
        context.remarks.add(
            "The Availability Calculation Rules of the item classes cannot be read, so only what is allocated or "
            "shipped of open orders of the shop is added back. Grant access to the form IN201500, or say what is "
            "deducted (A2M_INVENTORY__AVAILABLE_DEDUCTS)."
        )
    return rules or {}


async def _in_base_units(
    context: RunContext[QuantityRule], lines: Sequence[LineDemand], chosen: Mapping[str, Stored]
) -> list[Demand]:
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
    """Base units per unit of a line, as far as the item itself says."""
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


def _held_in_base(held: Held, facts: Facts | None, rule: QuantityRule) -> Held:
    if rule.unit == "base" or facts is None or not facts.unit_numerator or not facts.unit_denominator:
        return held
    up, down = facts.unit_numerator, facts.unit_denominator
    return Held(*(amount * up // down for amount in (held.ordered, held.shipped, held.canceled, held.refunded)))


async def _read_again(
    context: RunContext[QuantityRule], chosen: Mapping[str, Stored], inventory_ids: Sequence[str]
) -> None:
    """Read the quantities of these items again, which are younger than what was just read of the orders."""
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


def _log_ended(context: RunContext[QuantityRule], one: OpenOrder) -> None:
    """Name what Magento still reserves of an order that Acumatica has ended."""
    if not one.statuses or not all(status in ENDED for status in one.statuses.values()):
        return
    where = ", ".join(f"{order} is {status}" for order, status in sorted(one.statuses.items()))
    for item in one.items.values():
        left = item.held.held - item.added
        if left > 0:
            context.remarks.note(
                item.sku,
                f"Magento still reserves {counted(left, DIGITS)} for its order {one.order.increment_id}, which "
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
    for (number, item), by in amounts.items():
        stock = stock_of.get(number)
        if stock:
            owed.setdefault(item, []).extend(Owed(stock, rule.sources[code], left) for code, left in by.items())
    rows: list[tuple[str, str, int]] = []
    for item, of_item in owed.items():
        published = {rule.sources[code] for code in chosen[item].record.quantities if code in rule.sources}
        found = at_sources(of_item, selling, published)
        rows += [(item, source, quantity) for source, quantity in found.items()]
    return rows
