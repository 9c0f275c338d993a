"""One shipment goes to Magento: its order is found, ours is looked for, the source is made sufficient, it is shipped.

Comes in: a claimed message. Goes out: what it became, and which quantities at its source Magento changed by it. Nothing
is shipped twice: Magento's shipments of the order are read first, and ours is recognised by its comment. The source's
quantity is in doubt for inventory before it is raised, in a transaction of its own, so that whatever happens between
the raise and the shipment, the next inventory look reads it again and sends the rule's figure (spec, *Rules of the
field*, "Before a shipment is made").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from connector import steps
from connector.magento import orders, reads
from connector.magento import shipments as magento
from connector.magento.client import MagentoClient
from connector.magento.errors import NoAnswer, RequestRefused, TemporaryFault
from connector.magento.orders import ShownOrder
from connector.magento.shipments import MadeShipment
from connector.queue import entities, lease, ledger, links, messages, open_orders
from connector.queue.compensations import Compensation
from connector.queue.links import Link, MadeBy
from connector.queue.messages import Message
from connector.queue.tables import PENDING, SENDING, SKIPPED
from connector.rules.fulfilment import fulfilment, in_words, taken, unknown_lines
from connector.rules.order_totals import OrderProblem
from connector.rules.orders import increment_id
from connector.rules.shipment_records import ContentLine, ShipmentContent, Unfit
from connector.rules.skus import normalise_one
from connector.rules.sources import source_key
from connector.rules.units import DIGITS
from connector.rules.waiting import NotYet, WaitReason
from tasks.document import LATE_WRITE, CannotBeSent, Made
from tasks.order_items import with_product_skus
from tasks.order_steps import told_of, was_held

if TYPE_CHECKING:
    from tasks.work import Work


async def send(
    work: Work, client: MagentoClient, _message: Message, content: ShipmentContent, link: Link | None
) -> Made:
    """Make the shipment, or give the one that is there what it lacks. Raises `CannotBeSent`, `NotYet`, faults."""
    order = await with_product_skus(work.shop, client, await _order(work, client, content))
    ours = _ours(await magento.shipments_of(client, order.entity_id), content, link, order)
    if ours is not None:
        for track in content.tracks:
            if track.number not in ours.tracks:
                await magento.add_track(client, order.entity_id, ours.entity_id, track)
        return _made(work, order, ours, content, link)
    if order.state == "holded" and _is_to_be_told(work, content.order):
        raise NotYet(
            WaitReason.ORDER_NOT_TOLD,
            f"It waits for its order {content.order}: it is on hold in Magento until that look tells otherwise.",
            f"order {content.order}",
        )
    separately = await _separately(work, client, order)
    try:
        strict = work.rule.foreign_lines == "fail"
        plan = fulfilment(order.items, content.lines, separately, order.increment_id, strict=strict)
    except Unfit as unfit:
        raise CannotBeSent(unfit.cause, str(unfit)) from unfit
    has_msi = await work.shop.has_msi(client)
    if has_msi:
        await _make_sufficient(work, client, await work.shop.spelled(client, content.source), plan.taken)
    shipment_id = await _ship(work, client, order, plan.items, plan.taken, content, has_msi=has_msi)
    steps.reached("shipped")
    return _as_made(work, order, shipment_id, "sent", content.source, plan.taken, content, plan.foreign)


async def find(
    work: Work, client: MagentoClient, _message: Message, content: ShipmentContent, link: Link | None
) -> Made | None:
    """The shipment in Magento, if it is there with all of its tracking numbers."""
    try:
        order = await with_product_skus(work.shop, client, await _order(work, client, content))
        ours = _ours(await magento.shipments_of(client, order.entity_id), content, link, order)
    except (CannotBeSent, NotYet):
        return None
    if ours is None or not {track.number for track in content.tracks} <= set(ours.tracks):
        return None
    return _made(work, order, ours, content, link)


def _made(work: Work, order: ShownOrder, ours: MadeShipment, content: ShipmentContent, link: Link | None) -> Made:
    source = ours.source or content.source
    made_by = "found" if link is None else link.made_by
    foreign = unknown_lines(order.items, content.lines)
    return _as_made(work, order, ours.entity_id, made_by, source, taken(order.items, ours.items), content, foreign)


def _as_made(
    work: Work,
    order: ShownOrder,
    shipment_id: str,
    made_by: MadeBy,
    source: str,
    amounts: Mapping[str, Decimal],
    content: ShipmentContent,
    foreign: Sequence[ContentLine],
) -> Made:
    """What it became. An order that we made in Magento was never reserved there: what left it is to be compensated.

    Lines that Magento does not know are named in the run and at the record.
    """
    remark = _left_out(order, foreign) if foreign else None
    if remark is not None:
        work.report.note(content.mark, remark)
    source = source_key(source)
    took: dict[str, Decimal] = {}
    for sku, amount in amounts.items() if _is_ours(order, content.order) else ():
        took[normalise_one(sku)] = took.get(normalise_one(sku), Decimal(0)) + amount
    with work.state.read() as connection:
        made_at = open_orders.first_seen(connection, order.entity_id)
    compensated = tuple(
        Compensation(key, source, int(amount.scaleb(DIGITS)), made_at) for key, amount in sorted(took.items())
    )
    return Made(shipment_id, made_by, _places(amounts, source), compensated, remark=remark)


def _left_out(order: ShownOrder, foreign: Sequence[ContentLine]) -> str:
    return (
        f"Shipped without {in_words(foreign, ' and ')}: the Magento order {order.increment_id} does not have it. "
        "Nothing has to be done if it is a sample, a gift or a substitute."
    )


def _is_ours(order: ShownOrder, key: str) -> bool:
    try:
        return order.increment_id == increment_id(key)
    except OrderProblem:
        return False  # too long a number: the connector makes no such order


def _places(amounts: Mapping[str, Decimal], source: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(normalise_one(sku), source_key(source)) for sku in amounts}))


def _ours(
    made: Iterable[MadeShipment], content: ShipmentContent, link: Link | None, order: ShownOrder
) -> MadeShipment | None:
    """The linked shipment, else the one that bears our mark."""
    for one in made:
        if one.entity_id == link.magento_id if link is not None else content.mark in one.comments:
            return one
    if link is not None:
        raise CannotBeSent(
            "Linked to nothing",
            f"Linked to nothing: the Magento order {order.increment_id} has no shipment {link.magento_id}. "
            "Link the right one: a2m link shipment",
        )
    return None


async def _separately(work: Work, client: MagentoClient, order: ShownOrder) -> dict[int, bool]:
    """Of each bundle's line: whether it ships as its children. Magento is asked once a run for each product."""
    found = {}
    for line in order.items:
        if line.product_type == "bundle" and line.product_id is not None:
            ask = partial(magento.ships_separately, client, line.product_id)
            found[line.item_id] = await work.shop.once(f"product {line.product_id} ships separately", ask)
    return found


