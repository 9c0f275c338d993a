"""Test Connection, stores: the store view and the website that the settings name must exist in Magento."""

from __future__ import annotations

from functools import partial

from connector.magento import queries
from connector.magento.client import MagentoClient
from entities.checks import Check, PlannedCheck

STORE, WEBSITE = "Store view of prices", "Website of customers"


def stores_in_magento(client: MagentoClient, store_id: int, website_id: int) -> list[PlannedCheck]:
    """Return the checks of the store view of prices and of the website of customers."""
    return [
        PlannedCheck(STORE, partial(_store, client, store_id)),
        PlannedCheck(WEBSITE, partial(_website, client, website_id)),
    ]


async def _store(client: MagentoClient, store_id: int) -> Check:
    if store_id == 0:
        return Check(STORE, "passed", "every store (0)")
    stores = await queries.store_configs(client)
    found = next((store for store in stores if store.id == store_id), None)
    if found is None:
        known = ", ".join(f"{store.id} ({store.code})" for store in stores)
        message = (
            f"Magento has no store view {store_id}; it has 0 (every store), {known}. Correct A2M_MAGENTO__STORE_ID."
        )
        return Check(STORE, "failed", message)
    return Check(STORE, "passed", f"{found.id} ({found.code})")


async def _website(client: MagentoClient, website_id: int) -> Check:
    websites = {number: code for number, code in (await queries.websites(client)).items() if number}
    if website_id not in websites:
        known = ", ".join(f"{number} ({code})" for number, code in websites.items())
        message = f"Magento has no website {website_id}; it has {known}. Correct A2M_MAGENTO__WEBSITE_ID."
        return Check(WEBSITE, "failed", message)
    return Check(WEBSITE, "passed", f"{website_id} ({websites[website_id]})")
