"""What prices read in Acumatica beside items: the rows of the price list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from operator import attrgetter
from typing import Any

from connector.acumatica import prices
from connector.acumatica.prices import PricePage
from connector.records import PriceListRow
from entities.base import Feed, FeedPage, RunContext
from entities.values.read import ITEMS, NON_STOCK_ITEMS, problems


def _page(found: PricePage) -> FeedPage:
    parts = {key: sorted(rows, key=attrgetter("record_id")) for key, rows in found.rows.items()}
    return FeedPage(parts, found.last_key, problems(found.problems))


async def _pages(context: RunContext[Any], since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
    if context.read.price_read == "inquiry":
        yield _page(await prices.by_inquiry(context.acumatica))
        return
    async for found in prices.by_odata(context.acumatica, changed_since=since, after=after):
        yield _page(found)


async def _of_keys(context: RunContext[Any], keys: list[str]) -> FeedPage:
    if context.read.price_read == "inquiry":
        return _page(await prices.by_inquiry(context.acumatica, keys))
    return _page(await prices.by_odata_of(context.acumatica, keys))


def _merged(before: list[PriceListRow], part: list[PriceListRow], *, whole: bool) -> list[PriceListRow]:
    """Return the rows of both by their id: those of the part are newer."""
    if whole:
        return part
    by_id = {row.record_id: row for row in (*before, *part)}
    return [by_id[number] for number in sorted(by_id)]


FEEDS = {
    **ITEMS,
    **NON_STOCK_ITEMS,
    "price_rows": Feed(
        _pages, _of_keys, list, "price_rows", "rows_seen", lambda context: context.read.price_read == "odata", _merged
    ),
}
