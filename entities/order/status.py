"""Bring an order's status from what Magento shows to what Acumatica has, one step at a time.

Input: what Magento shows of the order, and the status that it must show. Output: the next step; None if the status is
reached or Magento is further on; `NotYet` if the shop has to act first (a payment, a review, a hold that the shop
made); or `Rejected`, which names both statuses. Source: magento-observed.md, "Orders" and part two, section 2: each
status belongs to a state; hold, unhold and cancel are separate calls. The state of an order that we made is set with
its status, because the cancel call would put back a quantity that was never reserved (ADR 0007).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connector.model.failures import FailureCode, Rejected
from entities.waiting import NotYet, WaitReason

Step = Literal["hold", "unhold", "release", "cancel", "comment", "update"]

STATES = {
    "pending": "new",
    "pending_payment": "pending_payment",
    "pending_paypal": "pending_payment",
    "processing": "processing",
    "fraud": "payment_review",
    "payment_review": "payment_review",
    "holded": "holded",
    "complete": "complete",
    "closed": "closed",
    "canceled": "canceled",
}
"""Magento's own statuses and the state that each belongs to."""
ENDED = ("complete", "closed", "canceled")
BEFORE_ANYTHING = ("new", "pending_payment", "payment_review")
RANKS = {**dict.fromkeys(BEFORE_ANYTHING, 0), "processing": 1, "holded": 1, "complete": 2, "closed": 3, "canceled": 3}
"""Progress of an order in each state."""
DEAD = ("Canceled", "Rejected", "Expired")
"""Acumatica's statuses of orders that come to nothing. Such an order is never created in Magento."""


@dataclass(frozen=True)
class CurrentOrder:
    """What Magento shows of an order.

    `begun`: something of it is invoiced or shipped. `ours`: we made it. `held_by_us`: its hold, if any, is ours and not
    the shop's.
    """

    key: str
    state: str
    status: str
    invoiced: bool
    shipped: bool
    begun: bool
    ours: bool
    held_by_us: bool = False


def next_step(
    current: CurrentOrder, acumatica_status: str, status: str, state: str | None, *, ships: bool
) -> Step | None:
    """Return the next step towards `status`, which `acumatica_status` maps to. `state` is None for a custom status
    whose state no setting names.

    None means that nothing is left to do, possibly because Magento is further on. Raises `NotYet` if Magento has to
    move on first, and `Rejected` if its state never allows the status.
    """
    if current.status == status or has_passed(current, state):
        return None
    _wait_for_the_shop(current, acumatica_status, status, state)
    if state == "complete" and current.state != "complete":
        return _towards_complete(current, acumatica_status, status, ships=ships)
    if current.state in ENDED and state != current.state:
        raise refused(current, acumatica_status, status, f"an order that is {current.state} in Magento stays so")
    if state == "closed" and current.state != "closed":
        raise refused(current, acumatica_status, status, "only a credit memo closes an order in Magento")
    if state == "canceled" and current.invoiced and not current.ours:
        why = "it does not cancel it, because all of it is invoiced there; refund it with a credit memo"
        raise refused(current, acumatica_status, status, why)
    return _step_of_ours(current, acumatica_status, status, state) if current.ours else _step(current, status, state)


def has_passed(current: CurrentOrder, state: str | None) -> bool:
    """Return whether Magento's order is further on than this state, so that there is nothing to send.

    A refunded order is further on than any other. If we made the order and nothing of it has begun, it goes back
    whenever Acumatica's order goes back.
    """
    if state is None or current.state == state or current.state not in RANKS:
        return False
    if "canceled" in (current.state, state):
        return "closed" in (current.state, state)
    if current.state == "holded" or state == "holded":
        return current.state == "holded" and not current.held_by_us and state in BEFORE_ANYTHING
    if current.ours and not current.begun and current.state not in ENDED:
        return False
    if state in BEFORE_ANYTHING:
        return True  # the shop decides whether it is paid
    return RANKS[current.state] > RANKS[state]


def _wait_for_the_shop(current: CurrentOrder, acumatica_status: str, status: str, state: str | None) -> None:
    """Raise `NotYet` if only the shop can end what keeps the order from the status."""
    if state is None or state == current.state:
        return
    if current.state == "holded":
        if not current.held_by_us and state != "canceled":
            raise waiting(current, WaitReason.ON_HOLD, acumatica_status, status, "somebody in the shop put it on hold")
        return
    if current.ours:
        return
    if current.state == "payment_review" and state not in BEFORE_ANYTHING:
        raise waiting(current, WaitReason.PAYMENT_REVIEW, acumatica_status, status, "its payment is under review there")
    if current.state in BEFORE_ANYTHING and state in ("processing", "complete") and not current.invoiced:
        raise waiting(current, WaitReason.AWAITING_PAYMENT, acumatica_status, status, "it is not paid there yet")


