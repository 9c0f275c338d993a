"""Orders that the connector made in Magento: these were never reserved there (docs/adr/0007)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connector.queue import links
from connector.queue.links import Link
from connector.queue.open_orders import OpenOrder
from connector.rules.order_totals import OrderProblem
from connector.rules.orders import increment_id

if TYPE_CHECKING:
    from tasks.work import Work


def without_own(work: Work, orders: Sequence[OpenOrder]) -> list[OpenOrder]:
    """The orders that Magento reserves: those that were placed there."""
    return [one for one in orders if own_link(work, one) is None]


def own_link(work: Work, one: OpenOrder) -> Link | None:
    """The link of an order that we made; `None` for an order that was placed in Magento."""
    with work.state.read() as connection:
        for link in links.of_magento_id(connection, "order", str(one.order.order_id)):
            if is_own_number(link.key, one.order.increment_id):
                return link
    return None


def is_own_number(key: str, number: str) -> bool:
    """Whether a number of Magento's is the one that we make from this Acumatica key."""
    try:
        return number == increment_id(key)
    except OrderProblem:
        return False  # too long a number: the connector makes no such order
