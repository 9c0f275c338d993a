"""Test Connection for inventory: whether vendor stock counts only once in each stock of Magento."""

from __future__ import annotations

from functools import partial

from connector.magento import queries
from connector.magento.client import MagentoClient
from entities.checks import Check, PlannedCheck
from entities.inventory.rules import QuantityRule
from entities.inventory.vendors import vendors_twice

VENDORS = "Vendor stock of branches"


def inventory_in_magento(client: MagentoClient, rule: QuantityRule) -> list[PlannedCheck]:
    """Return the check of the stocks of the sources that get the vendor quantity, if there are several."""
    return [PlannedCheck(VENDORS, partial(_vendors, client, rule))] if len(rule.vendor_sources) > 1 else []


async def _vendors(client: MagentoClient, rule: QuantityRule) -> Check:
    if not queries.has_msi(await queries.modules(client)):
        return Check(VENDORS, "passed", "Magento keeps no sources (MSI is off)")
    twice = vendors_twice(rule.vendor_sources, await queries.sources_by_stock(client))
    if twice is not None:
        return Check(VENDORS, "failed", twice)
    return Check(VENDORS, "passed", f"{', '.join(sorted(rule.vendor_sources))}: each in a stock of its own")
