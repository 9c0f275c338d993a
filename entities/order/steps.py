"""Send one order step by step: find or create it, make its invoices, set its status.

Input: one message. Output: the order in Magento with every step done. Magento is read before each step, and only what
it does not show is done. So an order, an invoice or a comment is never made twice, whenever the last attempt was cut
off and whichever answer was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from connector import failpoints
from connector.magento import orders as magento
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused
from connector.magento.order_body import ShopKnows, entity_of
from connector.magento.orders import TAKEN, Buyer, MagentoOrder, Region
from connector.model.comparison import same_code
from connector.model.failures import FailureCode, Rejected
from connector.model.orders import NewOrder
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.schema import PENDING, SENDING
from connector.state.sync import links
from connector.state.sync.links import Link, MadeBy
from entities.base import RunContext
from entities.documents.document import Delivered, content_and_link, encoded
from entities.documents.order_items import with_product_skus
from entities.order.follow import before, bring_up, left_to_do, sent_content, was_sent_on_hold
from entities.order.follow import remark as remark_of
from entities.order.rules import comment_of, reference_of
from entities.order.status import DEAD, first_status
from entities.order.stored import stored_order
from entities.order.types import OrderContent, OrderRule
from entities.shop_orders.own_number import increment_id
from entities.waiting import NotYet, WaitReason

__all__ = ["find", "send", "sent_content", "still_waiting", "was_sent_on_hold"]


class _Found(NamedTuple):
    order: MagentoOrder
    made_by: MadeBy


async def send(
    context: RunContext[OrderRule], client: MagentoClient, message: Message, content: OrderContent, link: Link | None
) -> Delivered:
    """Create the order if Acumatica made it and Magento lacks it; then do what Magento does not show yet."""
    found = await _known(client, content, link) or await _create(context, client, content)
    found = found._replace(order=await _matched(context, client, content, found.order))
    magento_id = str(found.order.entity_id)
    known = before(context, message, content, link, found.order)
    sent = replace(content, status=None, state=None, invoices=())
    in_part = Delivered(magento_id, found.made_by, sent_content=sent)
    try:
        will_hold = partial(_will_hold, context, message, content, link, found)
        read = partial(_read, context, client, content)
        remark = await bring_up(context.rule, client, content, found.order, known, will_hold, read, context.acumatica)
    except Rejected as why:
        raise Rejected(why.code, why.detail, made=in_part) from why
    except NotYet as why:
        raise NotYet(why.wait, str(why), why.waits_for, in_part) from why
    return Delivered(magento_id, found.made_by, remark=remark)


async def _read(
    context: RunContext[OrderRule], client: MagentoClient, content: OrderContent, magento_id: str
) -> MagentoOrder | None:
    current = await magento.order(client, magento_id)
    return None if current is None else await _matched(context, client, content, current)


async def _matched(
    context: RunContext[OrderRule], client: MagentoClient, content: OrderContent, current: MagentoOrder
) -> MagentoOrder:
    """Return the order with its items' current products, if lines of Acumatica have to be matched with them."""
    return await with_product_skus(context.shop, client, current) if content.invoices or content.rest else current


def _will_hold(
    context: RunContext[OrderRule], message: Message, content: OrderContent, link: Link | None, found: _Found
) -> None:
    """Record that a hold is about to be sent."""
    sent = replace(sent_content(link) or content, status=None, state="holded", invoices=())
    link_to_hold = Link(
        message.key,
        message.acumatica_key,
        magento_id=str(found.order.entity_id),
        document=encoded(sent),
        made_by=found.made_by,
    )
    with context.state.write() as connection:
        links.write(connection, context.name, [link_to_hold], context.clock.now())


async def find(
    context: RunContext[OrderRule], client: MagentoClient, message: Message, content: OrderContent, link: Link | None
) -> Delivered | None:
    """Return the order in Magento if it shows everything that the message contains."""
    try:
        found = await _known(client, content, link)
        if found is None:
            return None
        found = found._replace(order=await _matched(context, client, content, found.order))
        known = replace(before(context, message, content, link, found.order), acted=True)
        if left_to_do(context.rule, content, found.order, known) is not None:
            return None
    except (Rejected, NotYet):
        return None  # the next attempt reports why
    return Delivered(str(found.order.entity_id), found.made_by, remark=remark_of(content, found.order, known))


async def still_waiting(
    context: RunContext[OrderRule], client: MagentoClient, waiting: Sequence[Message]
) -> dict[str, NotYet]:
    """Return the messages that still wait and why. All their orders are read from Magento in one search."""
    with context.state.read() as connection:
        linked = links.of_keys(connection, context.name, [message.key for message in waiting])
    ids = sorted({link.magento_id for link in linked.values()})
    current = {str(order.entity_id): order for order in await magento.orders_of(client, entity_ids=ids)}
    still = {}
    for message in waiting:
        content, link = content_and_link(context, OrderContent, message)
        order = None if link is None else current.get(link.magento_id)
        if order is None:
            continue
        try:
            order = await _matched(context, client, content, order)
            left_to_do(context.rule, content, order, before(context, message, content, link, order))
        except NotYet as why:
            still[message.id] = why
        except Rejected:
            continue  # it no longer waits: its own attempt reports why
    return still


