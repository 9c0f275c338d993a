"""Quantities by warehouse, read in one of three ways (contracts/acumatica.md §3 and §4).

odata: the feed INSiteStatus reports changes; an idle sync is one request. storage_details: one request per warehouse,
always in full. inventory_summary: one request per item; InventoryQuantityAvailable reports which items changed, but
only for Quantity Available. Each way returns all three figures by warehouse in 1/10,000 of the base unit, per item.
`figure` is the one that is published; an item whose answer lacks it is a `Problem`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeVar

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
    Problem,
    RawNumber,
    Text,
    code,
    decode,
    decode_rows,
    raw_value,
    scaled_column,
    scaled_text,
)
from connector.acumatica.session import AcumaticaSession
from connector.model.quantities import Figure
from connector.records import WarehouseQuantity

IN_FEED = ("QtyAvail", "QtyHardAvail", "QtyOnHand")
IN_STORAGE = ("QtyAvailable", "QtyHardAvailable", "QtyOnHand")
IN_SUMMARY = ("QtyAvailable", "QtyAvailableForShipment", "QtyOnHand")
"""The names of the three figures in each way of reading them, in the order of `WarehouseQuantity`."""

Q = TypeVar("Q")


@dataclass(frozen=True)
class QuantityPage(Generic[Q]):
    """Quantities by item and warehouse, where to continue (None: it was the last page), and what could not be read."""

    quantities: dict[str, dict[str, Q]]
    last_key: str | None
    problems: list[Problem]


FigurePage = QuantityPage[WarehouseQuantity]


ABSENT = msgspec.Raw(b"")


class _Site(msgspec.Struct, gc=False):
    SiteCD: str | None = None


class _SiteStatus(ItemRow, kw_only=True, gc=False):
    INSiteBySiteID: _Site | None = None
    QtyAvail: msgspec.Raw = ABSENT
    QtyHardAvail: msgspec.Raw = ABSENT
    QtyOnHand: msgspec.Raw = ABSENT


ROWS = ItemFeed(
    name="INSiteStatus",
    record=_SiteStatus,
    select=("InventoryID", "SiteID", *IN_FEED),
    expand=("InventoryItemByInventoryID($select=InventoryCD)", "INSiteBySiteID($select=SiteCD)"),
    order=("InventoryID", "SiteID", "SubItemID"),
)
Columns = Sequence[Sequence[msgspec.Raw]]
"""The texts of each of the three figures, row by row; a missing one is empty."""


async def by_odata(
    session: AcumaticaSession, figure: Figure, *, changed_since: datetime | None = None, after: str | None = None
) -> AsyncIterator[FigurePage]:
    """Yield the rows of the feed INSiteStatus in pages of whole items; with `changed_since` only the changed rows."""
    async for page in pager.pages(session, ROWS, changed_since=changed_since, after=after):
        yield _site_page(page, figure)


async def by_odata_of(session: AcumaticaSession, figure: Figure, keys: Sequence[str]) -> FigurePage:
    """Return the rows of the feed INSiteStatus for some items."""
    return _site_page(await pager.of_items(session, ROWS, keys), figure)


def _site_page(page: Page[_SiteStatus], figure: Figure) -> FigurePage:
    items = [row.InventoryItemByInventoryID for row in page.records]
    sites = [row.INSiteBySiteID for row in page.records]
    keys = [(one.InventoryCD or "").rstrip() if one is not None else "" for one in items]
    warehouses = [(one.SiteCD or "").rstrip() if one is not None else "" for one in sites]
    columns = [list(map(attrgetter(name), page.records)) for name in IN_FEED]
    return _summed(keys, warehouses, columns, figure, page.last, page.problems())


def _summed(
    keys: Sequence[str],
    warehouses: Sequence[str],
    columns: Columns,
    figure: Figure,
    last_key: str | None,
    problems: Iterable[Problem] = (),
) -> FigurePage:
    """Sum the rows of an item in a warehouse: there is one per sub-item, location or cost centre.

    An item with an unreadable row is left out.
    """
    page: FigurePage = QuantityPage({}, last_key, [*problems])
    before, shelves = "", dict[str, WarehouseQuantity]()
    for key, warehouse, quantity in zip(keys, warehouses, _figures(warehouses, columns, figure), strict=True):
        if not key or not warehouse:
            continue  # a total row, or a row whose item or warehouse was deleted
        if key != before:  # the rows of an item are adjacent
            before, shelves = key, page.quantities.setdefault(key, {})
        if isinstance(quantity, BadRecord):
            page.problems.append(Problem(key, str(quantity)))
        elif warehouse in shelves:
            shelves[warehouse] = shelves[warehouse].plus(quantity)
        else:
            shelves[warehouse] = quantity
    for problem in page.problems:
        page.quantities.pop(problem.key, None)
    return page


def _figures(
    warehouses: Sequence[str], columns: Columns, figure: Figure
) -> Iterable[WarehouseQuantity] | Iterable[WarehouseQuantity | BadRecord]:
    """Return the figures of each row: of all rows at once or, if one is unusual, row by row."""
    whole = scaled_column([*chain.from_iterable(columns)], QUANTITY_DIGITS)
    if whole is not None:
        count = len(warehouses)
        return map(WarehouseQuantity, *(whole[at * count : (at + 1) * count] for at in range(len(columns))))
    rows = zip(warehouses, zip(*columns, strict=True), strict=True)
    return (_of_row(warehouse, texts, figure) for warehouse, texts in rows)


def _of_row(warehouse: str, texts: Sequence[msgspec.Raw], figure: Figure) -> WarehouseQuantity | BadRecord:
    text = f"the quantity in {warehouse}"
    try:
        found = [(scaled_text(bytes(one), QUANTITY_DIGITS, text) or 0) if bytes(one) else None for one in texts]
    except BadRecord as error:
        return error
    quantity = WarehouseQuantity(*found)
    if getattr(quantity, figure) is None:
        return BadRecord(
            f"Unreadable record: Acumatica's answer has no {figure.replace('_', ' ')} quantity in {warehouse}. "
            "Choose another quantity, or another way of reading it."
        )
    return quantity


_NO_FIGURE = RawNumber(ABSENT)


class _StorageRow(msgspec.Struct, gc=False):
    InventoryID: Text = Text()
    WarehouseID: Text = Text()
    QtyAvailable: RawNumber = _NO_FIGURE
    QtyHardAvailable: RawNumber = _NO_FIGURE
    QtyOnHand: RawNumber = _NO_FIGURE


async def by_storage_details(session: AcumaticaSession, figure: Figure, warehouses: Sequence[str]) -> FigurePage:
    """Return everything in these warehouses, in one request each, as one page."""
    rows: list[_StorageRow] = []
    problems: list[Problem] = []
    for warehouse in warehouses:
        body = {"WarehouseID": {"value": warehouse}}
        url = session.access.entity("StorageDetailsInquiry")
        what = f"StorageDetailsInquiry of {warehouse}"
        content = await session.ask(url, Query(expand=("StorageDetails",)).params(), body, what=what)
        found, bad = decode_rows(content, "StorageDetails", _StorageRow, what)
        problems += [Problem(raw_value(raw, "InventoryID") or WITHOUT_KEY, why) for raw, why in bad]
        rows += found
    return _summed_of([code(row.InventoryID.value) for row in rows], rows, IN_STORAGE, figure, problems)


def _summed_of(
    keys: Sequence[str], rows: Sequence[Any], names: Sequence[str], figure: Figure, problems: Iterable[Problem]
) -> FigurePage:
    columns = [[one.value for one in map(attrgetter(name), rows)] for name in names]
    warehouses = [code(row.WarehouseID.value) for row in rows]
    return _summed(keys, warehouses, columns, figure, None, problems)


class _SummaryRow(msgspec.Struct, gc=False):
    WarehouseID: Text = Text()
    QtyAvailable: RawNumber = _NO_FIGURE
    QtyAvailableForShipment: RawNumber = _NO_FIGURE
    QtyOnHand: RawNumber = _NO_FIGURE


async def by_inventory_summary(session: AcumaticaSession, figure: Figure, keys: Sequence[str]) -> FigurePage:
    """Return the quantities of these items, in one request each. Locations are summed, including `<UNASSIGNED>`, which
    contains demand.
    """
    rows: list[_SummaryRow] = []
    of_rows: list[str] = []
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
        found, bad = decode_rows(content, "Results", _SummaryRow, what)
        problems += [Problem(key, why) for _raw, why in bad]
        rows += found
        of_rows += [key] * len(found)
    page = _summed_of(of_rows, rows, IN_SUMMARY, figure, problems)
    unread = {problem.key for problem in page.problems}
    for key in keys:
        if key not in unread:
            page.quantities.setdefault(key, {})
    return page


class _ChangedRow(msgspec.Struct, gc=False):
    InventoryID: Text = Text()


class _Changed(msgspec.Struct):
    Results: list[_ChangedRow] = []


async def changed_items(session: AcumaticaSession, since: datetime) -> list[str]:
    """Return the items whose Quantity Available changed since a time (InventoryQuantityAvailable,
    acumatica.md §3.2).
    """
    body = {"LastModifiedDateTime": {"value": since.astimezone(UTC).isoformat(timespec="milliseconds")}}
    url = session.access.entity("InventoryQuantityAvailable")
    content = await session.ask(url, Query(expand=("Results",)).params(), body, what="InventoryQuantityAvailable")
    rows = decode(content, _Changed, "InventoryQuantityAvailable").Results
    return sorted({code(row.InventoryID.value) for row in rows} - {""})


async def item_keys(session: AcumaticaSession, after: str | None = None) -> AsyncIterator[list[str]]:
    """Yield the inventory ids of all stock items, in pages."""
    async for page in item_pages(session, "stock", ItemFields(), after=after):
        yield [*page.items, *(problem.key for problem in page.problems)]
