"""Which fields of the endpoint each entity reads, and which of them the endpoint does not have.

The fields are those of the record types that the readers decode into, so the two cannot differ. An endpoint lists its
own fields by `$adHocSchema` (acumatica.md, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.acumatica import customers, invoices, items, order_invoices, orders, receipts, shipments
from connector.acumatica.errors import RequestRefused
from connector.acumatica.items import ItemFields
from connector.acumatica.lists import Listed, paths
from connector.acumatica.records import decode
from connector.acumatica.session import AcumaticaSession

KNOWN = ("24.200.001",)
"""Versions of the endpoint Default for which the connector was made."""
CONTRACT_5 = 26
"""The first year whose version has contract version 5, which the connector does not support (acumatica.md, section
2.6).
"""
Fields = dict[str, set[str]]


def is_contract_5(version: str) -> bool:
    """Return whether a version of the endpoint has contract version 5."""
    year = version.partition(".")[0]
    return year.isdigit() and int(year) >= CONTRACT_5


def of_items(chosen: ItemFields, *kinds: str) -> Fields:
    """Return the fields that are read of items of these kinds, by entity of the endpoint.

    In this and the following functions a slash separates a part of a record from its field.
    """
    return {items.KINDS[kind].entity: _of_item(kind, chosen) for kind in kinds}


def of_customers() -> Fields:
    """Return the fields that are read of customers."""
    return _of(customers.WITH_ATTRIBUTES)


def of_orders(*, invoiced: bool) -> Fields:
    """Return the fields that are read of orders and, with `invoiced`, of their invoices."""
    return {**_of(orders.ORDERS), **(_of(order_invoices.INVOICES) if invoiced else {})}


def of_shipments() -> Fields:
    """Return the fields that are read of shipments and receipts, their orders, purchases and invoices."""
    read = (shipments.SHIPMENTS, receipts.SALES_ORDERS, receipts.RECEIPTS, receipts.PURCHASES, invoices.WITH_LINES)
    return {entity: own for of in read for entity, own in _of(of).items()}


def _of(read: Listed[Any]) -> Fields:
    return {read.name: {*paths(read.record), read.modified}}


def _of_item(kind: str, chosen: ItemFields) -> set[str]:
    of = items.KINDS[kind]
    named = [name for name in (chosen.sku_field, chosen.price_field) if name]
    own = {f"custom/{name.replace('.', '/')}" if "." in name else name for name in named}
    found = {*paths(of.record), of.modified, *own}
    dropped = {*([] if chosen.conversions and kind == "stock" else ["UOMConversions"])}
    dropped |= {*([] if chosen.alternate_type else ["CrossReferences"])}
    return {path for path in found if path.partition("/")[0] not in dropped}


async def missing(session: AcumaticaSession, entity: str, wanted: set[str]) -> list[str]:
    """Return the wanted fields that the endpoint's entity does not have, with an existing spelling that differs only in
    letter case. If there is no such entity, return all of them.
    """
    try:
        content = await session.get(f"{session.access.entity(entity)}/$adHocSchema", what=f"the fields of {entity}")
    except RequestRefused:
        return [entity]
    schema = decode(content, dict[str, Any], f"the fields of {entity}")
    spelled = {name.casefold(): name for name in schema}
    return [
        f"{path} (it is spelled {spelled[path.casefold()]})" if path.casefold() in spelled else path
        for path in sorted(wanted)
        if not _has(schema, path.split("/"))
    ]


def _has(schema: Any, path: list[str]) -> bool:
    if isinstance(schema, list):
        schema = schema[0] if schema else {}
    if not isinstance(schema, Mapping) or path[0] not in schema:
        return False
    return len(path) == 1 or _has(schema[path[0]], path[1:])
