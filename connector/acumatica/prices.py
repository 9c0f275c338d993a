"""The price list, read in one of two ways: the feed ARSalesPrice, which reports changes, or SalesPricesInquiry.

Rows are passed on together for each item. Dates are the tenant's: the date part is taken before any time zone is
applied.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import ItemFeed, ItemRow, Page
from connector.acumatica.query import Query, eq, ne
from connector.acumatica.records import (
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    WITHOUT_KEY,
    BadRecord,
    Flag,
    Number,
    Problem,
    Text,
    Value,
    code,
    day,
    decode_rows,
    raw_value,
    scaled,
)
from connector.acumatica.session import AcumaticaSession
from connector.records import PriceListRow

TYPES = {"B": "base", "C": "customer", "P": "customer_price_class"}
WITHIN_64_BITS = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
LABELS = {"Base": "base", "Customer": "customer", "Customer Price Class": "customer_price_class"}
TAX_CODES = {"gross": "G", "net": "N"}
_TAX_OF_CODE = {code: mode for mode, code in TAX_CODES.items()}
_TAX_OF_LABEL = {mode.title(): mode for mode in TAX_CODES}


@dataclass(frozen=True)
class PricePage:
    """Price rows by item, where to continue (None: it was the last page), and what could not be read."""

    rows: dict[str, list[PriceListRow]]
    last_key: str | None
    problems: list[Problem]


class _Site(msgspec.Struct):
    SiteCD: str | None = None


class _SalesPrice(ItemRow, kw_only=True):
    RecordID: Annotated[int, WITHIN_64_BITS]
    PriceType: str | None = None
    CustPriceClassID: str | None = None
    UOM: str | None = None
    CuryID: str | None = None
    BreakQty: Decimal | None = None
    SalesPrice: Decimal | None = None
    IsPromotionalPrice: bool | None = None
    EffectiveDate: str | None = None
    ExpirationDate: str | None = None
    TaxCalcMode: str | None = None
    INSiteBySiteID: _Site | None = None


ROWS = ItemFeed(
    name="ARSalesPrice",
    record=_SalesPrice,
    select=(
        *("RecordID", "InventoryID", "PriceType", "CustPriceClassID", "UOM", "CuryID", "BreakQty", "SalesPrice"),
        *("IsPromotionalPrice", "EffectiveDate", "ExpirationDate", "TaxCalcMode"),
    ),
    expand=("InventoryItemByInventoryID($select=InventoryCD)", "INSiteBySiteID($select=SiteCD)"),
    order=("InventoryID", "RecordID"),
)
_NOT_OF_ONE_CUSTOMER = ne("PriceType", "C")


async def by_odata(
    session: AcumaticaSession,
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
    tax: str | None = None,
) -> AsyncGenerator[PricePage, None]:
    """Yield the rows of the feed ARSalesPrice without the prices of single customers; with `changed_since` only changed
    rows, with `tax` only those that are `gross` or `net`.
    """
    where = [_NOT_OF_ONE_CUSTOMER, *([eq("TaxCalcMode", TAX_CODES[tax])] if tax else [])]
    async for page in pager.pages(session, ROWS, where, changed_since=changed_since, after=after):
        yield _page(page)


async def by_odata_of(session: AcumaticaSession, keys: Sequence[str]) -> PricePage:
    """Return the rows of the feed ARSalesPrice for some items."""
    return _page(await pager.of_items(session, ROWS, keys))


def _page(found: Page[_SalesPrice]) -> PricePage:
    """Return the price rows and the problems; an item with an unreadable row is left out."""
    page = PricePage({}, found.last, found.problems())
    for row in found.records:
        key = row.inventory_id()
        if not key:
            continue  # a price of something that is not an item
        try:
            page.rows.setdefault(key, []).append(_from_odata(row))
        except BadRecord as error:
            page.problems.append(Problem(key, str(error)))
    return _without_problems(page)


def _without_problems(page: PricePage) -> PricePage:
    for problem in page.problems:
        page.rows.pop(problem.key, None)
    return page


def _from_odata(row: _SalesPrice) -> PriceListRow:
    return PriceListRow(
        record_id=row.RecordID,
        price_type=TYPES.get(code(row.PriceType), ""),
        price_code=code(row.CustPriceClassID),
        uom=code(row.UOM),
        warehouse=code(row.INSiteBySiteID.SiteCD if row.INSiteBySiteID else None),
        promotion=bool(row.IsPromotionalPrice),
        break_quantity=scaled(row.BreakQty, QUANTITY_DIGITS, "the break quantity") or 0,
        price=scaled(row.SalesPrice, PRICE_DIGITS, "the sales price") or 0,
        currency=code(row.CuryID),
        effective=day(row.EffectiveDate),
        expiration=day(row.ExpirationDate),
        tax=_TAX_OF_CODE.get(code(row.TaxCalcMode), ""),
    )


class _Detail(msgspec.Struct):
    RecordID: Value[Annotated[int, WITHIN_64_BITS]] = Value()
    PriceType: Text = Text()
    PriceCode: Text = Text()
    InventoryID: Text = Text()
    UOM: Text = Text()
    Warehouse: Text = Text()
    Promotion: Flag = Flag()
    BreakQty: Number = Number()
    Price: Number = Number()
    CurrencyID: Text = Text()
    EffectiveDate: Text = Text()
    ExpirationDate: Text = Text()
    TaxCalculationMode: Text = Text()


async def by_inquiry(session: AcumaticaSession, keys: Sequence[str] | None = None) -> PricePage:
    """Return the whole price list in one request, which can take minutes; or that of some items in one request each."""
    bodies = [{}] if keys is None else [{"InventoryID": {"value": key}} for key in keys]
    page = PricePage({}, None, [])
    for body in bodies:
        url = session.access.entity("SalesPricesInquiry")
        content = await session.ask(url, Query(expand=("SalesPriceDetails",)).params(), body, what="SalesPricesInquiry")
        rows, bad = decode_rows(content, "SalesPriceDetails", _Detail, "SalesPricesInquiry")
        page.problems.extend(Problem(raw_value(raw, "InventoryID") or WITHOUT_KEY, why) for raw, why in bad)
        for row in rows:
            key = code(row.InventoryID.value)
            if not key or LABELS.get(row.PriceType.value or "") == "customer":
                continue
            try:
                page.rows.setdefault(key, []).append(_from_inquiry(row))
            except BadRecord as error:
                page.problems.append(Problem(key, str(error)))
    return _without_problems(page)


def _from_inquiry(row: _Detail) -> PriceListRow:
    if row.RecordID.value is None:
        raise BadRecord("Unreadable record: a price row has no RecordID.")
    return PriceListRow(
        record_id=row.RecordID.value,
        price_type=LABELS.get(row.PriceType.value or "", ""),
        price_code=code(row.PriceCode.value),
        uom=code(row.UOM.value),
        warehouse=code(row.Warehouse.value),
        promotion=bool(row.Promotion.value),
        break_quantity=scaled(row.BreakQty.value, QUANTITY_DIGITS, "the break quantity") or 0,
        price=scaled(row.Price.value, PRICE_DIGITS, "the sales price") or 0,
        currency=code(row.CurrencyID.value),
        effective=day(row.EffectiveDate.value),
        expiration=day(row.ExpirationDate.value),
        tax=_TAX_OF_LABEL.get(code(row.TaxCalculationMode.value), ""),
    )
