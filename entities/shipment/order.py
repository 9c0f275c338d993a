"""The Magento order that a shipment belongs to, and whether it can be shipped now, later or never.

Nothing is changed here. All of this is checked before anything is changed, so that no source's quantity is raised for
an order that cannot ship.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from connector.magento import orders
from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from connector.model.comparison import same_code
from connector.model.failures import FailureCode, Rejected
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.schema import PENDING, SENDING, SKIPPED
from connector.state.sync import entities, links
from entities.base import RunContext
from entities.order.steps import sent_content, was_sent_on_hold
from entities.shipment.types import ShipmentContent, ShipmentRule
from entities.waiting import NotYet, WaitReason

PASSING = {
    "holded": (WaitReason.ON_HOLD, "is on hold in Magento"),
    "payment_review": (WaitReason.PAYMENT_REVIEW, "is under payment review in Magento"),
    "pending_payment": (WaitReason.AWAITING_PAYMENT, "awaits its payment in Magento"),
}
"""States that end without us, and in which Magento accepts no shipment or would accept one too early."""
LEFT_OUT = "of orders that are neither the shop's nor sent left out (A2M_SHIPMENT__OTHER_ORDERS)"
OVER = {
    "canceled": (FailureCode.ORDER_CANCELED, "canceled"),
    "closed": (FailureCode.ORDER_CLOSED, "closed (all of it was refunded)"),
}


async def order_of(context: RunContext[ShipmentRule], client: MagentoClient, content: ShipmentContent) -> MagentoOrder:
    """Return the order: by its link, else by its reference as Magento's order number, else by `ext_order_id`.

    Raises `Rejected`, or `NotYet` if the order may still come.
    """
    with context.state.read() as connection:
        link = links.of_keys(connection, "order", [content.order]).get(content.order)
    if link is not None:
        linked = await orders.order(client, link.magento_id)
        if linked is None:
            raise Rejected(
                FailureCode.LINKED_TO_NOTHING,
                f"{content.order} is linked to {link.magento_id}, which Magento does not have. "
                "Link the right order: a2m link order",
            )
        return linked
    if _is_still_to_be_made(context, content):
        raise _to_come(content, f"It waits for its order {content.order}, which is still to be sent.")
    references = [content.reference] if content.reference else []
    candidates = await orders.orders_with(client, references, content.order)
    named = _named(candidates, content)
    if len(named) > 1:
        ids = ", ".join(one.increment_id for one in named)
        raise Rejected(
            FailureCode.SEVERAL_ORDERS,
            f"Magento's orders {ids} are all {content.order}. Link the right one: a2m link order",
        )
    if named:
        return named[0]
    raise _missing(context, content)


def _named(orders: Sequence[MagentoOrder], content: ShipmentContent) -> list[MagentoOrder]:
    """Return the orders whose number is the reference; if there are none, those that have Acumatica's number."""
    by_reference = [one for one in orders if content.reference and same_code(one.increment_id, content.reference)]
    return by_reference or [one for one in orders if one.ext_order_id == content.order]


def _is_still_to_be_made(context: RunContext[ShipmentRule], content: ShipmentContent) -> bool:
    waiting = _order_messages(context, content.order)
    return not content.reference and any(one.state in (PENDING, SENDING) for one in waiting)


def _missing(context: RunContext[ShipmentRule], content: ShipmentContent) -> Rejected | NotYet:
    """Return why there is no order: either it may still come, because orders are sent too, or it never will."""
    rule = context.rule
    order_type = content.order.partition(" ")[0]
    if content.reference and not rule.create_with_reference:
        return Rejected(
            FailureCode.UNKNOWN_ORDER,
            f"Magento has no order {content.reference!r}, which {content.order} refers to. "
            "Correct the reference in Acumatica, or link the order: a2m link order",
        )
    of_branch = not rule.order_branches or any(same_code(content.order_branch, one) for one in rule.order_branches)
    if order_type not in rule.order_types or not of_branch:
        return _of_another_order(
            context,
            FailureCode.NOT_AN_ORDER_OF_THE_SHOP,
            f"{content.order} refers to no Magento order, and orders of type {order_type} "
            f"of branch {content.order_branch or '?'} are not sent (A to M Order Sync). Link the order, skip this "
            "message, or leave all such shipments out (A2M_SHIPMENT__OTHER_ORDERS).",
        )
    begins_on = _orders_begin_on(context)
    if content.order_date is not None and begins_on is not None and content.order_date < begins_on:
        return _of_another_order(
            context,
            FailureCode.ORDER_BEFORE_FROM,
            f"{content.order} is older than the orders that are sent (A2M_ORDER__FROM), and Magento has no such order. "
            "Link the order, skip this message, or leave all such shipments out (A2M_SHIPMENT__OTHER_ORDERS).",
        )
    waiting = _order_messages(context, content.order)
    if any(message.state == SKIPPED for message in waiting):
        return Rejected(FailureCode.ORDER_SKIPPED, f"{content.order} was skipped by hand. Skip this as well.")
    why = next((f": {message.reason}" for message in waiting if message.reason), ".")
    return _to_come(content, f"It waits for its order {content.order}, which Magento does not have yet{why}")


