"""Which open orders Magento reserves: those placed in the shop, and others only after a repair has reserved them.

An order that came by `POST /V1/orders` reserves nothing, whichever client made it (docs/adr/0007, docs/adr/0019).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connector.model.failures import Rejected
from connector.state.sync import links, open_orders, reservation_repairs
from connector.state.sync.open_orders import OpenOrder
from entities.base import RunContext
from entities.shop_orders.own_number import increment_id
from entities.shop_orders.repair import RepairRule, last_repair


def is_reserved(open_order: OpenOrder, repaired_at: datetime | None) -> bool:
    """Return whether Magento reserves the order, given when its reservations were last repaired."""
    return open_order.order.placed or (repaired_at is not None and open_order.first_seen_at <= repaired_at)


def is_reserved_by_repair(context: RunContext[Any], rule: RepairRule, order_id: int) -> bool:
    """Return whether a repair has reserved an order that was made through the API."""
    with context.state.read() as connection:
        first_seen = open_orders.first_seen(connection, order_id)
        repaired_at = last_repair(rule, reservation_repairs.last_of_any(connection), context.clock.now())
    return first_seen is not None and repaired_at is not None and first_seen <= repaired_at


def is_own(context: RunContext[Any], open_order: OpenOrder) -> bool:
    """Return whether the connector made the order."""
    return own_key(context, open_order) is not None


def own_key(context: RunContext[Any], open_order: OpenOrder) -> str | None:
    """Return Acumatica's key of an order that the connector made; None for any other."""
    with context.state.read() as connection:
        linked = links.of_magento_id(connection, "order", str(open_order.order.order_id))
    return next((link.key for link in linked if is_own_number(link.key, open_order.order.increment_id)), None)


def is_own_number(key: str, number: str) -> bool:
    """Return whether the Magento number is the one that we make from this Acumatica key."""
    try:
        return number == increment_id(key)
    except Rejected:
        return False  # the number is too long: the connector makes no such order
