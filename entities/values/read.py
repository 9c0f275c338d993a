"""The items for which prices and quantities are published: stock items and non-stock items, as one feed each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

from connector.acumatica import items
from connector.acumatica.items import ItemPage
from connector.acumatica.records import Problem
from entities.base import Feed, FeedPage, RunContext


def problems(problems_read: Iterable[Problem]) -> list[tuple[str, str]]:
    """Return (Acumatica key, reason) of what could not be read."""
    return [(problem.key, problem.reason) for problem in problems_read]


def _items_of(kind: str) -> Feed:
    def page(found: ItemPage) -> FeedPage:
        return FeedPage(found.items, found.last_key, problems(found.problems))

    async def pages(context: RunContext[Any], since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
        fields = context.read.fields
        async for found in items.item_pages(context.acumatica, kind, fields, changed_since=since, after=after):
            yield page(found)

    async def of_keys(context: RunContext[Any], keys: list[str]) -> FeedPage:
        return page(await items.items_with_keys(context.acumatica, kind, context.read.fields, keys))

    return Feed(pages, of_keys, nothing=lambda: None, attribute="facts", seen="facts_seen", kind=kind, of_records=True)


ITEMS = {"items": _items_of("stock")}
NON_STOCK_ITEMS = {"non_stock_items": _items_of("non_stock")}