async def _known(client: MagentoClient, content: OrderContent, link: Link | None) -> _Found | None:
    """Return the order by its link, else by our own number, else by the number that it refers to."""
    if link is not None:
        current = await magento.order(client, link.magento_id)
        if current is None:
            raise Rejected(
                FailureCode.GONE_FROM_MAGENTO,
                f"{content.key} was Magento's order {link.magento_id}, which is not there any more. "
                f"It is not made again by itself. Link it to another one: a2m link order {content.key!r} ID",
            )
        return _Found(current, link.made_by)
    own = increment_id(content.key)
    numbers = [own, *([content.reference] if content.reference else [])]
    current_orders = await magento.orders_with(client, numbers, content.key)
    for chosen in (
        [one for one in current_orders if one.increment_id == own],
        [one for one in current_orders if one.ext_order_id == content.key],
        [one for one in current_orders if content.reference and same_code(one.increment_id, content.reference)],
    ):
        if chosen:
            return _Found(_the_one(content, chosen), "found")
    return None


def _the_one(content: OrderContent, chosen: list[MagentoOrder]) -> MagentoOrder:
    first = chosen[0]
    if len(chosen) > 1:
        ids = ", ".join(str(one.entity_id) for one in chosen)
        raise Rejected(
            FailureCode.SEVERAL_ORDERS,
            f"{content.key} may be any of Magento's orders {ids}. Say which one: a2m link order {content.key!r} ID",
        )
    if first.increment_id == increment_id(content.key) and first.ext_order_id not in ("", content.key):
        raise Rejected(
            FailureCode.NUMBER_TAKEN,
            f"Magento's order {first.increment_id} is Acumatica's {first.ext_order_id}, not "
            f"{content.key}. If it is the same: a2m link order {content.key!r} {first.entity_id}",
        )
    return first


async def _create(context: RunContext[OrderRule], client: MagentoClient, content: OrderContent) -> _Found:
    """Create the order. If Magento refuses its number as taken, the order exists, and is searched for again."""
    rule: OrderRule = context.rule
    _refuse_to_create(content, rule)
    if content.new is None:
        if content.why_not is not None:
            raise content.why_not.rejected()
        raise Rejected(FailureCode.NOT_POSSIBLE, f"{content.key} has no content.")
    state, status = first_status(content.status, content.state, has_invoices=bool(content.invoices))
    entity = entity_of(
        content.new,
        await _what_magento_knows(context, client, content.key, content.new),
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
    failpoints.hit("made")
    current = await magento.order(client, magento_id)
    if current is None:
        raise Rejected(FailureCode.NOT_KEPT, f"Magento took {content.key} as {magento_id} and does not show it.")
    return _Found(current, made_by)


def _refuse_to_create(content: OrderContent, rule: OrderRule) -> None:
    if content.acumatica_status in DEAD or content.state == "canceled":
        raise Rejected(
            FailureCode.CANCELED_BEFORE_IT_WAS_SENT,
            f"{content.key} is {content.acumatica_status} in Acumatica and was never in "
            "Magento. Nothing has to be done.",
        )
    refers_to = reference_of(stored_order(content.facts), rule)
    if refers_to and not rule.create_with_reference:
        why = "Magento has no order of that number"
        if not content.reference:
            why = f"Reference pattern, {rule.reference_pattern}, does not fit it (A2M_ORDER__REFERENCE_PATTERN)"
        elif content.reference != refers_to:
            why = f"Magento has no order {content.reference!r}, which is the number by the Reference pattern"
        raise Rejected(
            FailureCode.UNKNOWN_REFERENCE,
            f"{content.key} refers to {refers_to!r} (A2M_ORDER__REFERENCE), and {why}. "
            "Correct the reference in Acumatica, link the order: "
            f"a2m link order {content.key!r} ID, or set A2M_ORDER__CREATE_WITH_REFERENCE to true.",
        )


async def _what_magento_knows(
    context: RunContext[OrderRule], client: MagentoClient, key: str, new: NewOrder
) -> ShopKnows:
    """Return the products, regions and buyer of an order. Raises `Rejected` for an unknown store or another
    currency.
    """
    rule: OrderRule = context.rule
    stores = await context.shop.once("store configs", partial(queries.store_configs, client))
    store = next((one for one in stores if one.id == rule.store_id), None)
    if store is None:
        known = ", ".join(f"{one.id} ({one.code})" for one in stores)
        raise Rejected(
            FailureCode.UNKNOWN_STORE,
            f"A2M_ORDER__STORE_ID is {rule.store_id}, and Magento has the store views {known}.",
        )
    if new.currency != store.base_currency:
        raise Rejected(
            FailureCode.OTHER_CURRENCY,
            f"{key} is in {new.currency}, and Magento's store {store.code} is kept in "
            f"{store.base_currency}. Enter it in Magento by hand and link it: a2m link order {key!r} ID",
        )
    buyer = await _buyer(context, client, key, new.customer)
    regions: dict[str, dict[str, Region]] = {}
    for country in sorted({place.country for place in (new.billing, new.shipping) if place and place.state}):
        regions[country] = await context.shop.once(f"regions {country}", partial(magento.regions, client, country))
    products = await magento.products(client, sorted({line.sku for line in new.lines}))
    return ShopKnows(rule.store_id, products, regions, buyer)


async def _buyer(context: RunContext[OrderRule], client: MagentoClient, key: str, customer: str) -> Buyer | None:
    """Return the linked customer; None for a guest. An order waits for a customer that is being sent."""
    with context.state.read() as connection:
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
        raise Rejected(
            FailureCode.UNKNOWN_CUSTOMER,
            f"{key} is of {customer}, linked to Magento's customer {link.magento_id}, who is not "
            f"there any more. Link the customer again: a2m link customer {customer} ID",
        )
    return buyer
