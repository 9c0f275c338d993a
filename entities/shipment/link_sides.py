"""The two sides of a shipment's link, in Acumatica and in Magento."""

from __future__ import annotations

from collections.abc import Sequence

from connector.acumatica.receipts import receipts_with_numbers
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import shipments_with_numbers
from connector.magento import shipments
from connector.magento.client import MagentoClient
from entities.link_sides import LinkSides
from entities.shipment.read import RECEIPT
from settings import Settings


async def _in_acumatica(session: AcumaticaSession, _settings: Settings, keys: Sequence[str]) -> set[str]:
    receipts = [key.removeprefix(RECEIPT) for key in keys if key.startswith(RECEIPT)]
    numbers = [key for key in keys if not key.startswith(RECEIPT)]
    pages = [
        await shipments_with_numbers(session, numbers) if numbers else None,
        await receipts_with_numbers(session, receipts) if receipts else None,
    ]
    return {one.shipment.key for page in pages if page is not None for one in page.found}


async def _in_magento(client: MagentoClient, magento_id: str) -> str | None:
    shipment = await shipments.with_field(client, "entity_id", magento_id)
    return None if shipment is None else f"shipment {shipment.increment_id}"


async def _id_of(client: MagentoClient, number: str) -> str | None:
    shipment = await shipments.with_field(client, "increment_id", number)
    return None if shipment is None else shipment.entity_id


SIDES = LinkSides(_in_acumatica, _in_magento, _id_of, part="order")
