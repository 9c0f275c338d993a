"""Check that the orders that we know by Magento's ids are still ours there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.magento import orders as magento
from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from connector.model.comparison import same_code
from connector.state.sync.links import Link
from entities.base import RunContext
from entities.documents.same_shop import refuse_another_shop
from entities.order.follow import sent_content
from entities.order.rules import comment_mark
from entities.shop_orders.own_number import increment_id


async def refuse_orders_of_another_shop(context: RunContext[Any]) -> None:
    """Raise `ConfigurationConflict` if none of the newest linked orders is ours in Magento."""
    await refuse_another_shop(context, "order", _orders, is_ours)


async def _orders(client: MagentoClient, ids: Sequence[str]) -> Mapping[str, MagentoOrder]:
    return {str(one.entity_id): one for one in await magento.orders_of(client, entity_ids=ids)}


def is_ours(order: MagentoOrder, link: Link) -> bool:
    """Return whether the order has our number, the number that Acumatica refers to, or a comment of ours."""
    sent = sent_content(link)
    reference = "" if sent is None else sent.reference
    return (
        order.ext_order_id == link.key
        or order.increment_id == increment_id(link.key)
        or (bool(reference) and same_code(order.increment_id, reference))
        or any(one.text.startswith(comment_mark(link.key)) for one in order.comments)
    )
