"""The end of a rest that Acumatica closed short: it is named, or canceled in Magento where a setting says so.

A cancel in Magento takes all that is open of an order. So it is made only once everything else has shipped, and only
where it takes exactly the rest. What the customer has paid is never given back.
"""

from __future__ import annotations

from typing import Literal

from connector.rules.order_status import ENDED, Shown, waiting
from connector.rules.order_totals import OrderProblem
from connector.rules.order_types import OrderContent, OrderRule
from connector.rules.rest import OpenRest
from connector.rules.waiting import WaitReason

SETTING = "Rest that never ships (A2M_ORDER__CLOSE_REST)"
Ends = Literal["cancel rest", "update"]


def end_of_rest(rule: OrderRule, content: OrderContent, seen: Shown, rest: OpenRest, *, reserved: bool) -> Ends | None:
    """The step that closes the rest in Magento; None where its order has ended.

    `reserved`: Magento reserves the order; of one that it does not, a cancel would put back what was never reserved:
    its state is set. Raises `OrderProblem` where a person has to close it, and `NotYet` until it can be closed.
    """
    if seen.state in ENDED:
        return None
    if not rule.cancels_rest:
        raise _named(content, seen, rest, f"Cancel or refund it there, then reprocess this message, or set {SETTING}.")
    said, status = content.acumatica_status, content.status or seen.status
    if seen.state == "holded":
        raise waiting(seen, WaitReason.ON_HOLD, said, status, "a rest that never ships is canceled after the hold")
    if seen.state == "payment_review":
        raise waiting(seen, WaitReason.PAYMENT_REVIEW, said, status, "a rest that never ships is canceled after it")
    if rest.more_to_ship:
        why = f"{rest.in_words()} never ships, and is canceled once the rest of the order has shipped"
        raise waiting(seen, WaitReason.AWAITING_SHIPMENT, said, status, why)
    if rest.to_refund:
        why = "It is invoiced there: refund it with a credit memo, then reprocess this message."
        raise _named(content, seen, rest, why)
    if rest.cancels_more:
        why = (
            "What was shipped is not invoiced there, and Magento would cancel all of the order. Invoice it, or set "
            "Invoice (A2M_ORDER__INVOICE) to offline, then reprocess this message."
        )
        raise _named(content, seen, rest, why)
    if reserved:
        return "cancel rest"
    if content.state != "complete":
        why = "Magento never reserved this order: it ends there once Acumatica completes it."
        raise _named(content, seen, rest, why)
    return "update"


def _named(content: OrderContent, seen: Shown, rest: OpenRest, what_to_do: str) -> OrderProblem:
    status = content.status or seen.status or "without a status"
    is_open = "open and invoiced" if rest.to_refund else "open and not invoiced"
    return OrderProblem(
        f"Closed short: {content.key} is {content.acumatica_status} in Acumatica, which is {status} in Magento, where "
        f"it is {seen.status or 'without a status'} (state {seen.state or 'none'}): Acumatica never ships "
        f"{rest.in_words()}, which Magento has {is_open}. {what_to_do}"
    )
