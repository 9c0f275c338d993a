"""Tracking numbers of a shipment in Magento: new ones are added, those that Acumatica replaced are removed.

Only numbers that the connector sent are ever removed; a number that somebody entered in Magento stays.
"""

from __future__ import annotations

import msgspec

from connector.magento import shipments as magento
from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from connector.magento.shipments import MagentoShipment
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.sync.links import Link
from entities.base import RunContext
from entities.shipment.adoption import comparable
from entities.shipment.types import ShipmentContent, ShipmentRule


async def update_tracks(
    context: RunContext[ShipmentRule],
    client: MagentoClient,
    order: MagentoOrder,
    ours: MagentoShipment,
    message: Message,
    content: ShipmentContent,
    link: Link | None,
) -> list[str]:
    """Add the content's tracking numbers to the shipment and remove replaced ones. Return remarks on those that could
    not be removed.
    """
    existing = {comparable(number) for number in ours.tracks}
    for track in content.tracks:
        if comparable(track.number) not in existing:
            await magento.add_track(client, order.entity_id, ours.entity_id, track)
    remarks = []
    for number, track_id in _replaced(context, ours, message, content, link):
        refused = await magento.remove_track(client, track_id)
        if refused is not None:
            remarks.append(
                f"The tracking number {number} was replaced in Acumatica and stays at Magento's shipment "
                f"{ours.increment_id}: {refused} Remove it there by hand."
            )
    return remarks


def is_up_to_date(
    context: RunContext[ShipmentRule],
    ours: MagentoShipment,
    message: Message,
    content: ShipmentContent,
    link: Link | None,
) -> bool:
    """Return whether the shipment has all tracking numbers of the content and none that was replaced."""
    existing = {comparable(number) for number in ours.tracks}
    has_all = all(comparable(track.number) in existing for track in content.tracks)
    return has_all and not _replaced(context, ours, message, content, link)


def _replaced(
    context: RunContext[ShipmentRule],
    ours: MagentoShipment,
    message: Message,
    content: ShipmentContent,
    link: Link | None,
) -> list[tuple[str, str]]:
    """Return the numbers, with Magento's ids, that were sent or attempted and that Acumatica no longer has."""
    with context.state.read() as connection:
        sent = messages.attempted(connection, message.entity, message.key)
    if link is not None and link.document is not None:
        sent = [link.document, *sent]
    numbers = {
        comparable(track.number)
        for document in sent
        for track in msgspec.json.decode(document, type=ShipmentContent).tracks
    }
    removed = numbers - {comparable(track.number) for track in content.tracks}
    return [(number, i) for number, i in zip(ours.tracks, ours.track_ids, strict=True) if comparable(number) in removed]
