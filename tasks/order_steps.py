"""One order goes to Magento step by step: it is found or made, its invoices are made, its status follows.

Comes in: what one message tells. Goes out: what the order is in Magento, with every step done. Before each step Magento
is read, and only what it does not show is done: so whatever instant the last attempt died at, and whatever answer was
lost, each of an order, an invoice and a comment is there once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from connector import steps
from connector.magento import orders as magento
from connector.magento import reads
from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused
from connector.magento.order_body import ShopKnows, entity_of
from connector.magento.orders import TAKEN, Buyer, Region, ShownOrder
from connector.queue import links, messages
from connector.queue.links import Link, MadeBy
from connector.queue.messages import Message
from connector.queue.tables import PENDING, SENDING
from connector.rules import sold
from connector.rules.order_status import DEAD, Shown, Step, end_of_hold, first_status, is_behind, next_step, refused
from connector.rules.order_totals import OrderProblem
from connector.rules.order_types import NewOrder, OrderContent, OrderRule
from connector.rules.orders import cause_of, comment_mark, comment_of, increment_id, reference_of
from connector.rules.waiting import WaitReason
from tasks.document import CannotBeSent, Made, NotYet
from tasks.own_orders import is_reserved_by_repair

if TYPE_CHECKING:
    from tasks.work import Work

AFTER_INVOICES = ("complete", "holded")
MOST_STEPS = 20
"""More than any order needs: a shop that undoes what is done must not hold a run for ever."""


class _Found(NamedTuple):
    order: ShownOrder
    made_by: MadeBy


async def send(work: Work, client: MagentoClient, message: Message, content: OrderContent, link: Link | None) -> Made:
    """Make the order where Acumatica made it and Magento lacks it; then do what Magento does not show of it yet."""
    found = await _known(client, content, link) or await _create(work, client, content)
    magento_id = str(found.order.entity_id)
    try:
        reserved = is_reserved_by_repair(work, work.rule.repair, found.order.entity_id)
        await _bring_up(work.rule, client, content, found.order, link, acted=message.attempts > 1, reserved=reserved)
    except OrderProblem as why:
        told = replace(content, status=None, state=None, invoices=())
        raise CannotBeSent(cause_of(str(why)), str(why), Made(magento_id, found.made_by, told=told)) from why
    return Made(magento_id, found.made_by)


async def find(
    work: Work, client: MagentoClient, message: Message, content: OrderContent, link: Link | None
) -> Made | None:
    """The order in Magento, if nothing of what the message says is left to do."""
    try:
        found = await _known(client, content, link)
        if found is None:
            return None
        reached, held = _is_told(link, content, found.order), was_held(told_of(link))
        left = _left_to_do(work.rule, content, found.order, acted=True, reached=reached, held=held)
        if left is not None:
            return None
    except (CannotBeSent, OrderProblem):
        return None  # the next attempt says why
    return Made(str(found.order.entity_id), found.made_by)


def told_of(link: Link | None) -> OrderContent | None:
    """What Magento was told last, if anybody knows."""
    if link is None or link.document is None:
        return None
    return msgspec.json.decode(link.document, type=OrderContent)


def _is_told(link: Link | None, content: OrderContent, shown: ShownOrder) -> bool:
    """Whether Magento was told this status; where something else may have been told since, it has to show it."""
    told = told_of(link)
    if (None if told is None else told.status) != content.status:
        return False
    if link is None or not link.in_doubt:
        return True
    before = _as_shown(content.key, shown)
    same_state = shown.state == content.state and shown.status != content.status
    return not (same_state or is_behind(before, content.state))


def was_held(told: OrderContent | None) -> bool:
    """Whether the last that Magento was told of an order is that it is on hold."""
    return told is not None and told.state == "holded"


async def _known(client: MagentoClient, content: OrderContent, link: Link | None) -> _Found | None:
    """The order by its link, else by our own number, else by the number that it refers to."""
    if link is not None:
        shown = await magento.order(client, link.magento_id)
        if shown is None:
            raise CannotBeSent(
                "Gone from Magento",
                f"Gone from Magento: {content.key} was Magento's order {link.magento_id}, which is not there any more. "
                f"It is not made again by itself. Link it to another one: a2m link order {content.key!r} ID",
            )
        return _Found(shown, link.made_by)
    own = increment_id(content.key)
    numbers = [own, *([content.reference] if content.reference else [])]
    shown_orders = await magento.orders_with(client, numbers, content.key)
    for chosen in (
        [one for one in shown_orders if one.increment_id == own],
        [one for one in shown_orders if one.ext_order_id == content.key],
        [one for one in shown_orders if content.reference and one.increment_id == content.reference],
    ):
        if chosen:
            return _Found(_the_one(content, chosen), "found")
    return None


def _the_one(content: OrderContent, chosen: list[ShownOrder]) -> ShownOrder:
    first = chosen[0]
    if len(chosen) > 1:
        ids = ", ".join(str(one.entity_id) for one in chosen)
        raise CannotBeSent(
            "Several orders",
            f"Several orders: {content.key} may be any of Magento's orders {ids}. Say which one: "
            f"a2m link order {content.key!r} ID",
        )
    if first.increment_id == increment_id(content.key) and first.ext_order_id not in ("", content.key):
        raise CannotBeSent(
            "Number taken",
            f"Number taken: Magento's order {first.increment_id} is Acumatica's {first.ext_order_id}, not "
            f"{content.key}. If it is the same: a2m link order {content.key!r} {first.entity_id}",
        )
    return first


async def _create(work: Work, client: MagentoClient, content: OrderContent) -> _Found:
    """Make the order. Magento refuses its number a second time: then it is there, and is looked for again."""
    rule: OrderRule = work.rule
    _refuse_to_create(content, rule)
    if content.new is None:
        why = content.why_not
        raise CannotBeSent(
            why.cause if why else "Not possible", why.reason if why else f"{content.key} has no content."
        )
    state, status = first_status(content.status, content.state, has_invoices=bool(content.invoices))
    entity = entity_of(
        content.new,
        await _what_magento_knows(work, client, content.key, content.new),
        increment_id=increment_id(content.key),
        ext_order_id=content.key,
        state=state,
        status=status,
        text=comment_of(content.key, content.acumatica_status, made_as=None if status == content.status else status),
    )
    made_by: MadeBy = "sent"
    try:
        magento_id = await magento.create(client, entity)
    except RequestRefused as fault:
        if fault.template != TAKEN:
            raise
        found = await _known(client, content, None)
        if found is None:
            raise
        magento_id, made_by = str(found.order.entity_id), found.made_by
    steps.reached("made")
    shown = await magento.order(client, magento_id)
    if shown is None:
        raise CannotBeSent("Not kept", f"Not kept: Magento took {content.key} as {magento_id} and does not show it.")
    return _Found(shown, made_by)


def _refuse_to_create(content: OrderContent, rule: OrderRule) -> None:
    if content.acumatica_status in DEAD or content.state == "canceled":
        raise CannotBeSent(
            "Canceled before it was sent",
            f"Canceled before it was sent: {content.key} is {content.acumatica_status} in Acumatica and was never in "
            "Magento. Nothing has to be done.",
        )
    refers_to = reference_of(content.facts, rule)
    if refers_to and not rule.create_with_reference:
        why = "Magento has no order of that number"
        if not content.reference:
            why = f"Reference pattern, {rule.reference_pattern}, does not fit it (A2M_ORDER__REFERENCE_PATTERN)"
        elif content.reference != refers_to:
            why = f"Magento has no order {content.reference!r}, which is the number by the Reference pattern"
        raise CannotBeSent(
            "Unknown reference",
            f"Unknown reference: {content.key} refers to {refers_to!r} (A2M_ORDER__REFERENCE), and {why}. "
            "Correct the reference in Acumatica, link the order: "
            f"a2m link order {content.key!r} ID, or set A2M_ORDER__CREATE_WITH_REFERENCE to true.",
        )


async def _what_magento_knows(work: Work, client: MagentoClient, key: str, new: NewOrder) -> ShopKnows:
    """Products, regions and the buyer of an order; refuses an unknown store and another currency."""
    rule: OrderRule = work.rule
    stores = await work.shop.once("store configs", partial(reads.store_configs, client))
    store = next((one for one in stores if one.id == rule.store_id), None)
    if store is None:
        known = ", ".join(f"{one.id} ({one.code})" for one in stores)
        raise CannotBeSent(
            "Unknown store",
            f"Unknown store: A2M_ORDER__STORE_ID is {rule.store_id}, and Magento has the store views {known}.",
        )
    if new.currency != store.base_currency:
        raise CannotBeSent(
            "Other currency",
            f"Other currency: {key} is in {new.currency}, and Magento's store {store.code} is kept in "
            f"{store.base_currency}. Enter it in Magento by hand and link it: a2m link order {key!r} ID",
        )
    buyer = await _buyer(work, client, key, new.customer)
    regions: dict[str, dict[str, Region]] = {}
    for country in sorted({place.country for place in (new.billing, new.shipping) if place and place.state}):
        regions[country] = await work.shop.once(f"regions {country}", partial(magento.regions, client, country))
    products = await magento.products(client, sorted({line.sku for line in new.lines}))
    return ShopKnows(rule.store_id, products, regions, buyer)


async def _buyer(work: Work, client: MagentoClient, key: str, customer: str) -> Buyer | None:
    """The linked customer; none for a guest. An order waits for a customer who is on the way."""
    with work.state.read() as connection:
        link = links.of_keys(connection, "customer", [customer]).get(customer)
        live = messages.live(connection, "customer", [customer], []) if link is None else []
    if any(message.state in (PENDING, SENDING) for message in live):
        raise NotYet(
            WaitReason.CUSTOMER_MISSING,
            f"{key} waits for its customer {customer}, who is being sent.",
            f"customer {customer}",
        )
    if link is None:
        return None
    buyer = await magento.buyer(client, link.magento_id)
    if buyer is None:
        raise CannotBeSent(
            "Unknown customer",
            f"Unknown customer: {key} is of {customer}, linked to Magento's customer {link.magento_id}, who is not "
            f"there any more. Link the customer anew: a2m link customer {customer} ID",
        )
    return buyer


async def _bring_up(
    rule: OrderRule,
    client: MagentoClient,
    content: OrderContent,
    shown: ShownOrder,
    link: Link | None,
    *,
    acted: bool,
    reserved: bool,
) -> None:
    """Do what is left, one thing after the other, each after a look at what Magento shows by then.

    `reserved`: the order was made through the API, and a repair has reserved it since.
    """
    reached, held = _is_told(link, content, shown), was_held(told_of(link))
    acted = acted or (link is not None and link.in_doubt)
    for _step in range(MOST_STEPS):
        left = _left_to_do(rule, content, shown, acted=acted, reached=reached, held=held)
        if left is None:
            return
        if left == "invoice":
            reached = reached or content.state not in AFTER_INVOICES
        else:
            acted = True
        await _do(client, content, shown, left, reserved=reserved)
        steps.reached("followed")
        shown = await magento.order(client, str(shown.entity_id)) or shown
    raise OrderProblem(f"Status not kept: Magento does not keep what it is told of {content.key}. Look at it there.")


def _left_to_do(
    rule: OrderRule, content: OrderContent, shown: ShownOrder, *, acted: bool, reached: bool, held: bool
) -> Step | Literal["invoice"] | None:
    """A step towards the status, or an invoice, or none.

    The status comes first: an invoice moves an order on by itself, and it is not pulled back. Only `complete` needs the
    invoices, and `holded` takes none any more; a hold that is over ends before anything else. `acted`: something may
    have been done, so its comment is due. `reached`: the status was told. `held`: Magento was told of a hold.
    """
    before = _as_shown(content.key, shown)
    hold_is_over = held if content.status is None else content.state == "complete" and not reached
    if hold_is_over and (step := end_of_hold(before)) is not None:
        return step
    lacks_invoice = sold.next_invoice(content.key, content.invoices, shown.items) is not None
    was_told = _has_comment(content, shown) and not is_behind(before, content.state)
    if content.status is None or reached or was_told:
        return "invoice" if lacks_invoice else None
    if lacks_invoice and content.state in AFTER_INVOICES:
        return "invoice"
    step = next_step(before, content.acumatica_status, content.status, content.state, ships=rule.ships)
    if step is None and acted and shown.status == content.status:
        return "comment"
    return step or ("invoice" if lacks_invoice else None)


def _has_comment(content: OrderContent, shown: ShownOrder) -> bool:
    """Whether the last of our comments on the order is the one that goes with the status."""
    ours = [text for text in shown.comments if text.startswith(comment_mark(content.key))]
    return ours[-1:] == [comment_of(content.key, content.acumatica_status)]


def _as_shown(key: str, shown: ShownOrder) -> Shown:
    return Shown(
        key=key,
        state=shown.state,
        status=shown.status,
        invoiced=sold.is_invoiced(shown.items),
        shipped=sold.is_shipped(shown.items),
        begun=sold.has_begun(shown.items),
        ours=shown.increment_id == increment_id(key),
    )


async def _do(
    client: MagentoClient,
    content: OrderContent,
    shown: ShownOrder,
    step: Step | Literal["invoice"],
    *,
    reserved: bool,
) -> None:
    if step == "invoice":
        await _invoice(client, content, shown)
        return
    status, state = content.status or "", content.state or ""
    try:
        if step == "hold":
            await magento.hold(client, shown)
        elif step == "unhold":
            await magento.unhold(client, shown)
        elif step == "release":
            await magento.set_status(client, shown, "processing", "processing")
        elif step == "cancel" or (step == "update" and state == "canceled" and reserved):
            if step == "update" and shown.state == "holded":
                await magento.set_status(client, shown, "processing", "processing")  # on hold nothing is cancelled
            if not await magento.cancel(client, shown):
                raise refused(_as_shown(content.key, shown), content.acumatica_status, status, "it does not cancel it")
        elif step == "update":
            await magento.set_status(client, shown, state, status)
        else:
            await magento.comment(client, shown, comment_of(content.key, content.acumatica_status), status)
    except RequestRefused as fault:
        raise refused(_as_shown(content.key, shown), content.acumatica_status, status, str(fault)) from fault


async def _invoice(client: MagentoClient, content: OrderContent, shown: ShownOrder) -> None:
    wanted = sold.next_invoice(content.key, content.invoices, shown.items)
    if wanted is None:
        return
    try:
        await magento.invoice(client, shown, wanted.items, f"{comment_mark(content.key)} invoice {wanted.number}")
    except RequestRefused as fault:
        raise OrderProblem(f"Invoice refused: {wanted.number} of {content.key} was not made: {fault}") from fault
