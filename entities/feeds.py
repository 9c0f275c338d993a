"""What the entities read in Acumatica: items, non-stock items, quantities, vendor quantities, price rows.

Comes in: an instant since when changes are wanted, or a key behind which a full read goes on. Goes out: pages of parts
of records, by Acumatica key, in the form in which the state database keeps them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import astuple

from connector.acumatica import items, prices, quantities
from connector.acumatica.items import ItemPage
from connector.acumatica.prices import PricePage
from connector.acumatica.quantities import QuantityPage
from connector.acumatica.records import Problem
from connector.acumatica.vendor_quantities import vendor_quantities
from connector.state.sync.records import Facts, StoredPriceRow

if TYPE_CHECKING:
    from entities.context import RunContext

Part = Facts | dict[str, int] | list[StoredPriceRow] | None


@dataclass(frozen=True)
class FeedPage:
    """Parts of records by Acumatica key; `last_key` to go on behind, none where there is no going on.

    `whole`: each part is all that the feed knows of its record, even where only changes were asked for.
    """

    parts: dict[str, Any]
    last_key: str | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = False


@dataclass(frozen=True)
class Feed:
    """One thing that is read. `nothing` is the part of a record that the feed no longer has.

    `of_records`: it reads records and not only parts of them, so a full look computes all that it reads again.
    """

    pages: Callable[[RunContext, datetime | None, str | None], AsyncIterator[FeedPage]]
    of_keys: Callable[[RunContext, list[str]], Awaitable[FeedPage]]
    tells_changes: Callable[[RunContext], bool]
    nothing: Callable[[], Part]
    kind: str | None = None
    of_records: bool = False


def _told(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(problem.key, problem.reason) for problem in problems]


def _always(_work: RunContext) -> bool:
    return True


def _never(_work: RunContext) -> bool:
    return False


def _items_of(kind: str) -> Feed:
    def page(found: ItemPage) -> FeedPage:
        parts = {key: Facts(*astuple(item)[1:]) for key, item in found.items.items()}  # all but its inventory id
        return FeedPage(parts, found.last_key, _told(found.problems))

    async def pages(context: RunContext, since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
        fields = context.read.fields
        async for found in items.item_pages(context.acumatica, kind, fields, changed_since=since, after=after):
            yield page(found)

    async def of_keys(context: RunContext, keys: list[str]) -> FeedPage:
        return page(await items.items_with_keys(context.acumatica, kind, context.read.fields, keys))

    return Feed(pages, of_keys, _always, lambda: None, kind, of_records=True)


def _quantity_page(found: QuantityPage, *, whole: bool = False) -> FeedPage:
    return FeedPage(dict(found.quantities), found.last_key, _told(found.problems), whole)


async def _quantity_pages(context: RunContext, since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
    read, session = context.read, context.acumatica
    if read.quantity_read == "odata":
        async for found in quantities.by_odata(session, read.figure, changed_since=since, after=after):
            yield _quantity_page(found)
    elif read.quantity_read == "storage_details":
        yield _quantity_page(await quantities.by_storage_details(session, read.figure, read.warehouses))
    elif since is not None:
        changed = await quantities.changed_items(session, since)
        yield _quantity_page(await quantities.by_inventory_summary(session, read.figure, changed), whole=True)
    else:
        async for keys in quantities.item_keys(session, after):
            found = await quantities.by_inventory_summary(session, read.figure, keys)
            yield FeedPage(dict(found.quantities), keys[-1] if keys else None, _told(found.problems))


async def quantities_of_keys(context: RunContext, keys: list[str]) -> FeedPage:
    """All quantities of these items, as they are now."""
    if context.read.quantity_read == "odata":
        return _quantity_page(await quantities.by_odata_of(context.acumatica, context.read.figure, keys))
    return _quantity_page(await quantities.by_inventory_summary(context.acumatica, context.read.figure, keys))


def _quantities_tell_changes(context: RunContext) -> bool:
    """The inventory summary's change detector knows Quantity Available only (contracts/acumatica.md §3.2)."""
    read = context.read
    return read.quantity_read == "odata" or (read.quantity_read == "inventory_summary" and read.figure == "available")


async def _vendor_pages(context: RunContext, _since: datetime | None, _after: str | None) -> AsyncIterator[FeedPage]:
    yield _quantity_page(await vendor_quantities(context.acumatica, context.read.vendor_inquiry))


async def _vendor_of(context: RunContext, keys: list[str]) -> FeedPage:
    found = await vendor_quantities(context.acumatica, context.read.vendor_inquiry)
    return FeedPage(
        {key: found.quantities[key] for key in keys if key in found.quantities}, None, _told(found.problems)
    )


def _price_page(found: PricePage) -> FeedPage:
    parts = {
        key: [StoredPriceRow(*astuple(row)) for row in sorted(rows, key=lambda r: r.record_id)]
        for key, rows in found.rows.items()
    }
    return FeedPage(parts, found.last_key, _told(found.problems))


async def _price_pages(context: RunContext, since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
    if context.read.price_read == "inquiry":
        yield _price_page(await prices.by_inquiry(context.acumatica))
        return
    async for found in prices.by_odata(context.acumatica, changed_since=since, after=after):
        yield _price_page(found)


async def _prices_of(context: RunContext, keys: list[str]) -> FeedPage:
    if context.read.price_read == "inquiry":
        return _price_page(await prices.by_inquiry(context.acumatica, keys))
    return _price_page(await prices.by_odata_of(context.acumatica, keys))


FEEDS = {
    "items": _items_of("stock"),
    "non_stock_items": _items_of("non_stock"),
    "quantities": Feed(_quantity_pages, quantities_of_keys, _quantities_tell_changes, dict),
    "vendor_quantities": Feed(_vendor_pages, _vendor_of, _never, dict),
    "price_rows": Feed(_price_pages, _prices_of, lambda context: context.read.price_read == "odata", list),
}
