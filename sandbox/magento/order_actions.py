"""Actions on an order: hold, unhold, cancel, comment; and the statuses that it may be given.

A cancel that is not possible answers `false` with status 200, a hold or unhold answers 400. Source:
magento-observed.md, "Orders" and part two, section 2; recordings of orders and erp-orders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.magento.errors import Refusal
from sandbox.magento.order_input import HISTORY_DATA
from sandbox.magento.order_lines import amount, can_invoice, to_cancel, to_ship
from sandbox.magento.order_states import ENDED, add_order_status, put_state, state_of, statuses_of
from sandbox.magento.order_views import history_shown
from sandbox.magento.orders import add_history, order_of, put_columns
from sandbox.magento.reservations import CANCELED, canceled, move
from sandbox.magento.routes import Call, Route
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import rounded
from sandbox.magento.search import Criteria, Filter, result
from sandbox.magento.state import Shop
from sandbox.magento.typed import INT, Parameter

NO_HOLD = "A hold action is not available."
NO_UNHOLD = "You cannot remove the hold."
NO_STATUS = 'Unable to add comment: The status "%1" is not part of the order\n                 status history.'
NO_STATUS_YET = "pending"
NOT_HELD_FROM = frozenset({*ENDED, "payment_review", "holded"})
CANCELED_AMOUNTS = (
    ("subtotal_canceled", "subtotal", "subtotal_invoiced"),
    ("tax_canceled", "tax_amount", "tax_invoiced"),
    ("shipping_canceled", "shipping_amount", "shipping_invoiced"),
    ("discount_canceled", "discount_amount", "discount_invoiced"),
    ("total_canceled", "grand_total", "total_paid"),
)


def hold(call: Call) -> bool:
    """Put an order on hold."""
    order = order_of(call.shop, call.given["id"])
    state = state_of(order)
    if state in NOT_HELD_FROM:
        raise Refusal(400, NO_HOLD)
    before = {"hold_before_state": state, "hold_before_status": order.row.get("status")}
    put_columns(call.shop, order, before)
    put_state(call.shop, order, "holded")
    return True


def unhold(call: Call) -> bool:
    """Take an order off hold."""
    order = order_of(call.shop, call.given["id"])
    if state_of(order) != "holded":
        raise Refusal(400, NO_UNHOLD)
    row = order.row
    back = {"state": row.get("hold_before_state"), "status": row.get("hold_before_status")}
    put_columns(call.shop, order, {**back, "hold_before_state": None, "hold_before_status": None})
    return True


def cancel(call: Call) -> bool:
    """Cancel what is open of an order; return False if nothing can be canceled."""
    order = order_of(call.shop, call.given["id"])
    state = state_of(order)
    if state in ENDED or state in ("holded", "payment_review") or not can_invoice(order.lines):
        call.applied = False
        return False
    following = _state_after(order)
    for line in order.lines:
        if line.row["qty_canceled"] < line.row["qty_ordered"]:
            _cancel_line(call.shop, order, line)
    put_columns(call.shop, order, _canceled_amounts(order))
    put_state(call.shop, order, following)
    return True


def _state_after(order: Order) -> str:
    """Return the state after a cancel: an order with a paid part stays in process or is complete; any other is
    canceled.
    """
    state = "canceled"
    for line in order.lines:
        if state != "processing" and line.row["qty_invoiced"] > line.row["qty_refunded"]:
            state = "processing" if to_ship(line) > to_cancel(line) else "complete"
    return state


def _cancel_line(shop: Shop, order: Order, line: Line) -> None:
    move(shop, order, canceled(shop, line), CANCELED)
    row = line.row
    row["qty_canceled"] = to_cancel(line)
    share = row["qty_canceled"] / row["qty_ordered"]
    row["tax_canceled"] = rounded(amount(row, "tax_canceled") + amount(row, "base_tax_amount") * share)
    name = "discount_tax_compensation"
    more = amount(row, f"{name}_amount") * share
    row[f"{name}_canceled"] = rounded(amount(row, f"{name}_canceled") + more)
    row["updated_at"] = shop.now()


def _canceled_amounts(order: Order) -> dict[str, Decimal]:
    row = order.row
    return {
        f"{base}{name}": abs(amount(row, f"{base}{whole}")) - abs(amount(row, f"{base}{done}"))
        for name, whole, done in CANCELED_AMOUNTS
        for base in ("", "base_")
    }


def add_comment(call: Call) -> bool:
    """Comment on an order, and optionally give it another status of its state."""
    order = order_of(call.shop, call.given["id"])
    given = call.given["statusHistory"]
    status = given.get("status")
    if status and status not in statuses_of(call.shop, state_of(order)):
        raise Refusal(400, NO_STATUS, [status])
    add_history(call.shop, order, {**given, "status": status or order.row.get("status") or NO_STATUS_YET})
    if status and status != order.row.get("status"):
        put_columns(call.shop, order, {"status": status})
    return True


def comments(call: Call) -> dict[str, Any]:
    """Return the comments of an order, oldest first."""
    order = call.shop.sales.orders.get(call.given["id"])
    rows = order.history if order is not None else []
    asked = Criteria([[Filter("parent_id", str(call.given["id"]), "eq")]])
    return result([history_shown(row) for row in rows], asked, len(rows))


def statuses(call: Call) -> str | list[Any]:
    """Return the order's status."""
    return order_of(call.shop, call.given["id"]).row.get("status") or []


_API = "Magento\\Sales\\Api\\OrderManagementInterface"
_SERVICE: dict[str, Any] = {"interface": _API, "implementation": "Magento\\Sales\\Model\\Service\\OrderService"}
_ID = Parameter("id", INT)
ROUTES = (
    Route("POST", "orders/:id/hold", hold, (_ID,), "Magento_Sales::hold", operation="hold", **_SERVICE),
    Route("POST", "orders/:id/unhold", unhold, (_ID,), "Magento_Sales::unhold", operation="unHold", **_SERVICE),
    Route("POST", "orders/:id/cancel", cancel, (_ID,), "Magento_Sales::cancel", operation="cancel", **_SERVICE),
    Route(
        "POST",
        "orders/:id/comments",
        add_comment,
        (_ID, Parameter("statusHistory", HISTORY_DATA)),
        "Magento_Sales::comment",
        operation="addComment",
        **_SERVICE,
    ),
    Route("GET", "orders/:id/comments", comments, (_ID,), "Magento_Sales::actions_view", **_SERVICE),
    Route("GET", "orders/:id/statuses", statuses, (_ID,), "Magento_Sales::actions_view", **_SERVICE),
)
CHANGES = {"add_order_status": add_order_status}
