"""Follow the shop's open orders: before it pulls, a sync reads which of them changed in Magento.

Every SKU of a changed order is computed again, and `entities.inventory.add_back` then adds back what both systems
subtract for it. Acumatica is asked again for an order that it does not have yet, less often the longer it is missing.
Source: spec, *Learned in the field*, "Salable is what counts".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.magento import open_orders as magento
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from connector.model.comparison import comparison_key
from connector.model.open_orders import Held, HeldLine, ShopOrder
from connector.state.sync import ledger, open_orders, watermarks
from connector.state.sync.open_orders import OpenItem, OpenOrder
from connector.state.sync.watermarks import Watermark
from entities.base import RunContext
from entities.inventory.order_demands import demands_of_orders
from entities.inventory.repairs import detect_repair, stocks_of
from entities.inventory.rules import QuantityRule

FEED = "shop_orders"
READ_EVERY = timedelta(seconds=10)
LOOKBACK = timedelta(minutes=2)
"""How long an order may take from its timestamp to its commit."""
FIRST_ASKED_AGAIN, LAST_ASKED_AGAIN = timedelta(minutes=1), timedelta(minutes=60)
"""Shortest and longest time between two requests to Acumatica for an order that it does not have yet."""
NO_PERMISSION = (
    "Magento's orders cannot be read (the integration lacks Sales / Operations / Orders / Actions / View, "
    "Magento_Sales::actions_view), so open orders of the shop are not added back: what Acumatica has taken of them is "
    "subtracted twice. Grant the permission, or switch Add Back Open Orders off (A2M_INVENTORY__ADD_BACK_OPEN_ORDERS)."
)
NO_STOCKS = (
    "The sources of Magento's stocks, or what they sell, may not be read, so open orders of the shop are not added "
    "back. Test Connection names the permission."
)


async def follow_open_orders(context: RunContext[QuantityRule], *, full: bool) -> None:
    """Read what changed in Magento's orders, at most every ten seconds. `full`: read all open ones.

    Every SKU of a changed order becomes due. Raises `LeaseLost` and a `MagentoFault`.
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
            context.remarks.add(NO_PERMISSION)  # a token without any permission fails the run at its next use
            if mark.pulled_to is not None:
                _forget_all(context)
            return
        if full and await context.shop.has_msi(client):
            try:
                await detect_repair(context, client, await stocks_of(context, client))
            except Unauthorized as refused:  # the orders could be read, so this permission is missing
                context.remarks.add(f"{NO_STOCKS} {refused}")
    await _ask_for_missing(context, now)


async def _follow(
    context: RunContext[QuantityRule], client: MagentoClient, mark: Watermark, now: datetime, *, full: bool
) -> None:
    since = None if mark.pulled_to is None else mark.pulled_to - LOOKBACK
    recent = [] if since is None else await magento.changed_orders(client, since)
    if full or mark.pulled_to is None:
        newest = await magento.newest_change(client)
        orders = await magento.open_orders(client)
    else:
        orders = recent
        newest = max([mark.pulled_to, *(magento.moment_of(one.updated_at) for one in orders)])
    with context.state.read() as connection:
        known = open_orders.known(connection, None if full else [one.order_id for one in orders])
    changed = [one for one in orders if one.is_open and (full or known.get(one.order_id) != one)]
    still_open = {one.order_id for one in orders if one.is_open}
    ended = known.keys() - still_open if full else {one.order_id for one in orders} & known.keys() - still_open
    if changed and not await context.shop.has_msi(client):
        changed = []
    with_items = await with_items_of(client, changed)
    if full:
        with_items = _different(context, with_items)
    refunded = await with_items_of(client, [one for one in recent if _is_refunded_since(one, mark)])
    returned = {item.key for _order, items in refunded.values() for item in items if item.held.refunded}
    mark = replace(mark, pulled_to=newest or now - timedelta(days=1), looked_back_at=now)
    with context.state.write() as connection:
        open_orders.follow(connection, context.name, with_items, ended, mark, now)
        ledger.schedule_rechecks(
            connection, context.name, sorted(ledger.places(connection, context.name, sorted(returned))), now
        )


