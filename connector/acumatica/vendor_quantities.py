"""Vendor quantities: Acumatica has none of its own, so a generic inquiry that the tenant exposes by OData lists them.

The inquiry has the columns InventoryID, WarehouseID (may be missing) and VendorQty; it is read in full.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from connector.acumatica.quantities import QuantityPage
from connector.acumatica.records import QUANTITY_DIGITS, BadRecord, Problem, code, decode, scaled
from connector.acumatica.session import AcumaticaSession


class _Row(msgspec.Struct):
    InventoryID: str | None = None
    WarehouseID: str | None = None
    VendorQty: Decimal | None = None


class _Answer(msgspec.Struct):
    value: list[_Row]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


async def vendor_quantities(session: AcumaticaSession, inquiry: str) -> QuantityPage:
    """Everything that the inquiry lists, by item and warehouse (empty where it has none), in 1/10,000."""
    page = QuantityPage({}, None, [])
    url, what = session.access.inquiry(inquiry), f"the generic inquiry {inquiry}"
    while True:
        answer: _Answer = decode(await session.get(url, what=what), _Answer, what)
        for row in answer.value:
            _add(page, row)
        if not answer.next_link:
            return page
        url = answer.next_link


def _add(page: QuantityPage, row: _Row) -> None:
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