async def _order(work: Work, client: MagentoClient, content: ShipmentContent) -> ShownOrder:
    """The order: by its link, else by its reference as Magento's order number, else by `ext_order_id`."""
    with work.state.read() as connection:
        link = links.of_keys(connection, "order", [content.order]).get(content.order)
    if link is not None:
        linked = await orders.order(client, link.magento_id)
        if linked is None:
            raise CannotBeSent(
                "Linked to nothing",
                f"Linked to nothing: {content.order} is linked to {link.magento_id}, which Magento does not have. "
                "Link the right order: a2m link order",
            )
        return linked
    if not content.reference and any(one.state in (PENDING, SENDING) for one in _order_messages(work, content.order)):
        raise NotYet(
            WaitReason.ORDER_MISSING,
            f"It waits for its order {content.order}, which is still to be sent.",
            f"order {content.order}",
        )
    references = [content.reference] if content.reference else []
    found = await orders.orders_with(client, references, content.order)
    by_reference = [one for one in found if content.reference and one.increment_id == content.reference]
    named = by_reference or [one for one in found if one.ext_order_id == content.order]
    if len(named) > 1:
        ids = ", ".join(one.increment_id for one in named)
        raise CannotBeSent(
            "Several orders",
            f"Several orders: Magento's orders {ids} are all {content.order}. Link the right one: a2m link order",
        )
    if named:
        return named[0]
    raise _missing(work, content)


