"""The lines that `explain` prints about one order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.magento import orders, queries
from connector.magento.client import MagentoClient
from connector.state.sync.records import Stored
from entities.explained import NOW, Known, Line, of_links
from entities.order.from_settings import order_rule
from entities.order.rules import names_changed, number_in_magento, reference_of
from entities.order.stored import stored_order
from settings import Settings


async def explain_now(client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
    ids = [link.magento_id for link in known.links]
    if not ids:
        rule = order_rule(settings)
        numbers = [number for one in known.documents if (number := number_in_magento(stored_order(one), rule))]
        ids = [str(one.entity_id) for one in await orders.orders_with(client, numbers, known.typed)] if numbers else []
    lines = [line for one in ids for line in await _one_order(client, one)]
    return lines or [(NOW, f"no order of {known.typed}{of_links(known.links)}")]


async def _one_order(client: MagentoClient, entity_id: str) -> list[Line]:
    if await orders.order(client, entity_id) is None:
        return []
    row = await client.get(f"orders/{entity_id}")
    state = f"state {row.get('state')}, status {row.get('status')}"
    total = f"{queries.number(row['grand_total']).normalize():f} {row.get('order_currency_code') or ''}".rstrip()
    text = f"order {row.get('increment_id')} (id {row.get('entity_id')}), {state}, {total}"
    return [
        (NOW, text),
        *[(f"{NOW}, item", _item(one)) for one in row.get("items") or [] if not one.get("parent_item_id")],
    ]


def _item(row: Mapping[str, Any]) -> str:
    counted = ("ordered", "invoiced", "shipped", "canceled", "refunded")
    amounts = {name: queries.number(row.get(f"qty_{name}") or 0) for name in counted}
    return f"{row.get('sku')}: " + ", ".join(f"{amount.normalize():f} {name}" for name, amount in amounts.items())


def explained(settings: Settings, stored: Sequence[Stored]) -> Iterator[Line]:
    """Yield the changes to names in an order that is made in Magento."""
    for order in (stored_order(one.record.document) for one in stored if one.record.document is not None):
        if not reference_of(order, order_rule(settings)):
            yield from (("Rules say", one.in_full()) for one in names_changed(order))
