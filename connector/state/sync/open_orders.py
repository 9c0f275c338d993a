"""Magento's open orders: the quantities that each reserves, the demands of Acumatica's orders with its number, and the
quantities that were added back for it.

A change of an order makes the records of its SKUs due in the same transaction, so they are computed again whenever the
process dies. The added-back quantities are stored with the chunk that published them. They show when an amount rises:
its quantities are then read again first (spec, *Learned in the field*, "Which orders, read when").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select, update

from connector.model.open_orders import Demand, Held, ShopOrder
from connector.state.keyed_rows import KEYS_PER_QUERY
from connector.state.rows import chunked, in_any, upsert
from connector.state.schema import instant, micros, open_order_items, open_orders, records
from connector.state.sync import watermarks
from connector.state.sync.records import DUE
from connector.state.sync.watermarks import Watermark

_order = msgspec.json.Decoder(ShopOrder).decode
_demands = msgspec.json.Decoder(list[Demand]).decode
_statuses = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True)
class OpenItem:
    """One product of an open order. `held`: in 1/10,000 of Magento's unit. `added`: the quantity that was added back,
    in 1/10,000 of the base unit.
    """

    key: str
    sku: str
    held: Held
    added: int = 0


@dataclass
class OpenOrder:
    """An open order of Magento, and what Acumatica's orders with its number say.

    `statuses`: by Acumatica order. `demands`: what these orders take. `asked_at`: when Acumatica was last asked, or
    `None` if it never was.
    """

    order: ShopOrder
    first_seen_at: datetime
    items: dict[str, OpenItem] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    demands: Sequence[Demand] = ()
    asked_at: datetime | None = None


def known(connection: Connection, ids: Sequence[int] | None = None) -> dict[int, ShopOrder]:
    """Return the open orders with these ids, or all, as Magento last showed them, by id."""
    everything = select(open_orders.c.order_id, open_orders.c.content)
    by_id: dict[int, ShopOrder] = {}
    for part in [None] if ids is None else chunked(list(ids), KEYS_PER_QUERY):
        query = everything if part is None else everything.where(in_any(connection, open_orders.c.order_id, part))
        by_id.update((order_id, _order(bytes(content))) for order_id, content in connection.execute(query))
    return by_id


def of_keys(connection: Connection, keys: Sequence[str]) -> dict[int, OpenOrder]:
    """Return the open orders that have any of these SKUs, each with all of its products, by Magento's id."""
    ids: set[int] = set()
    if connection.execute(select(open_order_items.c.order_id).limit(1)).first() is None:
        return {}
    for part in chunked(list(keys), KEYS_PER_QUERY):
        query = select(open_order_items.c.order_id).where(in_any(connection, open_order_items.c.key, part))
        ids.update(order_id for (order_id,) in connection.execute(query))
    return of_ids(connection, sorted(ids))


def of_ids(connection: Connection, ids: Sequence[int]) -> dict[int, OpenOrder]:
    """Return the open orders with these ids, by Magento's id."""
    by_id: dict[int, OpenOrder] = {}
    for part in chunked(list(ids), KEYS_PER_QUERY):
        for row in connection.execute(select(open_orders).where(in_any(connection, open_orders.c.order_id, part))):
            by_id[row.order_id] = OpenOrder(
                _order(bytes(row.content)),
                first_seen_at=instant(row.first_seen_at),
                items={},
                statuses={} if row.acumatica_orders is None else _statuses(row.acumatica_orders),
                demands=[] if row.demands is None else _demands(bytes(row.demands)),
                asked_at=None if row.asked_at is None else instant(row.asked_at),
            )
        of_orders = select(open_order_items).where(in_any(connection, open_order_items.c.order_id, part))
        for row in connection.execute(of_orders):
            if row.order_id in by_id:  # the two statements may see different states
                held = Held(row.ordered, row.shipped, row.canceled, row.refunded)
                by_id[row.order_id].items[row.key] = OpenItem(row.key, row.sku, held, row.added)
    return by_id


