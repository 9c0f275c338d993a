"""Vendor quantities, listed by a generic inquiry that the tenant exposes by OData, because Acumatica has none of its
own.

The inquiry has the columns InventoryID, WarehouseID (optional) and VendorQty; it is read in full.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import msgspec

from connector.acumatica.errors import RequestRefused
from connector.acumatica.quantities import QuantityPage
from connector.acumatica.records import (
    QUANTITY_DIGITS,
    UNDECODABLE,
    WITHOUT_KEY,
    BadRecord,
    Problem,
    as_it_is,
    code,
    decode_rows_of,
    scaled,
)
from connector.acumatica.session import AcumaticaSession


class _Row(msgspec.Struct):
    InventoryID: str | None = None
    WarehouseID: str | None = None
    VendorQty: Decimal | None = None


class _Answer(msgspec.Struct):
    value: list[_Row]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


async def vendor_quantities(session: AcumaticaSession, inquiry: str) -> QuantityPage[int]:
    """Return everything that the inquiry lists, by item and warehouse (empty if it has none), in 1/10,000."""
    page: QuantityPage[int] = QuantityPage({}, None, [])
    url, what = session.access.inquiry(inquiry), f"the generic inquiry {inquiry}"
    read: set[str] = set()
    while True:
        if url in read:
            raise RequestRefused(f"{what}: its next part is one that was read already; the inquiry does not page.")
        read.add(url)
        rows, bad, next_link = _read(await session.get(url, what=what), what)
        page.problems.extend(Problem(_key_of(raw), why) for raw, why in bad)
        for row in rows:
            _add(page, row)
        if not next_link:
            return page
        url = urljoin(url, next_link)


def _read(content: bytes, what: str) -> tuple[list[_Row], list[tuple[Any, str]], str | None]:
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except UNDECODABLE:
        whole = as_it_is(content, what)
        rows, bad = decode_rows_of(whole, "value", _Row, what)
        following = whole.get("@odata.nextLink")
        return rows, bad, following if isinstance(following, str) else None
    return answer.value, [], answer.next_link


def _key_of(raw: Any) -> str:
    key = raw.get("InventoryID") if isinstance(raw, dict) else None
    return code(key) if isinstance(key, str) and code(key) else WITHOUT_KEY


def _add(page: QuantityPage[int], row: _Row) -> None:
    key, warehouse = code(row.InventoryID), code(row.WarehouseID)
    if not key:
        return
    try:
        amount = scaled(row.VendorQty, QUANTITY_DIGITS, "the vendor quantity") or 0
    except BadRecord as error:
        page.problems.append(Problem(key, str(error)))
        return
    shelves = page.quantities.setdefault(key, {})
    shelves[warehouse] = shelves.get(warehouse, 0) + amount