def _of_another_order(context: RunContext[ShipmentRule], code: FailureCode, reason: str) -> Rejected:
    left_out = context.rule.other_orders == "leave_out"
    if left_out:
        context.remarks.count(LEFT_OUT, 1)
    return Rejected(code, reason, left_out=left_out)


def _to_come(content: ShipmentContent, reason: str) -> NotYet:
    return NotYet(WaitReason.ORDER_MISSING, reason, f"order {content.order}")


def refuse_or_wait(context: RunContext[ShipmentRule], order: MagentoOrder, content: ShipmentContent) -> None:
    """Raise `NotYet` if the order is in a state that passes, `Rejected` if it never ships any more."""
    wait = wait_of(context, order, content)
    if wait is not None:
        raise wait
    if order.state in OVER:
        code, state = OVER[order.state]
        raise Rejected(
            code,
            f"the Magento order {order.increment_id} is {state}, so Magento ships "
            f"nothing of it, but {content.mark} has been shipped. Settle it with the customer (a new order in "
            "Magento, or the goods back), then link this message to its new shipment (a2m link shipment), or skip it.",
        )


def wait_of(context: RunContext[ShipmentRule], order: MagentoOrder, content: ShipmentContent) -> NotYet | None:
    """Return why the shipment has to wait for its order; None if it need not."""
    if order.state not in PASSING:
        return None
    reason, text = PASSING[order.state]
    if order.state == "holded" and _is_being_held(context, content.order):
        return NotYet(
            WaitReason.ORDER_NOT_TOLD,
            f"It waits for its order {content.order}: it is on hold in Magento until that sync changes it.",
            f"order {content.order}",
        )
    return NotYet(reason, f"It waits: the Magento order {order.increment_id} {text}. It ships by itself afterwards.")


def _is_being_held(context: RunContext[ShipmentRule], order: str) -> bool:
    """Return whether Magento has the hold of an order from us, or a newer message about it is still to be sent."""
    with context.state.read() as connection:
        link = links.of_keys(connection, "order", [order]).get(order)
    waiting = any(one.state in (PENDING, SENDING) for one in _order_messages(context, order))
    return waiting or was_sent_on_hold(sent_content(link))


def _order_messages(context: RunContext[ShipmentRule], order: str) -> list[Message]:
    with context.state.read() as connection:
        return messages.live(connection, "order", [], [order])


def _orders_begin_on(context: RunContext[ShipmentRule]) -> date | None:
    """Return the day from which orders are sent: FROM, or when orders were first active."""
    begins: datetime | None = context.rule.orders_from
    if begins is None:
        with context.state.read() as connection:
            begins = entities.read(connection, "order").active_since
    return None if begins is None else begins.astimezone(context.rule.zone).date()


async def still_waiting(
    context: RunContext[ShipmentRule], client: MagentoClient, waiting: Sequence[Message]
) -> dict[str, NotYet]:
    """Return the messages, by id, whose orders are still missing or still in a passing state, and why.

    The orders are read together. Whatever cannot be decided here is left to the message's own attempt.
    """
    contents = {one.id: msgspec.json.decode(one.document or b"", type=ShipmentContent) for one in waiting}
    keys = sorted({content.order for content in contents.values()})
    with context.state.read() as connection:
        linked = {key: link.magento_id for key, link in links.of_keys(connection, "order", keys).items()}
    candidates = await orders.orders_of(
        client,
        entity_ids=sorted(set(linked.values())),
        increment_ids=sorted({one.reference for one in contents.values() if one.reference}),
        ext_order_ids=sorted({one.order for one in contents.values() if not one.reference}),
    )
    still: dict[str, NotYet] = {}
    for message_id, content in contents.items():
        order = linked.get(content.order)
        named = [one for one in candidates if str(one.entity_id) == order] if order else _named(candidates, content)
        if len(named) == 1:
            wait = wait_of(context, named[0], content)
        elif order is None and not named:
            is_to_come = _is_still_to_be_made(context, content)
            missing = _to_come(content, f"It waits for its order {content.order}, which is still to be sent.")
            wait = missing if is_to_come else _not_yet(_missing(context, content))
        else:
            wait = None
        if wait is not None:
            still[message_id] = wait
    return still


def _not_yet(why: Rejected | NotYet) -> NotYet | None:
    return why if isinstance(why, NotYet) else None
