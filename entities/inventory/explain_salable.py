"""Explain why Magento sells another quantity than Acumatica's figure: open orders of the shop, and compensations.

Input: the SKUs of one record. Output: lines of (what, description), from the state database alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connector.model.open_orders import Demand
from connector.model.units import DIGITS
from connector.state.engine import State
from connector.state.sync import compensations, open_orders, reservation_repairs
from connector.state.sync.open_orders import OpenItem, OpenOrder
from entities.counters import counted
from entities.inventory.from_settings import quantity_rule
from entities.shop_orders.from_settings import repair_rule
from entities.shop_orders.own_orders import is_reserved
from entities.shop_orders.repair import last_repair
from settings import Settings

Line = tuple[str, str]
OPEN_AS = {"booked": "booked", "on_hold": "on hold", "back_ordered": "back-ordered"}


def salable_terms(settings: Settings, state: State, keys: Sequence[str], inventory_ids: Sequence[str]) -> list[Line]:
    """Return the terms that lie between the rule's figure and the quantity of these SKUs that Magento sells."""
    rule = quantity_rule(settings)
    with state.read() as connection:
        orders = open_orders.of_keys(connection, keys)
        recognised = reservation_repairs.last_of_any(connection)
        repaired_at = last_repair(repair_rule(settings), recognised, datetime.now(UTC))
        taken = compensations.of_documents(connection, keys, repaired_at)
    lines: list[Line] = []
    if not rule.open_orders.is_on and orders:
        lines.append(("Open orders", "not added back: switched off, or On Hand is published"))
    held = added = 0
    for order in orders.values():
        for key in keys:
            if key in order.items and rule.open_orders.is_on:
                item = order.items[key]
                reserved = is_reserved(order, repaired_at)
                held += item.held.held if reserved else 0
                added += item.added
                description = "; ".join(_terms(order, item, inventory_ids, reserved=reserved))
                lines.append((f"Open order {order.order.increment_id}", description))
    for document, source, quantity in taken:
        lines.append(
            (
                f"Shipment {document}",
                f"{counted(quantity, DIGITS)} less at {source}: its order came through the API and was never reserved, "
                "so Magento's reservations are too high by it",
            )
        )
    if added or held:
        lines.append(
            (
                "Reserved by open orders",
                f"{counted(held, DIGITS)} in Magento, of which {counted(added, DIGITS)} are missing in Acumatica's "
                "figure too and are added back",
            )
        )
    if repaired_at is not None and (orders or taken):
        lines.append(("Reservations repaired", f"{repaired_at:%Y-%m-%d %H:%M:%S} UTC"))
    return lines


def _terms(order: OpenOrder, item: OpenItem, inventory_ids: Sequence[str], *, reserved: bool) -> Iterator[str]:
    if not reserved:
        yield "not reserved in Magento, because it came through the API; nothing is added back"
        return
    held = item.held
    parts = {"shipped": held.shipped, "canceled": held.canceled, "refunded": held.refunded}
    released = "".join(f", {counted(amount, DIGITS)} {what}" for what, amount in parts.items() if amount)
    yield f"Magento holds {counted(held.held, DIGITS)} ({counted(held.ordered, DIGITS)} ordered{released})"
    if not order.statuses:
        yield "not in Acumatica" if order.asked_at is not None else "not searched for in Acumatica yet"
        return
    demands = [demand for demand in order.demands if demand.inventory_id in inventory_ids]
    for demand in demands:
        yield _demand(demand, order.statuses.get(demand.order, ""))
    if not demands:
        yield f"{', '.join(order.statuses)} has no line of this product (a kit's part, or a substitute)"
    yield f"{counted(item.added, DIGITS)} added back"


def _demand(demand: Demand, status: str) -> str:
    amounts = {"shipped": demand.shipped, "allocated": demand.allocated, OPEN_AS[demand.open_as]: demand.open}
    described = (
        " and ".join(f"{counted(amount, DIGITS)} {what}" for what, amount in amounts.items() if amount) or "nothing"
    )
    elsewhere = f", {demand.elsewhere}" if demand.elsewhere else ""
    return f"Acumatica's {demand.order} ({status}) has {described} in {demand.warehouse or 'no warehouse'}{elsewhere}"
