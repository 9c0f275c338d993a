"""Bring an order in Magento up to what Acumatica has: one step at a time, reading the order again before each.

Input: the order as Magento shows it, one message, and what was sent before. Output: the order with every missing step
done, or the reason why it waits or why a step is not possible. One impossible thing, such as an invoice, holds nothing
else back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import msgspec

from connector import failpoints
from connector.acumatica.session import AcumaticaSession
from connector.magento import orders as magento
from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused
from connector.magento.orders import Comment, MagentoOrder
from connector.model.failures import FailureCode, Rejected
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.sync.links import Link
from entities.base import RunContext
from entities.order import sold
from entities.order.close_rest import end_of_rest, refund_rest
from entities.order.rest import open_rest
from entities.order.rules import comment_mark, comment_of
from entities.order.status import (
    ENDED,
    CurrentOrder,
    Step,
    end_of_hold,
    is_behind,
    next_step,
    refused,
    state_of,
    waiting,
    why_nothing_to_send,
)
from entities.order.types import OrderContent, OrderRule
from entities.shop_orders.own_number import increment_id
from entities.shop_orders.own_orders import is_reserved_by_repair
from entities.waiting import NotYet, WaitReason

AFTER_INVOICES = ("complete", "holded")
MOST_STEPS = 20
"""More than any order needs. It ends a run with a shop that undoes each step."""
Left = Step | Literal["invoice", "cancel rest", "refund rest"]


@dataclass(frozen=True)
class Before:
    """What was sent before.

    reached: this status was sent. held: the last thing that was sent, or was about to be sent, is a hold; if that is
    not stored, our last comment decides. acted: something may have been done, so its comment is due. reserved: the
    order was made through the API, and a repair of Magento's reservations has reserved its goods since.
    """

    reached: bool
    held: bool
    acted: bool
    reserved: bool = False


def before(
    context: RunContext[OrderRule], message: Message, content: OrderContent, link: Link | None, order: MagentoOrder
) -> Before:
    """Return what was sent before this message."""
    sent = sent_content(link)
    held = was_sent_on_hold(sent)
    if sent is None:
        comment = _last_comment(content, order)
        last = "" if comment is None else comment.text.removeprefix(comment_mark(content.key)).strip()
        held = state_of(context.rule.statuses.get(last, ""), context.rule.states) == "holded"
    # a waiting message was partially applied, so its state is known
    in_doubt = link is not None and link.in_doubt and message.wait is None
    if in_doubt and order.state == "holded":
        held = held or _was_hold_tried(context, content)
    return Before(
        reached=_was_sent(link, content, order),
        held=held,
        acted=message.attempts > 1 or in_doubt,
        reserved=is_reserved_by_repair(context, context.rule.repair, order.entity_id),
    )


def _was_hold_tried(context: RunContext[OrderRule], content: OrderContent) -> bool:
    """Return whether a hold was about to be sent recently: a request that was under way may be applied late."""
    with context.state.read() as connection:
        attempted = messages.attempted(connection, context.name, content.key)
    return any(msgspec.json.decode(document, type=OrderContent).state == "holded" for document in attempted)


def sent_content(link: Link | None) -> OrderContent | None:
    """Return what was last sent, or None if that is unknown."""
    if link is None or link.document is None:
        return None
    return msgspec.json.decode(link.document, type=OrderContent)


def was_sent_on_hold(sent: OrderContent | None) -> bool:
    """Return whether the last content that was sent puts the order on hold."""
    return sent is not None and sent.state == "holded"


def _was_sent(link: Link | None, content: OrderContent, order: MagentoOrder) -> bool:
    """Return whether this status was sent. If something else may have been sent since, Magento must also show it."""
    sent = sent_content(link)
    if (None if sent is None else sent.status) != content.status:
        return False
    if link is None or not link.in_doubt:
        return True
    same_state = order.state == content.state and order.status != content.status
    return not (same_state or is_behind(_current_order(content.key, order, held_by_us=False), content.state))


async def bring_up(
    rule: OrderRule,
    client: MagentoClient,
    content: OrderContent,
    order: MagentoOrder,
    known: Before,
    will_hold: Callable[[], None],
    read: Callable[[str], Awaitable[MagentoOrder | None]],
    session: AcumaticaSession,
) -> str | None:
    """Do the steps that are left, one after the other, reading the order again after each. Return a remark for people
    even though all is well, or None. Raises `NotYet` and `Rejected`.

    `read` reads the order again. `will_hold` is called before a hold is sent and records it, so that whatever happens
    then, the hold is known to be ours and not the shop's.
    """
    for _step in range(MOST_STEPS):
        left = left_to_do(rule, content, order, known)
        if left is None:
            return remark(content, order, known)
        if left == "invoice":
            known = replace(known, reached=known.reached or content.state not in AFTER_INVOICES)
        else:
            known = replace(known, acted=True)
        if left == "hold" or (left == "update" and content.state == "holded"):
            will_hold()
        await _do(client, content, order, left, session, reserved=known.reserved)
        failpoints.hit("followed")
        order = await read(str(order.entity_id)) or order
    raise Rejected(
        FailureCode.STATUS_NOT_KEPT, f"Magento does not keep what is sent for {content.key}. Check the order there."
    )


def remark(content: OrderContent, order: MagentoOrder, known: Before) -> str | None:
    """Return why nothing was sent if Magento is further on, and which lines no invoice in Magento has."""
    left_out = sold.left_out(content.invoices, order.items)
    nothing = None
    if content.status is not None:
        nothing = why_nothing_to_send(
            _seen(content, order, known), content.acumatica_status, content.status, content.state
        )
    return " ".join(part for part in (nothing, left_out) if part) or None


def left_to_do(rule: OrderRule, content: OrderContent, order: MagentoOrder, known: Before) -> Left | None:
    """Return the next step towards the status, or an invoice; None if nothing is left.

    The status goes first: an invoice moves an order on, and it is not moved back. There are two exceptions. `complete`
    needs the invoices first, and so does `holded`, which accepts none afterwards. A hold of ours that is over ends
    before anything else. An invoice that cannot be made is reported after the status is sent. Raises `NotYet` and
    `Rejected`.
    """
    seen = _seen(content, order, known)
    hold_is_over = known.held if content.status is None else content.state == "complete" and not known.reached
    if hold_is_over and (step := end_of_hold(seen)) is not None:
        return step
    lacks_invoice, problem = _lacks_invoice(content, order)
    if problem is not None and content.state == "complete":
        raise problem
    rest = open_rest(content.rest, order.items)  # it is closed before the order can be complete
    left: Left | None = None
    was_sent = _has_comment(content, order) and not is_behind(seen, content.state)
    is_short = rest is not None and seen.state not in ENDED and content.state == "complete" and not lacks_invoice
    if content.status is not None and not known.reached and not was_sent and not is_short:
        left = _towards(rule, content, seen, content.status, lacks_invoice=lacks_invoice, acted=known.acted)
    if left is None and problem is not None:
        raise problem
    left = left or ("invoice" if lacks_invoice else None)
    if left == "invoice":
        _wait_to_invoice(content, seen)
    if left is None and rest is not None:
        return end_of_rest(rule, content, seen, rest, reserved=known.reserved or not seen.ours)
    return left


def _towards(
    rule: OrderRule, content: OrderContent, seen: CurrentOrder, status: str, *, lacks_invoice: bool, acted: bool
) -> Left | None:
    if lacks_invoice and content.state in AFTER_INVOICES:
        return "invoice"
    if content.rest and seen.state == "canceled" and content.state == "complete" and not seen.begun:
        return None  # Magento shows an order that was closed short as a whole as canceled
    try:
        step = next_step(seen, content.acumatica_status, status, content.state, ships=rule.ships)
    except NotYet as why:
        if lacks_invoice and why.wait == WaitReason.AWAITING_PAYMENT:
            return "invoice"  # the order waits for this invoice
        raise
    if step is None and acted and seen.status == status:
        return "comment"
    return step


def _lacks_invoice(content: OrderContent, order: MagentoOrder) -> tuple[bool, Rejected | None]:
    try:
        return _next_invoice(content, order) is not None, None
    except Rejected as why:
        return False, why


def _next_invoice(content: OrderContent, order: MagentoOrder) -> sold.ToInvoice | None:
    total = content.facts.get("total")
    order_total = None if total is None else Decimal(total)
    return sold.next_invoice(content.key, content.invoices, order.items, order.money, order_total)


def _wait_to_invoice(content: OrderContent, seen: CurrentOrder) -> None:
    """Raise `NotYet` if Magento accepts no invoice for now: on hold, or while a payment is under review."""
    acumatica_status, status = content.acumatica_status, content.status or "to be invoiced"
    if seen.state == "holded" and content.state != "holded":
        raise waiting(seen, WaitReason.ON_HOLD, acumatica_status, status, "it is on hold and takes no invoice")
    if seen.state == "payment_review":
        raise waiting(
            seen,
            WaitReason.PAYMENT_REVIEW,
            acumatica_status,
            status,
            "its payment is under review and it takes no invoice",
        )


def _has_comment(content: OrderContent, order: MagentoOrder) -> bool:
    """Return whether our last comment on the order is the one that goes with the status.

    Its text names Acumatica's status, and a changed map of statuses gives the same one another status in Magento.
    """
    return _last_comment(content, order) == (comment_of(content.key, content.acumatica_status), content.status)


def _last_comment(content: OrderContent, order: MagentoOrder) -> Comment | None:
    ours = [one for one in order.comments if one.text.startswith(comment_mark(content.key))]
    return ours[-1] if ours else None


def _seen(content: OrderContent, order: MagentoOrder, known: Before) -> CurrentOrder:
    return _current_order(content.key, order, held_by_us=known.held)


def _current_order(key: str, order: MagentoOrder, *, held_by_us: bool) -> CurrentOrder:
    return CurrentOrder(
        key=key,
        state=order.state,
        status=order.status,
        invoiced=sold.is_invoiced(order.items),
        shipped=sold.is_shipped(order.items),
        begun=sold.has_begun(order.items),
        ours=order.increment_id == increment_id(key),
        held_by_us=held_by_us,
    )


async def _do(
    client: MagentoClient,
    content: OrderContent,
    order: MagentoOrder,
    step: Left,
    session: AcumaticaSession,
    *,
    reserved: bool,
) -> None:
    if step == "invoice":
        await _invoice(client, content, order)
        return
    status, state = content.status or "", content.state or ""
    seen = _current_order(content.key, order, held_by_us=False)
    try:
        if step == "hold":
            await magento.hold(client, order)
        elif step == "unhold":
            await magento.unhold(client, order)
        elif step == "release":
            await magento.set_status(client, order, "processing", "processing")
        elif step == "refund rest":
            await refund_rest(session, client, content, order, reserved=reserved or not seen.ours)
        elif step == "cancel rest":
            if not await magento.cancel(client, order):
                raise refused(seen, content.acumatica_status, status, "it does not cancel what never ships")
        elif step == "cancel" or (step == "update" and state == "canceled" and reserved):
            if step == "update" and order.state == "holded":
                await magento.set_status(client, order, "processing", "processing")  # on hold nothing is cancelled
            if not await magento.cancel(client, order):
                raise refused(seen, content.acumatica_status, status, "it does not cancel it")
        elif step == "update":
            await magento.set_status(client, order, state, status)
        else:
            await magento.comment(client, order, comment_of(content.key, content.acumatica_status), status)
    except RequestRefused as fault:
        raise refused(seen, content.acumatica_status, status, str(fault)) from fault


async def _invoice(client: MagentoClient, content: OrderContent, order: MagentoOrder) -> None:
    missing = _next_invoice(content, order)
    if missing is None:
        return
    try:
        await magento.invoice(client, order, missing.items, f"{comment_mark(content.key)} invoice {missing.number}")
    except RequestRefused as fault:
        raise Rejected(
            FailureCode.INVOICE_REFUSED, f"{missing.number} of {content.key} was not made: {fault}"
        ) from fault
