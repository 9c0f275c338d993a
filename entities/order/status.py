"""How an order's status gets from what Magento shows to what Acumatica says: one step at a time.

Comes in: what Magento shows of the order, and the status that it must show. Goes out: the next step, None at the end or
where Magento is further on, `NotYet` where the shop has to move on first (a payment, a review, a hold of its own), or
`Rejected` that names both. Source: magento-observed.md, "Orders" and part two, section 2: a status belongs to a
state; hold, unhold and cancel are calls of their own; the state of an order that we made is set with its status,
because cancelling it by the call would put quantity back that was never reserved (ADR 0007).
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
"""How far an order is in each state."""
DEAD = ("Canceled", "Rejected", "Expired")
"""Acumatica's statuses of orders that come to nothing: Magento never gets those that it does not have."""


@dataclass(frozen=True)
class Shown:
    """What Magento shows of an order; `begun`: something of it is invoiced or shipped.

    `held_by_us`: its hold, if it has one, is ours and not the shop's.
    """

    key: str
    state: str
    status: str
    invoiced: bool
    shipped: bool
    begun: bool
    ours: bool
    held_by_us: bool = False


def next_step(shown: Shown, said: str, status: str, state: str | None, *, ships: bool) -> Step | None:
    """The next step towards `status`, which stands for Acumatica's `said`; `state` is none for one of somebody's own.

    None where nothing is left to do, also because Magento is further on. Raises `NotYet` where Magento has to move on
    first, and `Rejected` where its state never allows it.
    """
    if shown.status == status or has_passed(shown, state):
        return None
    _wait_for_the_shop(shown, said, status, state)
    if state == "complete" and shown.state != "complete":
        return _towards_complete(shown, said, status, ships=ships)
    if shown.state in ENDED and state != shown.state:
        raise refused(shown, said, status, f"an order that is {shown.state} in Magento stays so")
    if state == "closed" and shown.state != "closed":
        raise refused(shown, said, status, "only a credit memo closes an order in Magento")
    if state == "canceled" and shown.invoiced and not shown.ours:
        why = "it does not cancel it, because all of it is invoiced there; refund it with a credit memo"
        raise refused(shown, said, status, why)
    return _step_of_ours(shown, said, status, state) if shown.ours else _step(shown, status, state)


def has_passed(shown: Shown, state: str | None) -> bool:
    """Whether Magento's order is further on than this state, so that there is nothing to tell.

    An order that was refunded is further on than any other. An order of ours of which nothing has begun goes back where
    Acumatica goes back.
    """
    if state is None or shown.state == state or shown.state not in RANKS:
        return False
    if "canceled" in (shown.state, state):
        return "closed" in (shown.state, state)
    if shown.state == "holded" or state == "holded":
        return shown.state == "holded" and not shown.held_by_us and state in BEFORE_ANYTHING
    if shown.ours and not shown.begun and shown.state not in ENDED:
        return False
    if state in BEFORE_ANYTHING:
        return True  # whether it is paid is the shop's to say
    return RANKS[shown.state] > RANKS[state]


def _wait_for_the_shop(shown: Shown, said: str, status: str, state: str | None) -> None:
    """Raise `NotYet` where the order has not reached the status for a reason that only Magento can end."""
    if state is None or state == shown.state:
        return
    if shown.state == "holded":
        if not shown.held_by_us and state != "canceled":
            raise waiting(shown, WaitReason.ON_HOLD, said, status, "somebody in the shop put it on hold")
        return
    if shown.ours:
        return
    if shown.state == "payment_review" and state not in BEFORE_ANYTHING:
        raise waiting(shown, WaitReason.PAYMENT_REVIEW, said, status, "its payment is under review there")
    if shown.state in BEFORE_ANYTHING and state in ("processing", "complete") and not shown.invoiced:
        raise waiting(shown, WaitReason.AWAITING_PAYMENT, said, status, "it is not paid there yet")


