"""Adopt a shipment that somebody else made in Magento, by hand or with a carrier's module, as the one of Acumatica.

Such a shipment is searched for before one is made. It has a tracking number of Acumatica's, ships exactly the same
lines, and has neither our mark nor a link. The mark is added first: from then on the shipment is found by it and never
adopted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from connector import failpoints
from connector.magento import shipments as magento
from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from connector.magento.shipments import MagentoShipment
from connector.model.failures import FailureCode, Rejected
from connector.model.sold_items import SoldItem
from connector.state.queue.message import Message
from connector.state.sync import links
from entities.base import RunContext
from entities.shipment.adoption import comparable, is_marked, shared_numbers, ships_exactly
from entities.shipment.fulfilment import unknown_lines
from entities.shipment.types import ShipmentContent, ShipmentRule
from entities.sources import source_key


def adoptable(
    context: RunContext[ShipmentRule],
    order: MagentoOrder,
    shipments: Sequence[MagentoShipment],
    message: Message,
    content: ShipmentContent,
    separately: Mapping[int, bool],
) -> MagentoShipment | None:
    """Return the shipment to adopt; None if there is none.

    Raises `Rejected` if a shipment has the same tracking number and other lines.
    """
    if context.rule.foreign_lines == "fail" and unknown_lines(order.items, content.lines):
        return None
    numbers = [track.number for track in content.tracks]
    same_number = [
        shipment
        for shipment in _of_others(context, shipments, message.entity)
        if shared_numbers(numbers, shipment.tracks, context.rule.placeholders)
    ]
    for shipment in same_number:
        if ships_exactly(order.items, shipment.items, content.lines, separately):
            return shipment
    if same_number:
        raise _differs(order, same_number[0], message, content)
    return None


def _of_others(
    context: RunContext[ShipmentRule], shipments: Iterable[MagentoShipment], entity: str
) -> list[MagentoShipment]:
    """Return the shipments with neither our mark nor a link, the oldest first."""
    unmarked = [shipment for shipment in shipments if not is_marked(shipment.comments)]
    unmarked.sort(key=lambda shipment: int(shipment.entity_id))
    with context.state.read() as connection:
        return [shipment for shipment in unmarked if not links.of_magento_id(connection, entity, shipment.entity_id)]


def _differs(order: MagentoOrder, shipment: MagentoShipment, message: Message, content: ShipmentContent) -> Rejected:
    ours = ", ".join(f"{line.quantity:f} of {line.sku!r}" for line in content.lines)
    return Rejected(
        FailureCode.SHIPMENT_DIFFERS,
        f"Magento's shipment {shipment.increment_id}, which somebody else made, has the tracking number "
        f"{', '.join(shipment.tracks)} as {content.mark} has, but it ships {_describe(order.items, shipment.items)}, "
        f"and Acumatica's ships {ours}. If it is the same, link it: "
        f"a2m link shipment '{message.key}' {shipment.entity_id}. Otherwise correct the tracking number, or "
        "ship the rest by hand and skip this message.",
    )


def _describe(items: Iterable[SoldItem], shipped: Iterable[tuple[int, Decimal]]) -> str:
    skus = {item.item_id: item.sku for item in items}
    return ", ".join(f"{quantity:f} of {skus.get(item_id, f'item {item_id}')!r}" for item_id, quantity in shipped)


async def adopt(
    client: MagentoClient, order: MagentoOrder, theirs: MagentoShipment, content: ShipmentContent
) -> list[str]:
    """Put our mark on the shipment and add the tracking numbers that it lacks. Return remarks for people."""
    await magento.mark(client, theirs.entity_id, content.mark)
    failpoints.hit("adopted")
    known = {comparable(number) for number in theirs.tracks}
    for track in content.tracks:
        if comparable(track.number) not in known:
            await magento.add_track(client, order.entity_id, theirs.entity_id, track)
    remarks = [
        f"Magento's shipment {theirs.increment_id}, which somebody else made, has the same tracking number and lines: "
        "it is this one, and none was made."
    ]
    if theirs.source and source_key(theirs.source) != source_key(content.source):
        remarks.append(f"It was booked on the source {theirs.source}, not on {content.source} as the settings say.")
    return remarks


def hint(
    context: RunContext[ShipmentRule],
    order: MagentoOrder,
    shipments: Sequence[MagentoShipment],
    message: Message,
    content: ShipmentContent,
    separately: Mapping[int, bool],
) -> str:
    """Return text to add to a reason if somebody else's shipment has the same lines but no tracking number that proves
    it is the same one. It is not adopted, because a guess could link the wrong shipment.
    """
    same = [
        one
        for one in _of_others(context, shipments, message.entity)
        if ships_exactly(order.items, one.items, content.lines, separately)
    ]
    if not same:
        return ""
    return (
        f" Magento's shipment {same[0].increment_id}, which somebody else made, has these lines, but no tracking "
        "number in common with Acumatica's. If it is the same, link it: "
        f"a2m link shipment '{message.key}' {same[0].entity_id}."
    )
