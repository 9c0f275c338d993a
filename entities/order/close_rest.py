"""Close the rest of an order that Acumatica closed short: report it, or cancel it in Magento if a setting says so.

Magento's cancel takes everything that is open of an order. So the rest is canceled only after everything else has
shipped, and only if the cancel takes exactly the rest. What the customer paid for it is refunded only if a further
setting says so, and never more than Acumatica has refunded.
"""

from __future__ import annotations

from typing import Literal

from connector.acumatica.credit_memos import given_back
from connector.acumatica.errors import RequestRefused
from connector.acumatica.records import BadRecord
from connector.acumatica.session import AcumaticaSession
from connector.magento import orders as magento
from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from connector.model.failures import FailureCode, Rejected
from entities.order.rest import OpenRest, open_rest
from entities.order.rules import comment_mark
from entities.order.status import ENDED, CurrentOrder, waiting
from entities.order.stored import stored_order
from entities.order.types import OrderContent, OrderRule
from entities.shop_orders.invoice_totals import refund_at_most
from entities.waiting import NotYet, WaitReason

SETTING = "Rest that never ships (A2M_ORDER__CLOSE_REST)"
Ends = Literal["cancel rest", "refund rest", "update"]


def end_of_rest(
    rule: OrderRule, content: OrderContent, seen: CurrentOrder, rest: OpenRest, *, reserved: bool
) -> Ends | None:
    """Return the step that closes the rest in Magento; None if the order has ended there.

    `reserved`: Magento reserves the order's goods. If it does not, a cancel would put back what was never reserved, so
    the state is set instead. Raises `Rejected` if a person has to close the rest, and `NotYet` until it can be closed.
    """
    if seen.state in ENDED:
        return None
    if not rule.cancels_rest:
        raise _closed_short(
            content, seen, rest, f"Cancel or refund it there, then reprocess this message; or set {SETTING}."
        )
    text, status = content.acumatica_status, content.status or seen.status
    if seen.state == "holded":
        raise waiting(seen, WaitReason.ON_HOLD, text, status, "a rest that never ships is canceled after the hold")
    if seen.state == "payment_review":
        raise waiting(seen, WaitReason.PAYMENT_REVIEW, text, status, "a rest that never ships is canceled after it")
    if rest.more_to_ship:
        why = f"{rest.describe()} never ships, and is canceled once the rest of the order has shipped"
        raise waiting(seen, WaitReason.AWAITING_SHIPMENT, text, status, why)
    if rest.to_refund and rule.refunds_rest:
        return "refund rest"
    if rest.to_refund:
        why = "It is invoiced there: refund it with a credit memo, then reprocess this message."
        raise _closed_short(content, seen, rest, why)
    if rest.cancels_more:
        why = (
            "What was shipped is not invoiced there, and Magento would cancel all of the order. Invoice it, or set "
            "Invoice (A2M_ORDER__INVOICE) to offline, then reprocess this message."
        )
        raise _closed_short(content, seen, rest, why)
    if reserved:
        return "cancel rest"
    if content.state != "complete":
        why = "Magento never reserved this order: it ends there once Acumatica completes it."
        raise _closed_short(content, seen, rest, why)
    return "update"


async def refund_rest(
    session: AcumaticaSession, client: MagentoClient, content: OrderContent, order: MagentoOrder, *, reserved: bool
) -> None:
    """Make an offline credit memo of the invoiced part of the rest, once Acumatica has refunded as much.

    Raises `NotYet` until then, `Rejected` if Magento's amount is unknown, and the faults of both systems.
    """
    rest = open_rest(content.rest, order.items)
    if rest is None or not rest.to_refund:
        return
    comes_to = refund_at_most(order.items, order.money, rest.to_refund)
    if comes_to is None:
        raise Rejected(
            FailureCode.CLOSED_SHORT,
            f"what {rest.describe()} of {content.key} comes to is unknown for a bundle. Refund it in "
            "Magento with a credit memo, then reprocess this message.",
        )
    try:
        refunded = await given_back(session, content.key, stored_order(content.facts))
    except (BadRecord, RequestRefused) as why:
        raise Rejected(FailureCode.CLOSED_SHORT, f"what Acumatica refunded of {content.key} is unknown: {why}") from why
    if comes_to > refunded - order.money.refunded:
        raise NotYet(
            WaitReason.AWAITING_CREDIT_MEMO,
            f"Not yet: Acumatica never ships {rest.describe()} of {content.key}, which is invoiced in Magento. A "
            f"credit memo there would refund {comes_to}; Acumatica's released credit memos of the order come to "
            f"{refunded}, and {order.money.refunded} is given back in Magento already.",
        )
    text = f"{comment_mark(content.key)} never ships"
    await magento.refund(client, order, rest.to_refund, text, back_to_stock=reserved)


def _closed_short(content: OrderContent, seen: CurrentOrder, rest: OpenRest, what_to_do: str) -> Rejected:
    status = content.status or seen.status or "without a status"
    is_open = "open and invoiced" if rest.to_refund else "open and not invoiced"
    return Rejected(
        FailureCode.CLOSED_SHORT,
        f"{content.key} is {content.acumatica_status} in Acumatica, which is {status} in Magento, where "
        f"it is {seen.status or 'without a status'} (state {seen.state or 'none'}): Acumatica never ships "
        f"{rest.describe()}, which Magento has {is_open}. {what_to_do}",
    )
