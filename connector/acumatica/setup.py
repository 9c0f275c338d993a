"""The configuration of a tenant: what `a2m check` reads before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from connector.acumatica.query import Dialect, Query
from connector.acumatica.records import Flag, Text, code, decode
from connector.acumatica.session import AcumaticaSession


@dataclass(frozen=True)
class Branch:
    """A branch and the base currency of its company."""

    branch: str
    currency: str
    active: bool


class _Version(msgspec.Struct, frozen=True):
    acumaticaBuildVersion: str = ""  # noqa: N815 - Acumatica's name


class _Endpoint(msgspec.Struct):
    name: str
    version: str


class _Root(msgspec.Struct):
    version: _Version = _Version()
    endpoints: list[_Endpoint] = []


async def endpoints(session: AcumaticaSession) -> tuple[str, list[tuple[str, str]]]:
    """Return the build and the (name, version) of the endpoints; older builds return only the list."""
    content = await session.get(f"{session.access.url}/entity", what="the list of endpoints")
    if content.lstrip()[:1] == b"[":
        return "", [(one.name, one.version) for one in decode(content, list[_Endpoint], "the list of endpoints")]
    root = decode(content, _Root, "the list of endpoints")
    return root.version.acumaticaBuildVersion, [(one.name, one.version) for one in root.endpoints]


class _Warehouse(msgspec.Struct):
    WarehouseID: Text = Text()
    Active: Flag = Flag()


async def warehouses(session: AcumaticaSession) -> dict[str, bool]:
    """Return the warehouses, each with whether it is active."""
    url = session.access.entity("Warehouse")
    content = await session.get(url, Query(select=("WarehouseID", "Active")).params(), what="the list of warehouses")
    rows = decode(content, list[_Warehouse], "the list of Warehouse")
    return {code(row.WarehouseID.value): bool(row.Active.value) for row in rows}


class _BranchRow(msgspec.Struct):
    BranchID: Text = Text()
    BranchStatus: Flag = Flag()
    BaseCurrencyID: Text = Text()


class _Companies(msgspec.Struct):
    Results: list[_BranchRow] = []


async def branches(session: AcumaticaSession) -> list[Branch]:
    """Return the branches of all companies (CompaniesStructure; the Default endpoint has no branch entity)."""
    url = session.access.entity("CompaniesStructure")
    content = await session.ask(url, Query(expand=("Results",)).params(), {}, what="CompaniesStructure")
    rows = decode(content, _Companies, "the companies").Results
    return [Branch(code(r.BranchID.value), code(r.BaseCurrencyID.value), bool(r.BranchStatus.value)) for r in rows]


async def base_currency(session: AcumaticaSession) -> str:
    """Return the base currency of the branch to log in to. Without a named branch, return that of all branches; empty
    if they differ.
    """
    known = await branches(session)
    chosen = [one for one in known if one.branch.casefold() == (session.access.branch or "").strip().casefold()]
    currencies = {one.currency for one in chosen or known if one.currency}
    return currencies.pop() if len(currencies) == 1 else ""


class _Item(msgspec.Struct):
    InventoryID: Text = Text()
    ItemStatus: Text = Text()


async def an_item(session: AcumaticaSession) -> tuple[str, str] | None:
    """Return the key of some stock item and the label of its status, in the session's language; None if there is no
    item.
    """
    url = session.access.entity("StockItem")
    content = await session.get(url, Query(select=("InventoryID", "ItemStatus"), top=1).params(), what="a stock item")
    rows = decode(content, list[_Item], "the list of StockItem")
    return (code(rows[0].InventoryID.value), code(rows[0].ItemStatus.value)) if rows else None


class _ShipVia(msgspec.Struct):
    CarrierID: Text = Text()


async def ship_vias(session: AcumaticaSession) -> set[str]:
    """Return the codes of all ShipVias."""
    url = session.access.entity("ShipVia")
    content = await session.get(url, Query(select=("CarrierID",)).params(), what="the list of ShipVias")
    return {code(row.CarrierID.value) for row in decode(content, list[_ShipVia], "the list of ShipVia")} - {""}


async def names_of(session: AcumaticaSession, entity: str, field: str) -> list[str]:
    """Return the codes of all records of a small entity of the endpoint, such as item classes, price classes or
    ShipVias.
    """
    url = session.access.entity(entity)
    content = await session.get(url, Query(select=(field,)).params(), what=f"the list of {entity}")
    rows = decode(content, list[dict[str, Any]], f"the list of {entity}")
    found = (code((row.get(field) or {}).get("value")) for row in rows)
    return sorted({name for name in found if name})


class _Reference(msgspec.Struct):
    AlternateType: Text = Text()


class _Referenced(msgspec.Struct):
    CrossReferences: list[_Reference] = []


async def alternate_types(session: AcumaticaSession, items: int) -> set[str]:
    """Return the types of alternate ids among this many stock items."""
    query = Query(select=("InventoryID", "CrossReferences"), expand=("CrossReferences",), top=items)
    content = await session.get(session.access.entity("StockItem"), query.params(), what="alternate ids of stock items")
    rows = decode(content, list[_Referenced], "the list of StockItem")
    return {code(one.AlternateType.value) for row in rows for one in row.CrossReferences} - {""}


async def columns_of_inquiry(session: AcumaticaSession, inquiry: str) -> set[str] | None:
    """Return the columns of a generic inquiry, from its first row; None if it lists nothing."""
    url, what = session.access.inquiry(inquiry), f"the generic inquiry {inquiry}"
    content = await session.get(url, Query(top=1).params(Dialect.FEED), what=what)
    rows = decode(content, _Inquiry, what).value
    return set(rows[0]) if rows else None


class _Inquiry(msgspec.Struct):
    value: list[dict[str, Any]]