def waiting(current: CurrentOrder, wait: WaitReason, acumatica_status: str, status: str, why: str) -> NotYet:
    """Return the wait for a status that Magento has not reached yet; the message names both."""
    return NotYet(
        wait,
        f"Not yet: {current.key} is {acumatica_status} in Acumatica, which is {status} in Magento, where it is "
        f"{current.status or 'without a status'} (state {current.state or 'none'}): {why}.",
    )


def why_nothing_to_send(current: CurrentOrder, acumatica_status: str, status: str, state: str | None) -> str | None:
    """Return the reason if nothing is sent because Magento's order is further on than Acumatica's status."""
    if current.status == status or not has_passed(current, state):
        return None
    return (
        f"Nothing to send: {current.key} is {acumatica_status} in Acumatica, which is {status} in Magento, "
        f"and the order is further on there: {current.status} (state {current.state})."
    )


def end_of_hold(current: CurrentOrder) -> Step | None:
    """Return the step that ends a hold of ours. On hold an order accepts neither invoices nor shipments, so it cannot
    complete.

    If we made the order, its hold was set with its status, and Magento does not know the status to go back to.
    """
    if current.state != "holded" or not current.held_by_us:
        return None
    return "release" if current.ours else "unhold"


def is_behind(current: CurrentOrder, state: str | None) -> bool:
    """Return whether the order has yet to reach this state. Magento itself only moves an order forward, through
    invoices and shipments; it never puts one on hold or cancels it.
    """
    if state is None:
        return False
    if "holded" in (current.state, state):
        return current.state != state
    ranks = [0 if one in BEFORE_ANYTHING else 2 if one in ENDED else 1 for one in (current.state, state)]
    return ranks[0] < ranks[1]


def _step(current: CurrentOrder, status: str, state: str | None) -> Step:
    if current.state == "holded" and state != "holded":
        return "unhold"
    if state == "holded" and current.state != "holded":
        return "hold"
    if state == "canceled" and current.state != "canceled":
        return "cancel"
    return "comment"


def _step_of_ours(current: CurrentOrder, acumatica_status: str, status: str, state: str | None) -> Step:
    if state is None:
        raise unknown_state(current.key, status)
    if current.begun and state in (*BEFORE_ANYTHING, "canceled"):
        raise refused(current, acumatica_status, status, "something of it is invoiced or shipped already")
    return "update"


def _towards_complete(current: CurrentOrder, acumatica_status: str, status: str, *, ships: bool) -> Step | None:
    """Return the step towards `complete`. Magento completes an order by itself once all of it is invoiced and shipped,
    and no call does it earlier.
    """
    if current.state in ENDED:
        raise refused(current, acumatica_status, status, f"an order that is {current.state} in Magento stays so")
    if not current.invoiced and not current.ours:  # sold on account: the customer pays after the shipment
        raise waiting(current, WaitReason.AWAITING_INVOICE, acumatica_status, status, "it is not invoiced there yet")
    if not current.invoiced:
        why = "it is not invoiced there; invoice it, or set A2M_ORDER__INVOICE to offline"
        raise refused(current, acumatica_status, status, why)
    if current.shipped and current.ours:
        return "update"
    if current.shipped or not ships:
        raise refused(current, acumatica_status, status, "not all of it is shipped there")
    return None


def refused(current: CurrentOrder, acumatica_status: str, status: str, why: str) -> Rejected:
    """Return the failure for a status that Magento's state does not allow; the message names both."""
    return Rejected(
        FailureCode.STATUS_NOT_POSSIBLE,
        f"{current.key} is {acumatica_status} in Acumatica, which is {status} in Magento, where it is "
        f"{current.status or 'without a status'} (state {current.state or 'none'}): {why}.",
    )


def unknown_state(key: str, status: str) -> Rejected:
    """Return the failure for a custom status whose state no setting names."""
    return Rejected(
        FailureCode.UNKNOWN_ORDER_STATE,
        f"{key} is to show {status}, which is none of Magento's own statuses. Name the state that it "
        "belongs to in A2M_ORDER__STATES.",
    )


def spelled(status: str) -> str:
    """Return a status in Magento's spelling if it is one of Magento's own; any other unchanged."""
    return status.lower() if status.lower() in STATES else status


def state_of(status: str, states: Mapping[str, str]) -> str | None:
    """Return the state that a status belongs to."""
    return states.get(status) or STATES.get(status)


def first_status(status: str | None, state: str | None, *, has_invoices: bool = False) -> tuple[str, str]:
    """Return the state and status with which an order is created. An order that has ended is created open, or nothing
    of it could be shipped or invoiced; so is an order on hold that has invoices.
    """
    takes_nothing = state in ENDED or (state == "holded" and has_invoices)
    return ("processing", "processing") if status is None or state is None or takes_nothing else (state, status)