def _is_refunded_since(order: ShopOrder, mark: Watermark) -> bool:
    """Return whether an order with a refund changed since Magento's orders were last read.

    A refund may have returned its goods to stock at a source, which no order shows, so Magento's quantity is read
    again. `mark` is how far orders had been read before.
    """
    if not any(line.held.refunded for line in order.lines):
        return False
    changed_at = magento.moment_of(order.updated_at)
    lately = mark.looked_back_at is None or changed_at >= mark.looked_back_at - LOOKBACK
    return lately or mark.pulled_to is None or changed_at > mark.pulled_to


def _different(
    context: RunContext[QuantityRule], orders: Mapping[int, tuple[ShopOrder, list[OpenItem]]]
) -> dict[int, tuple[ShopOrder, list[OpenItem]]]:
    """Return the orders that differ from the stored ones. A product may have been renamed, which changes no order."""
    with context.state.read() as connection:
        stored = open_orders.of_ids(connection, sorted(orders))
    return {
        order_id: (order, items)
        for order_id, (order, items) in orders.items()
        if order_id not in stored
        or stored[order_id].order != order
        or stored[order_id].items.keys() != {one.key for one in items}
    }


def _forget_all(context: RunContext[QuantityRule]) -> None:
    with context.state.write() as connection:
        open_orders.forget_all(connection, context.name, FEED)


async def with_items_of(
    client: MagentoClient, orders: Sequence[ShopOrder]
) -> dict[int, tuple[ShopOrder, list[OpenItem]]]:
    """Return the orders with their products. A line belongs to its product, whatever SKU it was sold under."""
    ids = {line.product_id for order in orders for line in order.lines if line.product_id is not None}
    skus = await magento.skus_of_products(client, ids) if ids else {}
    return {order.order_id: (order, _items(order.lines, skus)) for order in orders}


def _items(lines: Sequence[HeldLine], skus: Mapping[int, str]) -> list[OpenItem]:
    items: dict[str, OpenItem] = {}
    for line in lines:
        sku = skus.get(line.product_id or 0) or line.sku
        key = comparison_key(sku)
        before = items.get(key)
        held = line.held if before is None else _sum(before.held, line.held)
        items[key] = OpenItem(key, sku, held)
    return list(items.values())


def _sum(first: Held, second: Held) -> Held:
    return Held(
        first.ordered + second.ordered,
        shipped=first.shipped + second.shipped,
        canceled=first.canceled + second.canceled,
        refunded=first.refunded + second.refunded,
    )


async def _ask_for_missing(context: RunContext[QuantityRule], now: datetime) -> None:
    """Ask Acumatica for orders that it did not have. Those that it has by now become due."""
    with context.state.read() as connection:
        missing = open_orders.of_ids(connection, open_orders.untaken(connection, now - FIRST_ASKED_AGAIN))
    waiting = [one for one in missing.values() if one.asked_at is not None and _is_asked_again(one, now)]
    if not waiting:
        return
    demands = await demands_of_orders(context, waiting)
    with context.state.write() as connection:
        open_orders.store(connection, [replace(one, asked_at=now) for one in waiting])
        keys = {key for one in waiting if demands[one.order.order_id] for key in one.items}
        open_orders.make_due(connection, context.name, keys)


def _is_asked_again(order: OpenOrder, now: datetime) -> bool:
    """Return whether enough time has passed: a quarter of the time for which the order had been missing when it was
    last asked for, within the two limits.
    """
    asked_at = order.asked_at or order.first_seen_at
    pause = min(max((asked_at - order.first_seen_at) / 4, FIRST_ASKED_AGAIN), LAST_ASKED_AGAIN)
    return now - asked_at >= pause
