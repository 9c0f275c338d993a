"""Test Connection for reservations: whether anything ever clears what Magento reserves for its open orders.

Magento reserves what a web order takes until the order is shipped there. If quantities are sent and shipments are not,
that never happens by itself, and the shop offers less and less. Nothing is written in either system.
"""

from __future__ import annotations

from functools import partial

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from entities.checks import Check, PlannedCheck, lacks

RESERVATIONS = "Reservations"
OPEN = "new,pending_payment,processing,payment_review,holded"


def reservations(client: MagentoClient, *, inventory: bool, shipment: bool) -> list[PlannedCheck]:
    """Return the check; none if quantities are not sent."""
    return [PlannedCheck(RESERVATIONS, partial(_reservations, client, shipment))] if inventory else []


async def _reservations(client: MagentoClient, shipment: bool) -> Check:
    if shipment:
        return Check(RESERVATIONS, "passed", "shipments are active: what an order holds is cleared when it ships")
    try:
        number = await queries.count_orders(client, OPEN)
    except Unauthorized as refused:
        return Check(RESERVATIONS, "could not be checked", f"open orders may not be read. {lacks(refused)}")
    if not number:
        message = (
            "no order is open in Magento now. What a later one reserves is cleared when it ships there, which the "
            "connector does only with A2M_ACTIVE__SHIPMENT"
        )
        return Check(RESERVATIONS, "passed", message)
    orders = "order is" if number == 1 else "orders are"
    message = (
        f"{number:,} {orders} open in Magento, quantities are sent and shipments are not: nothing clears what is "
        "reserved for them, and the shop offers less than there is. Switch on A2M_ACTIVE__SHIPMENT, or ship them in "
        "Magento by other means."
    )
    return Check(RESERVATIONS, "failed", message)
