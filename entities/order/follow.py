"""An order that Magento has is brought to what Acumatica says of it: one step at a time, each after a look at Magento.

Comes in: the order as Magento shows it, what one message tells, and what Magento was told before. Goes out: the order
with every step done that Magento lacks, or why it has to wait, or why it is not possible. What is not possible of one
thing, such as an invoice, keeps nothing else back.
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
from connector.magento.orders import ShownOrder
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
    Shown,
    Step,
    end_of_hold,
    is_behind,
    next_step,
    nothing_to_tell,
    refused,
    state_of,
    waiting,
)
from entities.order.types import OrderContent, OrderRule
from entities.shop_orders.own_number import increment_id
from entities.shop_orders.own_orders import is_reserved_by_repair
from entities.waiting import NotYet, WaitReason

AFTER_INVOICES = ("complete", "holded")
MOST_STEPS = 20
"""More than any order needs: a shop that undoes what is done must not hold a run for ever."""
Left = Step | Literal["invoice", "cancel rest", "refund rest"]


@dataclass(frozen=True)
class Before:
    """What is known of what Magento was told before.

    reached: it was told this status. held: the last that it was told, or was about to be told, is a hold, or our last
    comment says so where nobody kept what was told. acted: something may have been done, so its comment is due.
    reserved: the order was made through the API, and a repair of Magento's reservations has reserved it since.
    """

    reached: bool
    held: bool
    acted: bool
    reserved: bool = False


def before(
    context: RunContext[OrderRule], message: Message, content: OrderContent, link: Link | None, shown: ShownOrder
) -> Before:
    """What Magento was told before this message."""
    told = told_of(link)
    held = was_held(told)
    if told is None:
        last = (_last_comment(content, shown) or "").removeprefix(comment_mark(content.key)).strip()
        held = state_of(context.rule.statuses.get(last, ""), context.rule.states) == "holded"
    in_doubt = link is not None and link.in_doubt and message.wait is None  # what waits was told in part, and is known
    if in_doubt and shown.state == "holded":
        held = held or _was_hold_tried(context, content)
    return Before(
        reached=_is_told(link, content, shown),
        held=held,
        acted=message.attempts > 1 or in_doubt,
        reserved=is_reserved_by_repair(context, context.rule.repair, shown.entity_id),
    )


def _was_hold_tried(context: RunContext[OrderRule], content: OrderContent) -> bool:
    """Whether a hold was about to be told lately: a request that was under way may be applied late."""
    with context.state.read() as connection:
        tried = messages.attempted(connection, context.name, content.key)
    return any(msgspec.json.decode(one, type=OrderContent).state == "holded" for one in tried)


def told_of(link: Link | None) -> OrderContent | None:
    """What Magento was told last, if anybody knows."""
    if link is None or link.document is None:
        return None
    return msgspec.json.decode(link.document, type=OrderContent)


def was_held(told: OrderContent | None) -> bool:
    """Whether the last that Magento was told of an order is that it is on hold."""
    return told is not None and told.state == "holded"


def _is_told(link: Link | None, content: OrderContent, shown: ShownOrder) -> bool:
    """Whether Magento was told this status; where something else may have been told since, it has to show it."""
    told = told_of(link)
    if (None if told is None else told.status) != content.status:
        return False
    if link is None or not link.in_doubt:
        return True
    same_state = shown.state == content.state and shown.status != content.status
    return not (same_state or is_behind(_as_shown(content.key, shown, held_by_us=False), content.state))


async def bring_up(
    rule: OrderRule,
    client: MagentoClient,
    content: OrderContent,
    shown: ShownOrder,
    known: Before,
    will_hold: Callable[[], None],
    read: Callable[[str], Awaitable[ShownOrder | None]],
    session: AcumaticaSession,
) -> str | None:
    """Do what is left, one thing after the other, each after a look at what Magento shows by then. Return what is to be
    known of it though all is well. Raises `NotYet` and `Rejected`.

    `read` reads the order again. `will_hold` keeps that a hold is told, before it is: whatever happens then, it is
    known to be ours, not the shop's.
    """
    for _step in range(MOST_STEPS):
        left = left_to_do(rule, content, shown, known)
        if left is None:
            return remark(content, shown, known)
        if left == "invoice":
            known = replace(known, reached=known.reached or content.state not in AFTER_INVOICES)
        else:
            known = replace(known, acted=True)
        if left == "hold" or (left == "update" and content.state == "holded"):
            will_hold()
        await _do(client, content, shown, left, session, reserved=known.reserved)
        failpoints.hit("followed")
        shown = await read(str(shown.entity_id)) or shown
    raise Rejected(
        FailureCode.STATUS_NOT_KEPT, f"Magento does not keep what it is told of {content.key}. Look at it there."
    )


def remark(content: OrderContent, shown: ShownOrder, known: Before) -> str | None:
    """Why nothing was told where Magento is further on, and what no invoice there has."""
    left_out = sold.left_out(content.invoices, shown.items)
    nothing = None
    if content.status is not None:
        nothing = nothing_to_tell(_seen(content, shown, known), content.acumatica_status, content.status, content.state)
    return " ".join(said for said in (nothing, left_out) if said) or None


def left_to_do(rule: OrderRule, content: OrderContent, shown: ShownOrder, known: Before) -> Left | None:
    """A step towards the status, or an invoice, or None.

    The status comes first: an invoice moves an order on by itself, and it is not pulled back. Only `complete` needs the
    invoices, and `holded` takes none any more; a hold of ours that is over ends before anything else. An invoice that
    cannot be made is said once the status is told. Raises `NotYet` and `Rejected`.
    """
    seen = _seen(content, shown, known)
    hold_is_over = known.held if content.status is None else content.state == "complete" and not known.reached
    if hold_is_over and (step := end_of_hold(seen)) is not None:
        return step
    lacks_invoice, problem = _lacks_invoice(content, shown)
    if problem is not None and content.state == "complete":
        raise problem
    rest = open_rest(content.rest, shown.items)  # it ends before the order can be complete
    left: Left | None = None
    was_told = _has_comment(content, shown) and not is_behind(seen, content.state)
    is_short = rest is not None and seen.state not in ENDED and content.state == "complete" and not lacks_invoice
    if content.status is not None and not known.reached and not was_told and not is_short:
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
    rule: OrderRule, content: OrderContent, seen: Shown, status: str, *, lacks_invoice: bool, acted: bool
) -> Left | None:
    if lacks_invoice and content.state in AFTER_INVOICES:
        return "invoice"
    if content.rest and seen.state == "canceled" and content.state == "complete" and not seen.begun:
        return None  # closed short as a whole: that is how Magento shows it
    try:
        step = next_step(seen, content.acumatica_status, status, content.state, ships=rule.ships)
    except NotYet as why:
        if lacks_invoice and why.wait == WaitReason.AWAITING_PAYMENT:
            return "invoice"  # it is what the order waits for
        raise
    if step is None and acted and seen.status == status:
        return "comment"
    return step


def _lacks_invoice(content: OrderContent, shown: ShownOrder) -> tuple[bool, Rejected | None]:
    try:
        return _next_invoice(content, shown) is not None, None
    except Rejected as why:
        return False, why


def _next_invoice(content: OrderContent, shown: ShownOrder) -> sold.ToInvoice | None:
    total = content.facts.get("total")
    order_total = None if total is None else Decimal(total)
    return sold.next_invoice(content.key, content.invoices, shown.items, shown.money, order_total)


def _wait_to_invoice(content: OrderContent, seen: Shown) -> None:
    """Raise `NotYet` where Magento takes no invoice for now: on hold, and while a payment is under review."""
    said, status = content.acumatica_status, content.status or "to be invoiced"
    if seen.state == "holded" and content.state != "holded":
        raise waiting(seen, WaitReason.ON_HOLD, said, status, "it is on hold and takes no invoice")
    if seen.state == "payment_review":
        raise waiting(
            seen, WaitReason.PAYMENT_REVIEW, said, status, "its payment is under review and it takes no invoice"
        )


def _has_comment(content: OrderContent, shown: ShownOrder) -> bool:
    """Whether the last of our comments on the order is the one that goes with the status."""
    return _last_comment(content, shown) == comment_of(content.key, content.acumatica_status)


def _last_comment(content: OrderContent, shown: ShownOrder) -> str | None:
    ours = [text for text in shown.comments if text.startswith(comment_mark(content.key))]
    return ours[-1] if ours else None


def _seen(content: OrderContent, shown: ShownOrder, known: Before) -> Shown:
    return _as_shown(content.key, shown, held_by_us=known.held)


def _as_shown(key: str, shown: ShownOrder, *, held_by_us: bool) -> Shown:
    return Shown(
        key=key,
        state=shown.state,
        status=shown.status,
        invoiced=sold.is_invoiced(shown.items),
        shipped=sold.is_shipped(shown.items),
        begun=sold.has_begun(shown.items),
        ours=shown.increment_id == increment_id(key),
        held_by_us=held_by_us,
    )


async def _do(
    client: MagentoClient,
    content: OrderContent,
    shown: ShownOrder,
    step: Left,
    session: AcumaticaSession,
    *,
    reserved: bool,
) -> None:
    if step == "invoice":
        await _invoice(client, content, shown)
        return
    status, state = content.status or "", content.state or ""
    seen = _as_shown(content.key, shown, held_by_us=False)
    try:
        if step == "hold":
            await magento.hold(client, shown)
        elif step == "unhold":
            await magento.unhold(client, shown)
        elif step == "release":
            await magento.set_status(client, shown, "processing", "processing")
        elif step == "refund rest":
            await refund_rest(session, client, content, shown, reserved=reserved or not seen.ours)
        elif step == "cancel rest":
            if not await magento.cancel(client, shown):
                raise refused(seen, content.acumatica_status, status, "it does not cancel what never ships")
        elif step == "cancel" or (step == "update" and state == "canceled" and reserved):
            if step == "update" and shown.state == "holded":
                await magento.set_status(client, shown, "processing", "processing")  # on hold nothing is cancelled
            if not await magento.cancel(client, shown):
                raise refused(seen, content.acumatica_status, status, "it does not cancel it")
        elif step == "update":
            await magento.set_status(client, shown, state, status)
        else:
            await magento.comment(client, shown, comment_of(content.key, content.acumatica_status), status)
    except RequestRefused as fault:
        raise refused(seen, content.acumatica_status, status, str(fault)) from fault


async def _invoice(client: MagentoClient, content: OrderContent, shown: ShownOrder) -> None:
    wanted = _next_invoice(content, shown)
    if wanted is None:
        return
    try:
        await magento.invoice(client, shown, wanted.items, f"{comment_mark(content.key)} invoice {wanted.number}")
    except RequestRefused as fault:
        raise Rejected(
            FailureCode.INVOICE_REFUSED, f"{wanted.number} of {content.key} was not made: {fault}"
        ) from fault
