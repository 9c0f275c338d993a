"""Recognise a repair of Magento's reservations: the API does not report who ran one, or when (docs/adr/0019).

Input: Magento's open orders and what was compensated. Output, in the state database: the time up to which orders that
were made through the API are now reserved. Two readings have to agree, and no measured value is ever subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from connector.model.units import DIGITS
from connector.state.sync import compensations, open_orders, reservation_repairs
from connector.state.sync.open_orders import OpenOrder
from connector.state.sync.reservation_repairs import Repair
from entities.base import RunContext
from entities.inventory.rules import QuantityRule
from entities.shop_orders.own_orders import is_own, is_reserved
from entities.shop_orders.repair import Event, Recognised, last_repair, recognise
from entities.sources import source_key

READ_EVERY = timedelta(minutes=1)
"""Minimum time between two readings of the salable quantities."""
MOST_THRESHOLDS = 50


class _Known(NamedTuple):
    """The known causes of reservations; `skus` by compared SKU."""

    events: list[Event]
    placed: dict[str, int]
    skus: dict[str, str]


async def detect_repair(context: RunContext[QuantityRule], client: MagentoClient, stocks: queries.Stocks) -> None:
    """Find out whether the reservations were repaired. Items that this affects become due. Raises a `MagentoFault`."""
    rule: QuantityRule = context.rule
    stock = stocks.of_store.get(rule.compensated_store)
    website = None if stock is None else stocks.website_of(stock)
    if not rule.open_orders.repair.detects or stock is None or website is None:
        return
    now = context.clock.now()
    with context.state.read() as connection:
        repair = reservation_repairs.read(connection, stock)
    if repair.read_at is not None and abs(now - repair.read_at) < READ_EVERY:
        return
    known = _what_reserves(context, stocks, stock, last_repair(rule.open_orders.repair, repair.repaired_at, now))
    if not known.events:
        return
    recognised = await _recognise(client, stocks, stock, website, known)
    if recognised.repaired_at is not None and recognised != await _recognise(client, stocks, stock, website, known):
        return
    _store(context, stock, replace(repair, read_at=now), recognised, known)


def _what_reserves(
    context: RunContext[QuantityRule], stocks: queries.Stocks, stock: int, since: datetime | None
) -> _Known:
    """Return the orders made through the API since the last repair, and what was placed in the shop.

    An order of this kind that another client made makes its SKUs inconclusive, because what was shipped of them is
    unknown.
    """
    with context.state.read() as connection:
        orders = open_orders.of_ids(connection, sorted(open_orders.known(connection)))
        shipped = compensations.events(connection, since)
    of_stock = [one for one in orders.values() if stocks.of_store.get(one.order.store_id) == stock]
    reserved = [one for one in of_stock if is_reserved(one, since)]
    not_reserved = [one for one in of_stock if not is_reserved(one, since)]
    foreign = {key for one in not_reserved if not is_own(context, one) for key in one.items}
    events = [
        Event(one.first_seen_at, item.key, repaired=-item.held.held, unrepaired=0)
        for one in not_reserved
        for item in one.items.values()
    ]
    events += [Event(at, key, repaired=0, unrepaired=quantity) for at, key, quantity in shipped]
    placed: dict[str, int] = {}
    for one in reserved:
        for item in one.items.values():
            placed[item.key] = placed.get(item.key, 0) - item.held.held
    conclusive = [one for one in events if one.key not in foreign and one.repaired != one.unrepaired]
    return _Known(conclusive, placed, _spelled(of_stock, conclusive))


def _spelled(orders: Sequence[OpenOrder], events: Sequence[Event]) -> dict[str, str]:
    skus = {one.key: one.key for one in events}
    skus.update((item.key, item.sku) for one in orders for item in one.items.values() if item.key in skus)
    return skus


async def _recognise(
    client: MagentoClient, stocks: queries.Stocks, stock: int, website: str, known: _Known
) -> Recognised:
    at_sources = await _at_sources(client, stocks.sources.get(stock, []), list(known.skus.values()))
    salable = await queries.salable_quantities(client, website, list(known.skus.values()))
    measured = {
        key: int(salable[sku].quantity.scaleb(DIGITS)) - at_sources[key]
        for key, sku in known.skus.items()
        if at_sources.get(key, 0) > 0 and sku in salable and salable[sku].is_salable
    }
    recognised = recognise(known.events, known.placed, measured)
    if recognised.repaired_at is None and recognised.unclear:
        for key in sorted(recognised.unclear)[:MOST_THRESHOLDS]:
            item = await queries.stock_item(client, known.skus[key])
            measured[key] += 0 if item is None else int(item.threshold.scaleb(DIGITS))
        recognised = recognise(known.events, known.placed, measured)
    return recognised


async def _at_sources(client: MagentoClient, sources: Sequence[str], skus: Sequence[str]) -> dict[str, int]:
    """Return what the enabled sources of a stock sell of each SKU, by its compared form."""
    enabled = {source_key(one.source_code) for one in await queries.sources(client) if one.enabled}
    selling = {source_key(code) for code in sources} & enabled
    totals: dict[str, int] = {}
    for row in await queries.source_items(client, skus):
        if row.in_stock and source_key(row.source) in selling:
            key = comparison_key(row.sku)
            totals[key] = totals.get(key, 0) + int(row.quantity.scaleb(DIGITS))
    return totals


def _store(
    context: RunContext[QuantityRule], stock: int, repair: Repair, recognised: Recognised, known: _Known
) -> None:
    """Store the result. A SKU is named if two readings in a row matched nothing known."""
    twice = sorted(recognised.unclear & set(repair.unclear))
    for key in twice:
        context.remarks.note(
            known.skus[key],
            "Magento's reservations fit neither what they were nor a repair of them (bin/magento inventory:reservation:"
            "list-inconsistencies). The lower quantity is shown.",
        )
    repair = replace(repair, unclear=tuple(sorted(recognised.unclear)))
    with context.state.write() as connection:
        if recognised.repaired_at is not None:
            repair = replace(repair, repaired_at=recognised.repaired_at)
            open_orders.make_due(connection, context.name, {one.key for one in known.events})
        reservation_repairs.write(connection, stock, repair)
    if recognised.repaired_at is not None:
        context.remarks.add(
            "Magento's reservations were repaired: orders that came from Acumatica before are reserved there now, and "
            "are treated like those of the shop."
        )


def repaired_since(context: RunContext[QuantityRule], stocks: queries.Stocks) -> Mapping[int, datetime | None]:
    """Return when the reservations of each stock were last repaired."""
    rule: QuantityRule = context.rule
    now = context.clock.now()
    with context.state.read() as connection:
        return {
            stock: last_repair(rule.open_orders.repair, reservation_repairs.read(connection, stock).repaired_at, now)
            for stock in set(stocks.of_store.values())
        }


async def stocks_of(context: RunContext[QuantityRule], client: MagentoClient) -> queries.Stocks:
    """Return Magento's stocks, read once per run."""
    return await context.shop.once("stocks", partial(queries.stocks, client))
