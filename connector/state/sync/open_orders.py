"""Magento's open orders: what each reserves, what Acumatica's orders with its number take, what was added back for it.

A change of an order makes the records of its SKUs due in the same transaction, so whatever instant the process dies at,
they are computed again. What was added back is kept with the chunk that published it: an amount that rises is told by
it, and its quantities are read again first (spec, *Learned in the field*, "Which orders, read when").
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
    """One product of an open order: `held` in 1/10,000 of Magento's unit, `added` back in 1/10,000 of the base unit."""

    key: str
    sku: str
    held: Held
    added: int = 0


@dataclass
class OpenOrder:
    """An open order of Magento's, with what is known of it in Acumatica: `statuses` by order, and its demands.

    `asked_at`: when Acumatica was last asked, `None` where it never was.
    """

    order: ShopOrder
    first_seen_at: datetime
    items: dict[str, OpenItem] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    demands: Sequence[Demand] = ()
    asked_at: datetime | None = None


def known(connection: Connection, ids: Sequence[int] | None = None) -> dict[int, ShopOrder]:
    """Return the open orders as Magento last showed them: those with these ids, or all."""
    columns = select(open_orders.c.order_id, open_orders.c.content)
    found: dict[int, ShopOrder] = {}
    for part in [None] if ids is None else chunked(list(ids), KEYS_PER_QUERY):
        chosen = columns if part is None else columns.where(in_any(connection, open_orders.c.order_id, part))
        found.update((order_id, _order(bytes(content))) for order_id, content in connection.execute(chosen))
    return found


def of_keys(connection: Connection, keys: Sequence[str]) -> dict[int, OpenOrder]:
    """Return the open orders with one of these SKUs, each with all of its products."""
    ids: set[int] = set()
    if connection.execute(select(open_order_items.c.order_id).limit(1)).first() is None:
        return {}
    for part in chunked(list(keys), KEYS_PER_QUERY):
        chosen = select(open_order_items.c.order_id).where(in_any(connection, open_order_items.c.key, part))
        ids.update(order_id for (order_id,) in connection.execute(chosen))
    return of_ids(connection, sorted(ids))


def of_ids(connection: Connection, ids: Sequence[int]) -> dict[int, OpenOrder]:
    """Return the open orders with these ids of Magento's."""
    found: dict[int, OpenOrder] = {}
    for part in chunked(list(ids), KEYS_PER_QUERY):
        for row in connection.execute(select(open_orders).where(in_any(connection, open_orders.c.order_id, part))):
            found[row.order_id] = OpenOrder(
                _order(bytes(row.content)),
                first_seen_at=instant(row.first_seen_at),
                items={},
                statuses={} if row.acumatica_orders is None else _statuses(row.acumatica_orders),
                demands=[] if row.demands is None else _demands(bytes(row.demands)),
                asked_at=None if row.asked_at is None else instant(row.asked_at),
            )
        of_orders = select(open_order_items).where(in_any(connection, open_order_items.c.order_id, part))
        for row in connection.execute(of_orders):
            if row.order_id in found:  # two statements may see two states
                held = Held(row.ordered, row.shipped, row.canceled, row.refunded)
                found[row.order_id].items[row.key] = OpenItem(row.key, row.sku, held, row.added)
    return found


def untaken(connection: Connection, before: datetime) -> list[int]:
    """Return the orders that Acumatica did not have when it was last asked, before an instant."""
    not_there = (open_orders.c.acumatica_orders.is_(None)) | (open_orders.c.acumatica_orders == "{}")
    asked = open_orders.c.asked_at.is_(None) | (open_orders.c.asked_at < micros(before))
    return [number for (number,) in connection.execute(select(open_orders.c.order_id).where(not_there & asked))]


def follow(
    connection: Connection,
    entity: str,
    changed: Mapping[int, tuple[ShopOrder, Sequence[OpenItem]]],
    ended: Iterable[int],
    mark: Watermark | None,
    now: datetime,
) -> None:
    """Store what Magento shows of its orders, and have every SKU of them computed again."""
    before = of_ids(connection, [*changed, *ended])
    keys = {key for one in before.values() for key in one.items}
    _forget(connection, before)
    rows, item_rows = [], []
    for order_id, (order, items) in changed.items():
        keys.update(item.key for item in items)
        earlier = before.get(order_id)
        rows.append(_row_of(OpenOrder(order, now) if earlier is None else replace(earlier, order=order)))
        added = {} if earlier is None else {key: item.added for key, item in earlier.items.items()}
        item_rows += [_item_row(order_id, item, added.get(item.key, 0)) for item in items]
    upsert(connection, open_orders, rows)
    upsert(connection, open_order_items, item_rows)
    make_due(connection, keys)
    if mark is not None:
        watermarks.write(connection, entity, [mark])


def make_due(connection: Connection, keys: Iterable[str]) -> None:
    """Have the inventory records with these SKUs computed again."""
    for part in chunked(sorted(keys), KEYS_PER_QUERY):
        chosen = (records.c.entity == "inventory") & in_any(connection, records.c.key, part)
        connection.execute(update(records).where(chosen).values(next_change=DUE))


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


def keep(connection: Connection, orders: Iterable[OpenOrder]) -> None:
    """Store what Acumatica said of these orders, and what is added back for each of their products from now on.

    An order that ended meanwhile stays away.
    """
    given = {one.order.order_id: one for one in orders}
    there = known(connection, list(given))
    kept = {number: one for number, one in given.items() if one.order.is_open and number in there}
    _forget(connection, given)
    upsert(connection, open_orders, [_row_of(one) for one in kept.values()])
    items = [_item_row(number, item, item.added) for number, one in kept.items() for item in one.items.values()]
    upsert(connection, open_order_items, items)


def _forget(connection: Connection, order_ids: Iterable[int]) -> None:
    for part in chunked(list(order_ids), KEYS_PER_QUERY):
        for table in (open_order_items, open_orders):
            connection.execute(delete(table).where(in_any(connection, table.c.order_id, part)))


def _row_of(one: OpenOrder) -> dict[str, object]:
    return {
        "order_id": one.order.order_id,
        "content": msgspec.json.encode(one.order),
        "first_seen_at": micros(one.first_seen_at),
        "demands": msgspec.json.encode(list(one.demands)),
        "acumatica_orders": msgspec.json.encode(dict(one.statuses)).decode(),
        "asked_at": None if one.asked_at is None else micros(one.asked_at),
    }


def forget_all(connection: Connection, entity: str, feed: str) -> None:
    """Forget all orders and how far they were read: nothing is added back any more."""
    keys = [key for (key,) in connection.execute(select(open_order_items.c.key).distinct())]
    make_due(connection, keys)
    connection.execute(delete(open_order_items))
    connection.execute(delete(open_orders))
    watermarks.write(connection, entity, [Watermark(feed)])


def first_seen(connection: Connection, order_id: int) -> datetime | None:
    """Return when an open order was first seen in Magento; `None` for one that is not known."""
    found = connection.execute(select(open_orders.c.first_seen_at).where(open_orders.c.order_id == order_id)).scalar()
    return None if found is None else instant(found)
