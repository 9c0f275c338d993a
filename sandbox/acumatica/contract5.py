"""The differences of contract version 5 (Default/26.200.001): renamed and removed fields, other types of dropdowns and
days.

Enough to recognise that a site's endpoint is not the one that a client knows (`acumatica.md` §2.6). Its filters are
OData 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.acumatica.document_dacs import ORDER_STATUS, SHIPMENT_STATUS
from sandbox.acumatica.records import Entity
from sandbox.acumatica.state import STATUS_CODES
from sandbox.acumatica.tables import Field
from sandbox.acumatica.values import Value

FIRST = 26
RENAMED = {"SalesOrder": {"LastModified": "LastModifiedDateTime"}}
REMOVED = {"StockItem": ("LastModified",), "NonStockItem": ("LastModified",)}
CUSTOMER_STATUS = {"Active": "A", "On Hold": "H", "Credit Hold": "C", "Inactive": "I", "One-Time": "T"}
DROPDOWNS: dict[str, dict[str, Mapping[str, str]]] = {
    "StockItem": {"ItemStatus": STATUS_CODES},
    "NonStockItem": {"ItemStatus": STATUS_CODES},
    "Customer": {"Status": CUSTOMER_STATUS},
    "SalesOrder": {"Status": ORDER_STATUS},
    "Shipment": {"Status": SHIPMENT_STATUS, "Operation": {"Issue": "I", "Receipt": "R"}},
}
DAYS = {
    "SalesOrder": ("Date", "EffectiveDate", "RequestedOn"),
    "Shipment": ("EffectiveDate", "ShipmentDate"),
    "SalesInvoice": ("Date", "DueDate"),
}


def is_contract_5(version: str) -> bool:
    """Return whether an endpoint of that version has contract version 5."""
    return int(version.partition(".")[0]) >= FIRST


def in_contract_5(entity: Entity) -> Entity:
    """Return the entity as in contract version 5."""
    names = RENAMED.get(entity.name, {})
    found: dict[str, Field] = {}
    for name, one in entity.table.fields.items():
        if name in REMOVED.get(entity.name, ()):
            continue
        codes = DROPDOWNS.get(entity.name, {}).get(name)
        if codes is not None:
            found[name] = replace(one, get=_code(one, codes), shown=_dropdown(one, codes))
        elif name in DAYS.get(entity.name, ()):
            found[name] = replace(one, shown=_day(one))
        else:
            found[names.get(name, name)] = replace(one, name=names.get(name, name))
    return replace(entity, table=replace(entity.table, fields=found))


def _code(one: Field, codes: Mapping[str, str]) -> Callable[[Any], Value]:
    return lambda row: codes.get(str(one.get(row)))


def _dropdown(one: Field, codes: Mapping[str, str]) -> Callable[[Any], Any]:
    def show(row: Any) -> Any:
        label = str(one.get(row))
        return {"id": codes[label], "description": label} if label in codes else None

    return show


def _day(one: Field) -> Callable[[Any], Any]:
    def show(row: Any) -> Any:
        value = one.get(row)
        return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else None

    return show


def with_slashes(expand: str) -> str:
    """Return `$expand=A($expand=B),C` as the paths that name both levels: `A,A/B,C`."""
    paths: list[str] = []
    depth, start = 0, 0
    for place, character in enumerate(f"{expand},"):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            name, _, inner = expand[start:place].strip().removesuffix(")").partition("(")
            start = place + 1
            below = with_slashes(inner.removeprefix("$expand=")) if inner.startswith("$expand=") else ""
            paths += [name, *(f"{name}/{one}" for one in below.split(",") if one)] if name else []
    return ",".join(paths)