def _missing(work: Work, content: ShipmentContent) -> CannotBeSent | NotYet:
    """Why there is no order: it may still come, because orders are sent too; or it never will."""
    rule = work.rule
    order_type = content.order.partition(" ")[0]
    if content.reference and not rule.create_with_reference:
        return CannotBeSent(
            "Unknown order",
            f"Unknown order: Magento has no order {content.reference!r}, which {content.order} refers to. "
            "Correct the reference in Acumatica, or link the order: a2m link order",
        )
    of_branch = not rule.order_branches or content.order_branch in rule.order_branches
    if order_type not in rule.order_types or not of_branch:
        return CannotBeSent(
            "Not an order of the shop",
            f"Not an order of the shop: {content.order} refers to no Magento order, and orders of type {order_type} "
            f"of branch {content.order_branch or '?'} are not sent (A to M Order Sync). Link the order, or skip this "
            "message.",
        )
    begins_on = _orders_begin_on(work)
    if content.order_date is not None and begins_on is not None and content.order_date < begins_on:
        return CannotBeSent(
            "Order before FROM",
            f"Order before FROM: {content.order} is older than the orders that are sent (A2M_ORDER__FROM), and Magento "
            "has no such order. Link the order, or skip this message.",
        )
    waiting = _order_messages(work, content.order)
    if any(message.state == SKIPPED for message in waiting):
        return CannotBeSent("Order skipped", f"Order skipped: {content.order} was skipped by hand. Skip this as well.")
    why = next((f": {message.reason}" for message in waiting if message.reason), ".")
    return NotYet(
        WaitReason.ORDER_MISSING,
        f"It waits for its order {content.order}, which Magento does not have yet{why}",
        f"order {content.order}",
    )


def _is_to_be_told(work: Work, order: str) -> bool:
    """Whether Magento has the hold of an order from us, or something newer of it is still to be sent."""
    with work.state.read() as connection:
        link = links.of_keys(connection, "order", [order]).get(order)
    waiting = any(one.state in (PENDING, SENDING) for one in _order_messages(work, order))
    return waiting or was_held(told_of(link))


def _order_messages(work: Work, order: str) -> list[Message]:
    with work.state.read() as connection:
        return messages.live(connection, "order", [], [order])


def _orders_begin_on(work: Work) -> date | None:
    """The day from which orders are sent: FROM, or when orders were first made active."""
    begins: datetime | None = work.rule.orders_from
    if begins is None:
        with work.state.read() as connection:
            begins = entities.read(connection, "order").active_since
    return None if begins is None else begins.astimezone(work.rule.zone).date()


async def _short(client: MagentoClient, source: str, needed: Mapping[str, Decimal]) -> list[tuple[str, Decimal]]:
    """The SKUs of which the source has less than the shipment takes, with what it takes."""
    there = {
        normalise_one(one.sku): one.quantity
        for one in await reads.source_items(client, sorted(needed))
        if source_key(one.source) == source_key(source)
    }
    return [(sku, amount) for sku, amount in needed.items() if there.get(normalise_one(sku), Decimal(-1)) < amount]


async def _make_sufficient(work: Work, client: MagentoClient, source: str, needed: Mapping[str, Decimal]) -> None:
    """Raise the source to exactly what the shipment takes, where it has less; inventory puts it right afterwards."""
    short = await _short(client, source, needed)
    if not short:
        return
    _doubt(work, source, short, timedelta(0))
    steps.reached("doubted")
    try:
        await magento.raise_sources(client, source, short)
    except NoAnswer as lost:
        _doubt(work, source, short, LATE_WRITE)
        raise TemporaryFault(f"Raising the source {source} was not answered: {lost}") from lost
    steps.reached("raised")


def _doubt(work: Work, source: str, short: Iterable[tuple[str, Decimal]], later: timedelta) -> None:
    with work.state.write() as connection:
        lease.require(connection, work.lease)
        places = _places(dict(short), source)
        ledger.doubt(connection, "inventory", list(places), work.clock.now() + later)


async def _ship(
    work: Work,
    client: MagentoClient,
    order: ShownOrder,
    items: tuple[tuple[int, Decimal], ...],
    needed: Mapping[str, Decimal],
    content: ShipmentContent,
    *,
    has_msi: bool,
) -> str:
    source = await work.shop.spelled(client, content.source) if has_msi else None
    try:
        return await magento.ship(
            client,
            order.entity_id,
            items,
            mark=content.mark,
            tracks=content.tracks,
            source=source,
            notify=work.rule.notify,
        )
    except RequestRefused as refused:
        if refused.template == magento.STOCK_FAULT and source is not None and await _short(client, source, needed):
            raise TemporaryFault(f"Somebody else changed the quantity at {source} meanwhile: {refused}") from refused
        raise