def untaken(connection: Connection, before: datetime) -> list[int]:
    """Return the ids of orders that Acumatica did not have when it was last asked, which was before an instant or
    never.
    """
    is_missing = (open_orders.c.acumatica_orders.is_(None)) | (open_orders.c.acumatica_orders == "{}")
    asked = open_orders.c.asked_at.is_(None) | (open_orders.c.asked_at < micros(before))
    return [order_id for (order_id,) in connection.execute(select(open_orders.c.order_id).where(is_missing & asked))]


def follow(
    connection: Connection,
    entity: str,
    changed: Mapping[int, tuple[ShopOrder, Sequence[OpenItem]]],
    ended: Iterable[int],
    mark: Watermark | None,
    now: datetime,
) -> None:
    """Store changed orders as Magento shows them now, remove ended ones, and make the records of all their SKUs due."""
    before = of_ids(connection, [*changed, *ended])
    keys = {key for order in before.values() for key in order.items}
    _forget(connection, before)
    rows, item_rows = [], []
    for order_id, (order, items) in changed.items():
        keys.update(item.key for item in items)
        earlier = before.get(order_id)
        rows.append(_order_row(OpenOrder(order, now) if earlier is None else replace(earlier, order=order)))
        added = {} if earlier is None else {key: item.added for key, item in earlier.items.items()}
        item_rows += [_item_row(order_id, item, added.get(item.key, 0)) for item in items]
    upsert(connection, open_orders, rows)
    upsert(connection, open_order_items, item_rows)
    make_due(connection, entity, keys)
    if mark is not None:
        watermarks.write(connection, entity, [mark])


def make_due(connection: Connection, entity: str, keys: Iterable[str]) -> None:
    """Make the records of the entity with these SKUs due, so that they are computed again."""
    for part in chunked(sorted(keys), KEYS_PER_QUERY):
        condition = (records.c.entity == entity) & in_any(connection, records.c.key, part)
        connection.execute(update(records).where(condition).values(next_change=DUE))


def _item_row(order_id: int, item: OpenItem, added: int) -> dict[str, object]:
    held = item.held
    amounts = {
        "ordered": held.ordered,
        "shipped": held.shipped,
        "canceled": held.canceled,
        "refunded": held.refunded,
        "added": added,
    }
    return {"order_id": order_id, "key": item.key, "sku": item.sku, **amounts}


def store(connection: Connection, orders: Iterable[OpenOrder]) -> None:
    """Store what Acumatica said of these orders, and the quantities that are added back for their products from now on.

    An order that ended meanwhile is not stored again.
    """
    by_id = {order.order.order_id: order for order in orders}
    stored = known(connection, list(by_id))
    still_open = {number: order for number, order in by_id.items() if order.order.is_open and number in stored}
    _forget(connection, by_id)
    upsert(connection, open_orders, [_order_row(order) for order in still_open.values()])
    items = [
        _item_row(number, item, item.added) for number, order in still_open.items() for item in order.items.values()
    ]
    upsert(connection, open_order_items, items)


def _forget(connection: Connection, order_ids: Iterable[int]) -> None:
    for part in chunked(list(order_ids), KEYS_PER_QUERY):
        for table in (open_order_items, open_orders):
            connection.execute(delete(table).where(in_any(connection, table.c.order_id, part)))


def _order_row(order: OpenOrder) -> dict[str, object]:
    return {
        "order_id": order.order.order_id,
        "content": msgspec.json.encode(order.order),
        "first_seen_at": micros(order.first_seen_at),
        "demands": msgspec.json.encode(list(order.demands)),
        "acumatica_orders": msgspec.json.encode(dict(order.statuses)).decode(),
        "asked_at": None if order.asked_at is None else micros(order.asked_at),
    }


def forget_all(connection: Connection, entity: str, feed: str) -> None:
    """Forget all orders and the feed's watermark, so that nothing is added back any more."""
    keys = [key for (key,) in connection.execute(select(open_order_items.c.key).distinct())]
    make_due(connection, entity, keys)
    connection.execute(delete(open_order_items))
    connection.execute(delete(open_orders))
    watermarks.write(connection, entity, [Watermark(feed)])


def first_seen(connection: Connection, order_id: int) -> datetime | None:
    """Return when an open order was first seen in Magento, or `None` if the order is not known."""
    query = select(open_orders.c.first_seen_at).where(open_orders.c.order_id == order_id)
    first = connection.execute(query).scalar()
    return None if first is None else instant(first)
