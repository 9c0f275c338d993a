"""What prices read in Acumatica besides items: the rows of the price list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec

from connector.acumatica import prices, setup
from connector.acumatica.errors import NoRights, RequestRefused
from connector.acumatica.prices import PricePage
from connector.records import PriceListRow
from entities.base import Feed, FeedPage, RunContext
from entities.values.read import ITEMS, NON_STOCK_ITEMS, problems


async def _page(context: RunContext[Any], page: PricePage) -> FeedPage:
    own_currency = await _own_currency(context) if page.rows else ""
    parts = {
        key: sorted((_marked(row, own_currency) for row in rows), key=attrgetter("record_id"))
        for key, rows in page.rows.items()
    }
    return FeedPage(parts, page.last_key, problems(page.problems))


async def _own_currency(context: RunContext[Any]) -> str:
    """Return Acumatica's base currency, read once per run; empty if the settings name a currency, or if it
    is unknown.
    """
    if context.rule.currency:
        return ""
    return await context.shop.once("base currency", partial(_base_currency, context))


async def _base_currency(context: RunContext[Any]) -> str:
    try:
        currency = await setup.base_currency(context.acumatica)
        why = "the companies of Acumatica have different ones"
    except (NoRights, RequestRefused) as fault:  # an endpoint of the tenant's own may lack CompaniesStructure
        currency, why = "", str(fault)
    if not currency:
        context.remarks.add(
            f"Acumatica's base currency is not known ({why}), so prices of every currency count. "
            "Enter Currency (A2M_PRICE__CURRENCY)."
        )
    return currency


def _marked(row: PriceListRow, own: str) -> PriceListRow:
    is_foreign = bool(own and row.currency) and row.currency != own
    return msgspec.structs.replace(row, is_foreign=True) if is_foreign else row


async def _pages(context: RunContext[Any], since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
    if context.read.price_read == "inquiry":
        yield await _page(context, await prices.by_inquiry(context.acumatica))
        return
    async for page in prices.by_odata(context.acumatica, changed_since=since, after=after):
        yield await _page(context, page)


async def _of_keys(context: RunContext[Any], keys: list[str]) -> FeedPage:
    if context.read.price_read == "inquiry":
        return await _page(context, await prices.by_inquiry(context.acumatica, keys))
    return await _page(context, await prices.by_odata_of(context.acumatica, keys))


def _merged(before: list[PriceListRow], part: list[PriceListRow], *, whole: bool) -> list[PriceListRow]:
    """Return the rows of both by their id; those of the part are newer."""
    if whole:
        return part
    by_id = {row.record_id: row for row in (*before, *part)}
    return [by_id[number] for number in sorted(by_id)]


FEEDS = {
    **ITEMS,
    **NON_STOCK_ITEMS,
    "price_rows": Feed(
        _pages,
        of_keys=_of_keys,
        nothing=list,
        attribute="price_rows",
        seen="rows_seen",
        reports_changes=lambda context: context.read.price_read == "odata",
        merge=_merged,
    ),
}
