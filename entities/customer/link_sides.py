"""The two sides of a customer's link, in Acumatica and in Magento."""

from __future__ import annotations

from collections.abc import Sequence

from connector.acumatica import customers as acumatica
from connector.acumatica.session import AcumaticaSession
from connector.magento import customers
from connector.magento.client import MagentoClient
from entities.link_sides import LinkSides
from settings import Settings


async def _in_acumatica(session: AcumaticaSession, settings: Settings, keys: Sequence[str]) -> set[str]:
    page = await acumatica.customers_with_keys(session, settings.customer.classes, keys)
    return set(page.customers)


async def _in_magento(client: MagentoClient, magento_id: str) -> str | None:
    account = await customers.customer(client, magento_id)
    return None if account is None else f"the customer {account['email']}"


async def _id_of(client: MagentoClient, email: str) -> str | None:
    accounts = await customers.accounts_with_email(client, email) if "@" in email else []
    return str(accounts[0]["id"]) if accounts else None


SIDES = LinkSides(_in_acumatica, _in_magento, _id_of)
