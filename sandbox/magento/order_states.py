"""States of orders: their statuses, and the states that follow shipping, invoicing and refunding.

Source: Magento's order states; magento-observed.md, "Shipments", "Orders" and part two, section 2.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.order_lines import amount, can_invoice, can_ship
from sandbox.magento.orders import put_columns
from sandbox.magento.sales_records import Order
from sandbox.magento.sales_tables import ZERO
from sandbox.magento.state import Shop

STATUSES = {
    "new": ("pending",),
    "pending_payment": ("pending_payment",),
    "processing": ("processing", "fraud"),
    "complete": ("complete",),
    "closed": ("closed",),
    "canceled": ("canceled",),
    "holded": ("holded",),
    "payment_review": ("payment_review", "fraud"),
}
LENGTH = 32
ENDED = frozenset({"canceled", "complete", "closed"})


def state_of(order: Order) -> str | None:
    """Return the state; empty for an order that was created without one."""
    state: str | None = order.row.get("state")
    return state


def statuses_of(shop: Shop, state: str | None) -> list[str]:
    """Return the statuses of a state, the default one first; a shop may have custom ones."""
    return shop.order_statuses.get(state or "") or list(STATUSES.get(state or "", ()))


def add_order_status(shop: Shop, given: Any) -> None:
    """Add a custom status: status, state, label; with `default` an order gets it when it comes into the state."""
    status, state = str(given["status"]), given["state"]
    if state not in STATUSES:
        raise ValueError(f"there is no state {state!r}; known are {', '.join(STATUSES)}.")
    if not status or len(status) > LENGTH:
        raise ValueError(f"{status!r} is no status: it has 1 to {LENGTH} characters.")
    known = [one for one in statuses_of(shop, state) if one != status]
    shop.order_statuses[state] = [status, *known] if given.get("default") else [*known, status]


def put_state(shop: Shop, order: Order, state: str | None) -> None:
    """Set the order's state and its default status, unless it already has that state."""
    if state is None or state == order.row.get("state"):
        return
    put_columns(shop, order, {"state": state, "status": next(iter(statuses_of(shop, state)), None)})


def has_nothing_open(order: Order) -> bool:
    """Return whether nothing can be shipped or invoiced any more."""
    shippable = not order.row.get("is_virtual") and can_ship(order.lines)
    invoiceable = state_of(order) not in ENDED and can_invoice(order.lines)
    return state_of(order) not in ("canceled", "holded") and not shippable and not invoiceable


def after_shipping(shop: Shop, order: Order) -> None:
    """Set the state after a shipment: a new order is in process, one without a state stays so, one with nothing open is
    complete.
    """
    state = state_of(order)
    if state is not None:
        put_state(shop, order, _completed(order) or ("processing" if state == "new" else state))


def after_invoicing(shop: Shop, order: Order) -> None:
    """Set the state after an invoice: a new order is in process, one without a state is new, one with nothing open is
    complete.
    """
    state = state_of(order)
    following = {None: "new", "new": "processing"}.get(state, state)
    put_state(shop, order, _completed(order) or following)


def after_refund(shop: Shop, order: Order) -> None:
    """Set the state after a refund: an order with nothing open is complete, and closed once all that was paid is
    refunded.
    """
    state = state_of(order)
    put_state(shop, order, _completed(order) or ("processing" if state == "processing" else "new"))


def _completed(order: Order) -> str | None:
    if has_nothing_open(order):
        if amount(order.row, "base_grand_total") == 0 or can_refund(order):
            return "complete"
        return "closed" if amount(order.row, "total_refunded") else None
    return "complete" if state_of(order) == "processing" and _rest_is_refunded(order) else None


def _rest_is_refunded(order: Order) -> bool:
    """Return whether the shipped and the refunded quantities together are the whole order, with nothing left to
    invoice.
    """
    shipped = sum((amount(line.row, "qty_shipped") for line in order.lines), ZERO)
    simple = [line.row for line in order.lines if line.row.get("product_type") == "simple"]
    refunded = sum((amount(row, "qty_refunded") for row in simple), ZERO)
    whole = amount(order.row, "total_qty_ordered") <= shipped + refunded
    return shipped > 0 and refunded > 0 and whole and not can_invoice(order.lines)


def can_refund(order: Order) -> bool:
    """Return whether anything that was paid can be refunded; a fee that was kept cannot."""
    kept = amount(order.row, "adjustment_negative")
    left = amount(order.row, "total_paid") - amount(order.row, "total_refunded")
    return abs(left) > 0 and (not kept or abs(left - kept) > 0)