def waiting(shown: Shown, wait: WaitReason, said: str, status: str, why: str) -> NotYet:
    """A status that Magento has not reached yet, in words that name both."""
    return NotYet(
        wait,
        f"Not yet: {shown.key} is {said} in Acumatica, which is {status} in Magento, where it is "
        f"{shown.status or 'without a status'} (state {shown.state or 'none'}): {why}.",
    )


def nothing_to_tell(shown: Shown, said: str, status: str, state: str | None) -> str | None:
    """Why nothing was told, where Magento's order is further on than the status that stands for Acumatica's."""
    if shown.status == status or not has_passed(shown, state):
        return None
    return (
        f"Nothing to tell: {shown.key} is {said} in Acumatica, which is {status} in Magento, and the order is further "
        f"on there: {shown.status} (state {shown.state})."
    )


def end_of_hold(shown: Shown) -> Step | None:
    """What ends a hold of ours: on hold an order takes neither invoices nor shipments, so nothing completes it.

    The hold of an order of ours was set with its status, and Magento does not know what to go back to.
    """
    if shown.state != "holded" or not shown.held_by_us:
        return None
    return "release" if shown.ours else "unhold"


def is_behind(shown: Shown, state: str | None) -> bool:
    """Whether the order still has to come to this state: Magento itself only moves one on, through invoices and
    shipments, and never puts one on hold or cancels it.
    """
    if state is None:
        return False
    if "holded" in (shown.state, state):
        return shown.state != state
    ranks = [0 if one in BEFORE_ANYTHING else 2 if one in ENDED else 1 for one in (shown.state, state)]
    return ranks[0] < ranks[1]


def _step(shown: Shown, status: str, state: str | None) -> Step:
    if shown.state == "holded" and state != "holded":
        return "unhold"
    if state == "holded" and shown.state != "holded":
        return "hold"
    if state == "canceled" and shown.state != "canceled":
        return "cancel"
    return "comment"


def _step_of_ours(shown: Shown, said: str, status: str, state: str | None) -> Step:
    if state is None:
        raise unknown_state(shown.key, status)
    if shown.begun and state in (*BEFORE_ANYTHING, "canceled"):
        raise refused(shown, said, status, "something of it is invoiced or shipped already")
    return "update"


def _towards_complete(shown: Shown, said: str, status: str, *, ships: bool) -> Step | None:
    """Magento completes an order by itself when all of it is invoiced and shipped, and no call does it before."""
    if shown.state in ENDED:
        raise refused(shown, said, status, f"an order that is {shown.state} in Magento stays so")
    if not shown.invoiced:
        why = "it is not invoiced there; invoice it, or set A2M_ORDER__INVOICE to offline"
        raise refused(shown, said, status, why)
    if shown.shipped and shown.ours:
        return "update"
    if shown.shipped or not ships:
        raise refused(shown, said, status, "not all of it is shipped there")
    return None


def refused(shown: Shown, said: str, status: str, why: str) -> Rejected:
    """A status that Magento's state does not allow, in words that name both."""
    return Rejected(
        FailureCode.STATUS_NOT_POSSIBLE,
        f"{shown.key} is {said} in Acumatica, which is {status} in Magento, where it is "
        f"{shown.status or 'without a status'} (state {shown.state or 'none'}): {why}.",
    )


def unknown_state(key: str, status: str) -> Rejected:
    """A status of somebody's own without a state."""
    return Rejected(
        FailureCode.UNKNOWN_ORDER_STATE,
        f"{key} is to show {status}, which is none of Magento's own statuses. Name the state that it "
        "belongs to in A2M_ORDER__STATES.",
    )


def state_of(status: str, states: Mapping[str, str]) -> str | None:
    """The state that a status belongs to."""
    return states.get(status) or STATES.get(status)


def first_status(status: str | None, state: str | None, *, has_invoices: bool = False) -> tuple[str, str]:
    """State and status of an order that is made: an ended one is made open, or nothing could be shipped or invoiced;
    so is one on hold of which there are invoices.
    """
    takes_nothing = state in ENDED or (state == "holded" and has_invoices)
    return ("processing", "processing") if status is None or state is None or takes_nothing else (state, status)
