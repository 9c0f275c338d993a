"""What prices read in Acumatica beside items: the rows of the price list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from connector.acumatica import prices
from connector.acumatica.prices import PricePage
from connector.acumatica.records import PriceRow
from connector.state.sync.records import StoredPriceRow
from entities.base import Feed, FeedPage, RunContext
from entities.values.read import ITEMS, NON_STOCK_ITEMS, problems


def _price_row(row: PriceRow) -> StoredPriceRow:
    return StoredPriceRow(
        record_id=row.record_id,
        price_type=row.price_type,
        price_code=row.price_code,
        uom=row.uom,
        warehouse=row.warehouse,
        promotion=row.promotion,
        break_quantity=row.break_quantity,
        price=row.price,
        currency=row.currency,
        effective=row.effective,
        expiration=row.expiration,
        tax=row.tax,
    )


def _page(found: PricePage) -> FeedPage:
    parts = {
        key: [_price_row(row) for row in sorted(rows, key=lambda r: r.record_id)] for key, rows in found.rows.items()
    }
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


def _merged(before: list[StoredPriceRow], part: list[StoredPriceRow], *, whole: bool) -> list[StoredPriceRow]:
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
