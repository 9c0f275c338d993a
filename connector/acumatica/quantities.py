"""Quantities by warehouse, read in one of three ways (contracts/acumatica.md §3 and §4).

odata: the feed INSiteStatus tells what changed; one request for an idle sync. storage_details: one request per
warehouse, always in full. inventory_summary: one request per item; InventoryQuantityAvailable tells which items
changed, as far as Quantity Available goes. Each gives quantities by warehouse in 1/10,000 of the base unit, per item.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from connector.acumatica import pager
from connector.acumatica.errors import RecordMissing
from connector.acumatica.items import ItemFields, item_pages
from connector.acumatica.lists import ItemFeed, ItemRow, Page
from connector.acumatica.query import Query
from connector.acumatica.records import (
    QUANTITY_DIGITS,
    WITHOUT_KEY,
    BadRecord,
    Number,
    Problem,
    Text,
    code,
    decode,
    decode_rows,
    raw_value,
    scaled,
)
from connector.acumatica.session import AcumaticaSession

Figure = Literal["available", "available_for_shipping", "on_hand"]
COLUMNS = {"available": "QtyAvail", "available_for_shipping": "QtyHardAvail", "on_hand": "QtyOnHand"}
IN_STORAGE = {"available": "QtyAvailable", "available_for_shipping": "QtyHardAvailable", "on_hand": "QtyOnHand"}
IN_SUMMARY = {"available": "QtyAvailable", "available_for_shipping": "QtyAvailableForShipment", "on_hand": "QtyOnHand"}


@dataclass(frozen=True)
class QuantityPage:
    """Quantities by item and warehouse, where to go on (none: it was the last page), and what could not be read."""

    quantities: dict[str, dict[str, int]]
    last_key: str | None
    problems: list[Problem]


class _Site(msgspec.Struct, gc=False):
    SiteCD: str | None = None


class _SiteStatus(ItemRow, kw_only=True, gc=False):
    INSiteBySiteID: _Site | None = None
    QtyAvail: Decimal | None = None
    QtyHardAvail: Decimal | None = None
    QtyOnHand: Decimal | None = None


ROWS = {
    figure: ItemFeed(
        name="INSiteStatus",
        record=_SiteStatus,
        select=("InventoryID", "SiteID", column),
        expand=("InventoryItemByInventoryID($select=InventoryCD)", "INSiteBySiteID($select=SiteCD)"),
        order=("InventoryID", "SiteID", "SubItemID"),
    )
    for figure, column in COLUMNS.items()
}


async def by_odata(
    session: AcumaticaSession, figure: Figure, *, changed_since: datetime | None = None, after: str | None = None
) -> AsyncIterator[QuantityPage]:
    """What the feed INSiteStatus has, in pages of whole items; with `changed_since` only the rows that changed."""
    async for page in pager.pages(session, ROWS[figure], changed_since=changed_since, after=after):
        yield _site_page(page, figure)


async def by_odata_of(session: AcumaticaSession, figure: Figure, keys: Sequence[str]) -> QuantityPage:
    """The same for some items."""
    return _site_page(await pager.of_items(session, ROWS[figure], keys), figure)


def _site_page(found: Page[_SiteStatus], figure: Figure) -> QuantityPage:
    column = COLUMNS[figure]
    triples = (
        (row.inventory_id(), code(row.INSiteBySiteID.SiteCD if row.INSiteBySiteID else None), getattr(row, column))
        for row in found.records
    )
    return _summed(triples, found.last, found.problems())


def _summed(
    triples: Iterable[tuple[str, str, Decimal | None]], last_key: str | None, problems: Iterable[Problem] = ()
) -> QuantityPage:
    """Sum the rows of an item in a warehouse: there is one per sub-item, location or cost centre.

    Of an item with a row that cannot be read nothing is told.
    """
    page = QuantityPage({}, last_key, [*problems])
    for key, warehouse, quantity in triples:
        if not key or not warehouse:
            continue  # a total row, or a row whose item or warehouse is gone
        try:
            amount = scaled(quantity, QUANTITY_DIGITS, f"the quantity in {warehouse}") or 0
        except BadRecord as error:
            page.problems.append(Problem(key, str(error)))
            continue
        shelves = page.quantities.setdefault(key, {})
        shelves[warehouse] = shelves.get(warehouse, 0) + amount
    for problem in page.problems:
        page.quantities.pop(problem.key, None)
    return page


class _StorageRow(msgspec.Struct):
    InventoryID: Text = Text()
    WarehouseID: Text = Text()
    QtyAvailable: Number = Number()
    QtyHardAvailable: Number = Number()
    QtyOnHand: Number = Number()


async def by_storage_details(session: AcumaticaSession, figure: Figure, warehouses: Sequence[str]) -> QuantityPage:
    """Everything in these warehouses: one request each, as one page."""
    triples: list[tuple[str, str, Decimal | None]] = []
    problems: list[Problem] = []
    for warehouse in warehouses:
        body = {"WarehouseID": {"value": warehouse}}
        url = session.access.entity("StorageDetailsInquiry")
        what = f"StorageDetailsInquiry of {warehouse}"
        content = await session.ask(url, Query(expand=("StorageDetails",)).params(), body, what=what)
        rows, bad = decode_rows(content, "StorageDetails", _StorageRow, what)
        problems += [Problem(raw_value(raw, "InventoryID") or WITHOUT_KEY, why) for raw, why in bad]
        triples += [
            (code(row.InventoryID.value), code(row.WarehouseID.value), getattr(row, IN_STORAGE[figure]).value)
            for row in rows
        ]
    return _summed(triples, None, problems)


class _SummaryRow(msgspec.Struct):
    WarehouseID: Text = Text()
    QtyAvailable: Number = Number()
    QtyAvailableForShipment: Number = Number()
    QtyOnHand: Number = Number()


async def by_inventory_summary(session: AcumaticaSession, figure: Figure, keys: Sequence[str]) -> QuantityPage:
    """The quantities of these items: one request each. Locations are summed, `<UNASSIGNED>` too: it holds demand."""
    triples: list[tuple[str, str, Decimal | None]] = []
    problems: list[Problem] = []
    for key in keys:
        url = session.access.entity("InventorySummaryInquiry")
        what = f"InventorySummaryInquiry of {key}"
        try:
            content = await session.ask(
                url, Query(expand=("Results",)).params(), {"InventoryID": {"value": key}}, what=what
            )
        except RecordMissing:
            continue
        rows, bad = decode_rows(content, "Results", _SummaryRow, what)
        problems += [Problem(key, why) for _raw, why in bad]
        triples += [(key, code(row.WarehouseID.value), getattr(row, IN_SUMMARY[figure]).value) for row in rows]
    page = _summed(triples, None, problems)
    unread = {problem.key for problem in page.problems}
    for key in keys:
        if key not in unread:
            page.quantities.setdefault(key, {})
    return page


class _ChangedRow(msgspec.Struct):
    InventoryID: Text = Text()


class _Changed(msgspec.Struct):
    Results: list[_ChangedRow] = []


async def changed_items(session: AcumaticaSession, since: datetime) -> list[str]:
    """The items whose Quantity Available changed since an instant (InventoryQuantityAvailable, acumatica.md §3.2)."""
    body = {"LastModifiedDateTime": {"value": since.astimezone(UTC).isoformat(timespec="milliseconds")}}
    url = session.access.entity("InventoryQuantityAvailable")
    content = await session.ask(url, Query(expand=("Results",)).params(), body, what="InventoryQuantityAvailable")
    rows = decode(content, _Changed, "InventoryQuantityAvailable").Results
    return sorted({code(row.InventoryID.value) for row in rows} - {""})


async def item_keys(session: AcumaticaSession, after: str | None = None) -> AsyncIterator[list[str]]:
    """The inventory ids of all stock items, in pages."""
    async for page in item_pages(session, "stock", ItemFields(), after=after):
        yield [*page.items, *(problem.key for problem in page.problems)]
