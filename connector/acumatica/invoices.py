"""Released sales invoices, which make a shipment due under *On Invoice Release*.

Input: a time, or invoices by type and number. Output: the numbers of the shipments and receipts that released invoices
name, or which of the invoices are released. There is no field "Released"; the statuses Open and Closed mean it
(acumatica.md §5.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, parts, paths
from connector.acumatica.query import eq
from connector.acumatica.records import Text, code, possible_keys
from connector.acumatica.session import AcumaticaSession

RELEASED = frozenset({"Open", "Closed"})
TYPES = ("Invoice", "Cash Sale")
"""The invoice types that invoice a shipment; a credit memo takes goods back."""


class _Detail(msgspec.Struct):
    ShipmentNbr: Text = Text()


class _Invoice(msgspec.Struct, kw_only=True):
    Type: Text = Text()
    ReferenceNbr: Text = Text()
    Status: Text = Text()
    Details: list[_Detail] = []


WITH_LINES = EntityList(
    name="SalesInvoice",
    record=_Invoice,
    key=("ReferenceNbr",),
    select=paths(_Invoice),
    expand=parts(_Invoice),
    called="the sales invoice",
)
HEADS = replace(WITH_LINES, select=("Type", "ReferenceNbr", "Status"), expand=())


async def shipped_by_invoices_since(session: AcumaticaSession, changed_since: datetime) -> list[str]:
    """Return the numbers of the shipments and receipts named by released invoices that changed since then."""
    numbers: dict[str, None] = {}
    for kind in TYPES:
        async for page in pager.pages(session, WITH_LINES, [eq("Type", kind)], changed_since=changed_since):
            for record in page.records:
                if record.Status.value in RELEASED:
                    numbers.update((code(one.ShipmentNbr.value), None) for one in record.Details)
    return [number for number in numbers if number]


async def released(session: AcumaticaSession, invoices: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these invoices, by type and number, are released."""
    page = await pager.with_keys(session, HEADS, possible_keys(sorted({number for _kind, number in invoices})))
    return {
        (record.Type.value or "", code(record.ReferenceNbr.value))
        for record in page.records
        if record.Status.value in RELEASED
    }
