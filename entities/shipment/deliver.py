"""Send one shipment to Magento: find its order, then find our shipment, adopt somebody else's, or make one.

Input: a claimed message. Output: the shipment in Magento, and the quantities at its source that it changed. Nothing is
shipped twice: Magento's shipments of the order are read first, ours is recognised by its comment, and shipments of one
order are made one after the other. All conditions are checked before anything is changed: whether the order ships at
all, which items ship, and whether a shipment of somebody else's is this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial

from connector import failpoints
from connector.magento import orders
from connector.magento import shipments as magento
from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused, TemporaryFault
from connector.magento.orders import MagentoOrder
from connector.magento.shipments import MagentoShipment
from connector.model.comparison import comparison_key
from connector.model.failures import FailureCode, Rejected
from connector.model.units import DIGITS
from connector.state.queue.message import Message
from connector.state.sync import open_orders
from connector.state.sync.compensations import Compensation
from connector.state.sync.links import Link, MadeBy
from entities.base import RunContext
from entities.documents.document import Delivered
from entities.documents.order_items import with_product_skus
from entities.shipment.adopt import adopt, adoptable, hint
from entities.shipment.fulfilment import Fulfilment, describe_lines, fulfilment, taken, unknown_lines
from entities.shipment.order import order_of, refuse_or_wait
from entities.shipment.source import ledger_keys, make_sufficient, short_of
from entities.shipment.tracks import is_up_to_date, update_tracks
from entities.shipment.types import ContentLine, ShipmentContent, ShipmentRule
from entities.shop_orders.own_number import increment_id
from entities.sources import source_key
from entities.waiting import NotYet


async def send(
    context: RunContext[ShipmentRule],
    client: MagentoClient,
    message: Message,
    content: ShipmentContent,
    link: Link | None,
) -> Delivered:
    """Make the shipment, or complete the existing one. Raises `Rejected`, `NotYet` or a `MagentoFault`."""
    order = await order_of(context, client, content)
    async with context.shop.alone(f"order {order.entity_id}") as had_to_wait:
        if had_to_wait:
            order = await order_of(context, client, content)
        order = await with_product_skus(context.shop, client, order)
        shipments = await magento.shipments_of(client, order.entity_id)
        ours = _ours(shipments, content, link, order)
        if ours is not None:
            remarks = await update_tracks(context, client, order, ours, message, content, link)
            return _delivered(context, order, ours, content, link, remarks)
        separately = await _separately(context, client, order)
        theirs = adoptable(context, order, shipments, message, content, separately)
        if theirs is not None:
            remarks = await adopt(client, order, theirs, content)
            return _delivered(context, order, theirs, content, link, remarks, made_by="adopted")
        refuse_or_wait(context, order, content)
        return await _make(
            context, client, order, content, _plan(context, order, shipments, message, content, separately)
        )


def _plan(
    context: RunContext[ShipmentRule],
    order: MagentoOrder,
    shipments: Sequence[MagentoShipment],
    message: Message,
    content: ShipmentContent,
    separately: Mapping[int, bool],
) -> Fulfilment:
    try:
        strict = context.rule.foreign_lines == "fail"
        return fulfilment(order.items, content.lines, separately, order.increment_id, strict=strict)
    except Rejected as why:
        text = f"{why.detail}{hint(context, order, shipments, message, content, separately)}"
        raise Rejected(why.code, text) from why


async def _make(
    context: RunContext[ShipmentRule],
    client: MagentoClient,
    order: MagentoOrder,
    content: ShipmentContent,
    plan: Fulfilment,
) -> Delivered:
    has_msi = await context.shop.has_msi(client)
    if has_msi:
        await make_sufficient(context, client, await context.shop.spelled(client, content.source), plan.taken)
    shipment_id = await _ship(context, client, order, plan, content, has_msi=has_msi)
    failpoints.hit("shipped")
    return _delivered_as(context, order, shipment_id, "sent", content.source, plan.taken, content, plan.foreign)


async def find(
    context: RunContext[ShipmentRule],
    client: MagentoClient,
    message: Message,
    content: ShipmentContent,
    link: Link | None,
) -> Delivered | None:
    """Return the shipment in Magento, if it is there with all of its tracking numbers."""
    try:
        order = await with_product_skus(context.shop, client, await order_of(context, client, content))
        ours = _ours(await magento.shipments_of(client, order.entity_id), content, link, order)
    except (Rejected, NotYet):
        return None
    if ours is None or not is_up_to_date(context, ours, message, content, link):
        return None
    return _delivered(context, order, ours, content, link)


def _delivered(
    context: RunContext[ShipmentRule],
    order: MagentoOrder,
    ours: MagentoShipment,
    content: ShipmentContent,
    link: Link | None,
    remarks: Sequence[str] = (),
    *,
    made_by: MadeBy = "found",
) -> Delivered:
    source = ours.source or content.source
    by = made_by if link is None else link.made_by
    foreign = unknown_lines(order.items, content.lines)
    amounts = taken(order.items, ours.items)
    return _delivered_as(context, order, ours.entity_id, by, source, amounts, content, foreign, remarks)


def _delivered_as(
    context: RunContext[ShipmentRule],
    order: MagentoOrder,
    shipment_id: str,
    made_by: MadeBy,
    source: str,
    amounts: Mapping[str, Decimal],
    content: ShipmentContent,
    foreign: Sequence[ContentLine],
    remarks: Sequence[str] = (),
) -> Delivered:
    """Return the delivered shipment. Magento never reserved an order that we made, so what the shipment took is to be
    compensated.

    Lines that Magento does not know, and the other remarks, are shown in the run and with the record.
    """
    remark = " ".join([*([_left_out(order, foreign)] if foreign else []), *remarks]) or None
    if remark is not None:
        context.remarks.note(content.mark, remark)
    source = source_key(source)
    amounts_taken: dict[str, Decimal] = {}
    for sku, amount in amounts.items() if _is_ours(order, content.order) else ():
        amounts_taken[comparison_key(sku)] = amounts_taken.get(comparison_key(sku), Decimal(0)) + amount
    with context.state.read() as connection:
        made_at = open_orders.first_seen(connection, order.entity_id)
    compensated = tuple(
        Compensation(key, source, int(amount.scaleb(DIGITS)), made_at) for key, amount in sorted(amounts_taken.items())
    )
    return Delivered(shipment_id, made_by, ledger_keys(amounts, source), compensated, remark=remark)


def _left_out(order: MagentoOrder, foreign: Sequence[ContentLine]) -> str:
    return (
        f"Shipped without {describe_lines(foreign, ' and ')}: the Magento order {order.increment_id} does not have it. "
        "Nothing has to be done if it is a sample, a gift or a substitute."
    )


def _is_ours(order: MagentoOrder, key: str) -> bool:
    try:
        return order.increment_id == increment_id(key)
    except Rejected:
        return False  # the number is too long: the connector makes no such order


def _ours(
    shipments: Iterable[MagentoShipment], content: ShipmentContent, link: Link | None, order: MagentoOrder
) -> MagentoShipment | None:
    """Return the linked shipment, or the one with our mark."""
    for shipment in shipments:
        if shipment.entity_id == link.magento_id if link is not None else content.mark in shipment.comments:
            return shipment
    if link is not None:
        raise Rejected(
            FailureCode.LINKED_TO_NOTHING,
            f"the Magento order {order.increment_id} has no shipment {link.magento_id}. "
            "Link the right one: a2m link shipment",
        )
    return None


async def _separately(context: RunContext[ShipmentRule], client: MagentoClient, order: MagentoOrder) -> dict[int, bool]:
    """Return for each bundle's line whether it ships as its children. Magento is asked once per run for
    each product.
    """
    separately = {}
    for line in order.items:
        if line.product_type == "bundle" and line.product_id is not None:
            ask = partial(magento.ships_separately, client, line.product_id)
            separately[line.item_id] = await context.shop.once(f"product {line.product_id} ships separately", ask)
    return separately


async def _ship(
    context: RunContext[ShipmentRule],
    client: MagentoClient,
    order: MagentoOrder,
    plan: Fulfilment,
    content: ShipmentContent,
    *,
    has_msi: bool,
) -> str:
    source = await context.shop.spelled(client, content.source) if has_msi else None
    try:
        return await magento.ship(
            client,
            order.entity_id,
            plan.items,
            mark=content.mark,
            tracks=content.tracks,
            source=source,
            notify=context.rule.notify,
        )
    except RequestRefused as refused:
        if (
            refused.template == magento.STOCK_FAULT
            and source is not None
            and await short_of(client, source, plan.taken)
        ):
            raise TemporaryFault(f"Somebody else changed the quantity at {source} meanwhile: {refused}") from refused
        await _refuse_what_changed(context, client, order, content)
        raise


async def _refuse_what_changed(
    context: RunContext[ShipmentRule], client: MagentoClient, order: MagentoOrder, content: ShipmentContent
) -> None:
    """Raise the reason if somebody put the order on hold, or canceled it, after it was checked."""
    now = await orders.order(client, str(order.entity_id))
    if now is not None and now.state != order.state:
        refuse_or_wait(context, now, content)
