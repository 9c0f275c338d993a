"""What inventory reads in Acumatica besides items: quantities by warehouse, and the vendors' quantities."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from connector.acumatica import quantities
from connector.acumatica.quantities import QuantityPage
from connector.acumatica.vendor_quantities import vendor_quantities
from entities.base import Feed, FeedPage, RunContext, merged
from entities.values.read import ITEMS, problems


def _page(page: QuantityPage[Any], *, whole: bool = False) -> FeedPage:
    return FeedPage(page.quantities, page.last_key, problems(page.problems), whole)


async def _pages(context: RunContext[Any], since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
    read, session = context.read, context.acumatica
    if read.quantity_read == "odata":
        async for found in quantities.by_odata(session, read.figure, changed_since=since, after=after):
            yield _page(found)
    elif read.quantity_read == "storage_details":
        yield _page(await quantities.by_storage_details(session, read.figure, read.warehouses))
    elif since is not None:
        changed = await quantities.changed_items(session, since)
        yield _page(await quantities.by_inventory_summary(session, read.figure, changed), whole=True)
    else:
        async for keys in quantities.item_keys(session, after):
            found = await quantities.by_inventory_summary(session, read.figure, keys)
            yield FeedPage(found.quantities, keys[-1] if keys else None, problems(found.problems))


async def quantities_of_keys(context: RunContext[Any], keys: list[str]) -> FeedPage:
    """Return all current quantities of these items."""
    if context.read.quantity_read == "odata":
        return _page(await quantities.by_odata_of(context.acumatica, context.read.figure, keys))
    return _page(await quantities.by_inventory_summary(context.acumatica, context.read.figure, keys))


def _reports_changes(context: RunContext[Any]) -> bool:
    """Return whether changes are reported. The inventory summary reports only those of Quantity Available
    (contracts/acumatica.md §3.2).
    """
    read = context.read
    return read.quantity_read == "odata" or (read.quantity_read == "inventory_summary" and read.figure == "available")


async def _vendor_pages(
    context: RunContext[Any], _since: datetime | None, _after: str | None
) -> AsyncIterator[FeedPage]:
    yield _page(await vendor_quantities(context.acumatica, context.read.vendor_inquiry))


async def _vendor_of(context: RunContext[Any], keys: list[str]) -> FeedPage:
    found = await vendor_quantities(context.acumatica, context.read.vendor_inquiry)
    parts = {key: found.quantities[key] for key in keys if key in found.quantities}
    return FeedPage(parts, None, problems(found.problems))


FEEDS = {
    **ITEMS,
    "quantities": Feed(
        _pages,
        of_keys=quantities_of_keys,
        nothing=dict,
        attribute="quantities",
        seen="rows_seen",
        reports_changes=_reports_changes,
        merge=merged,
    ),
    "vendor_quantities": Feed(
        _vendor_pages,
        of_keys=_vendor_of,
        nothing=dict,
        attribute="vendor",
        seen="vendor_seen",
        reports_changes=lambda _context: False,
        merge=merged,
    ),
}
