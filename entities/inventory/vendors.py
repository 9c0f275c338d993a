"""Refuse settings under which a stock of Magento would count the vendor quantity more than once.

Under Sum Total each branch that includes the vendor quantity shows it at its own source. Two sources of one stock would
sell it twice (spec, *Learned in the field*). Input: the quantity rule. Output: nothing, or `ConfigurationConflict`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connector.magento import queries
from entities.base import RunContext
from entities.inventory.rules import QuantityRule
from entities.shop import ConfigurationConflict
from entities.sources import source_key


async def refuse_vendors_twice(context: RunContext[QuantityRule]) -> None:
    """Raise `ConfigurationConflict` if one Magento stock would count the vendor quantity at several of its sources."""
    rule = context.rule
    if len(rule.vendor_sources) < 2:
        return
    async with context.shop.client() as client:
        if not await context.shop.has_msi(client):
            return
        twice = vendors_twice(rule.vendor_sources, await queries.sources_by_stock(client))
    if twice is not None:
        raise ConfigurationConflict(twice)


def vendors_twice(vendor_sources: Collection[str], stocks: Mapping[int, Sequence[str]]) -> str | None:
    """Return which stock would count the vendor quantity at several of its sources; None if no stock would."""
    for stock, sources in sorted(stocks.items()):
        with_vendors = sorted(code for code in sources if source_key(code) in vendor_sources)
        if len(with_vendors) > 1:
            return (
                f"The vendor quantity would count {len(with_vendors)} times in Magento's stock {stock}: its sources "
                f"{', '.join(with_vendors)} all get it. Leave Include vendor inventory on for one branch of that stock "
                "(A2M_INVENTORY__BRANCHES)."
            )
    return None
