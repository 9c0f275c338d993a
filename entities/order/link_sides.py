"""The two sides of an order's link, in Acumatica and in Magento."""

from __future__ import annotations

from collections.abc import Sequence

from connector.acumatica import orders as acumatica
from connector.acumatica.session import AcumaticaSession
from connector.magento import orders
from connector.magento.client import MagentoClient
from entities.link_sides import LinkSides
from settings import Settings


async def _in_acumatica(session: AcumaticaSession, _settings: Settings, keys: Sequence[str]) -> set[str]:
    return await acumatica.existing(session, [key for key in keys if all(acumatica.type_and_number(key))])


async def _in_magento(client: MagentoClient, magento_id: str) -> str | None:
    order = await orders.order(client, magento_id)
    return None if order is None else f"order {order.increment_id}, {order.status}"


async def _id_of(client: MagentoClient, number: str) -> str | None:
    matching = await orders.orders_of(client, increment_ids=[number])
    return str(matching[0].entity_id) if matching else None


SIDES = LinkSides(_in_acumatica, _in_magento, _id_of)
