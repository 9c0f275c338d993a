"""States of orders: which statuses belong to them, and what shipping and invoicing make of them.

Source: Magento's order states; magento-observed.md, "Shipments", "Orders" and part two, section 2.
"""

from __future__ import annotations

from sandbox.magento.order_lines import amount, can_invoice, can_ship
from sandbox.magento.orders import outstanding, put_columns
from sandbox.magento.sales_records import Order
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
ENDED = frozenset({"canceled", "complete", "closed"})


def state_of(order: Order) -> str | None:
    """The state; an order made without one has none."""
    state: str | None = order.row.get("state")
    return state


def statuses_of(order: Order) -> tuple[str, ...]:
    """The statuses that a comment may give the order."""
    return STATUSES.get(state_of(order) or "", ())


def put_state(shop: Shop, order: Order, state: str | None) -> None:
    """Give the order a state and its usual status, if it has not that state already."""
    if state is None or state == order.row.get("state"):
        return
    put_columns(shop, order, {"state": state, "status": STATUSES.get(state, (None,))[0]})


def has_nothing_open(order: Order) -> bool:
    """Whether nothing can be shipped or invoiced any more."""
    shippable = not order.row.get("is_virtual") and can_ship(order.lines)
    invoiceable = state_of(order) not in ENDED and can_invoice(order.lines)
    return state_of(order) not in ("canceled", "holded") and not shippable and not invoiceable


def after_shipping(shop: Shop, order: Order) -> None:
    """New orders are in process then; without a state an order stays so; with nothing open it is complete."""
    state = state_of(order)
    if state is not None:
        put_state(shop, order, _completed(order) or ("processing" if state == "new" else state))


def after_invoicing(shop: Shop, order: Order) -> None:
    """New orders are in process then, and an order without a state is new; with nothing open it is complete."""
    state = state_of(order)
    following = {None: "new", "new": "processing"}.get(state, state)
    put_state(shop, order, _completed(order) or following)


def _completed(order: Order) -> str | None:
    paid = amount(order.row, "base_grand_total") == 0 or outstanding(order)
    return "complete" if has_nothing_open(order) and paid else None
