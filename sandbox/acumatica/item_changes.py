"""Changes that a test may make to items: their form, quantities in warehouses, cross-references, and their id.

All given values are read before any is set, so that a wrong value changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.acumatica.availability import restamping
from sandbox.acumatica.customer_changes import attribute
from sandbox.acumatica.given import Given, item_of, known, moment_of, site_of
from sandbox.acumatica.item_types import Item
from sandbox.acumatica.state import STATUS_CODES, State
from sandbox.acumatica.stock_items import SETTABLE
from sandbox.acumatica.values import PRICE_PLACES, QUANTITY_PLACES, Value, price, scaled, stamped

FIGURES = {"available": "available", "on_hand": "on_hand", "available_for_shipping": "shipping"}
NOT_ASSIGNED = ("inventory_id", "modified", "stock", "quantities", "vendor_quantity")


def _set_quantity(state: State, given: Given) -> dict[str, Any]:
    item, moment = item_of(state, given), moment_of(state, given)
    wanted = {
        field: scaled(given[name], QUANTITY_PLACES, name)
        for name, field in FIGURES.items()
        if given.get(name) is not None
    }
    if not wanted:
        raise ValueError("no quantity is given.")
    row = state.stock_row(item, str(given["warehouse"]))
    first = next(iter(wanted))
    moved = wanted[first] - getattr(row, first)
    for field in FIGURES.values():
        setattr(row, field, wanted.get(field, getattr(row, field) + moved))
    row.modified = moment
    state.changed()
    return {}


def _set_price(state: State, given: Given) -> dict[str, Any]:
    item, moment = item_of(state, given), moment_of(state, given)
    item.price6 = scaled(given["price"], PRICE_PLACES, "price")
    item.modified, item.fresh = moment, False
    state.changed()
    return {"inventory_id": item.inventory_id}


def _status(value: Any) -> str:
    if value not in STATUS_CODES:
        raise ValueError(f"status {value!r} is none of {', '.join(STATUS_CODES)}.")
    return str(value)


PLAIN: dict[str, Callable[[Any], Any]] = {
    "status": _status,
    "description": str,
    "exported": bool,
    "base_uom": str,
    "sales_uom": str,
    "purchase_uom": str,
    "custom": dict,
    "attributes": lambda rows: [attribute(one) for one in rows],
}


def _set_item(state: State, given: Given) -> dict[str, Any]:
    item, moment = item_of(state, given), moment_of(state, given)
    _assign(state, item, _wanted(item.base_uom, given))
    item.modified, item.fresh = moment, False
    state.changed()
    return {"inventory_id": item.inventory_id}


def _wanted(base_uom: str, given: Given) -> dict[str, Any]:
    """Return the given values by the names of an item's fields: those of its form in `extra`, its class by the code."""
    wanted: dict[str, Any] = {"extra": {}}
    for name, value in given.items():
        if name in PLAIN:
            wanted[name] = PLAIN[name](value)
        elif name == "item_class":
            wanted[name] = str(value)
        elif name == "price":
            wanted["price6"] = scaled(value, PRICE_PLACES, "price")
        elif name == "uom_conversions":
            wanted["conversions"] = [_conversion(str(given.get("base_uom") or base_uom), one) for one in value]
        elif name in SETTABLE:
            wanted["extra"][name] = _extra(name, value)
        elif name not in NOT_ASSIGNED:
            raise ValueError(f"an item has no {name!r}.")
    return wanted


def _assign(state: State, item: Item, wanted: Mapping[str, Any]) -> None:
    with restamping(state, [item]):
        for name, value in wanted.items():
            if name == "item_class":
                item.item_class = state.item_class(value, stamped(state.now()))
            else:
                setattr(item, name, item.extra | value if name == "extra" else value)


def _extra(name: str, value: Any) -> Value:
    if SETTABLE[name] == "Decimal":
        return price(scaled(value, PRICE_PLACES, name))
    return bool(value) if SETTABLE[name] == "Boolean" else str(value)


def _conversion(base_uom: str, given: Given) -> dict[str, Value]:
    known(given, "from_uom to_uom factor multiply_or_divide", "a conversion of units")
    factor = scaled(given["factor"], PRICE_PLACES, "factor")
    if factor <= 0:
        raise ValueError(f"factor {given['factor']!r} is not above 0.")
    return {
        "FromUOM": str(given["from_uom"]),
        "ToUOM": str(given.get("to_uom") or base_uom),
        "MultiplyOrDivide": str(given.get("multiply_or_divide", "Multiply")),
        "ConversionFactor": price(factor),
    }


def _add_item(state: State, given: Given) -> dict[str, Any]:
    code, moment = str(given["inventory_id"]), moment_of(state, given)
    wanted = {"description": code} | _wanted("EA", given)
    vendor4 = scaled(given.get("vendor_quantity", 0), QUANTITY_PLACES, "vendor_quantity")
    quantities = {
        site_of(state, warehouse).code: scaled(available, QUANTITY_PLACES, "quantities")
        for warehouse, available in dict(given.get("quantities") or {}).items()
    }
    item_class = str(given.get("item_class") or "ALLOTHER")
    item = state.add_item(code, moment, description=code, item_class=item_class)
    item.stock, item.vendor4 = bool(given.get("stock", True)), vendor4
    _assign(state, item, wanted)
    for warehouse, available in quantities.items():
        row = state.stock_row(item, warehouse)
        row.on_hand = row.free = row.hard = available
        row.modified = moment
    state.changed(keys=True)
    return {"inventory_id": item.inventory_id}


def _remove_item(state: State, given: Any) -> dict[str, Any]:
    item = item_of(state, given if isinstance(given, Mapping) else {"inventory_id": given})
    state.remove_item(item, stamped(state.now()))
    return {"inventory_id": item.inventory_id}


def _change_id(state: State, given: Given) -> dict[str, Any]:
    """Give the item another Inventory ID (Change ID). Its NoteID, stock, prices and documents stay."""
    known(given, "inventory_id new_id stamped modified", "a change of an ID")
    item, moment = item_of(state, given), moment_of(state, given)
    state.rename_item(item, str(given["new_id"]))
    if given.get("stamped", True):
        item.modified, item.fresh = moment, False
    return {"inventory_id": item.inventory_id, "id": item.note_id}


def _set_vendor_quantity(state: State, given: Given) -> dict[str, Any]:
    item = item_of(state, given)
    item.vendor4 = scaled(given["quantity"], QUANTITY_PLACES, "quantity")
    state.changed()
    return {"inventory_id": item.inventory_id}


def _set_cross_reference(state: State, given: Given) -> dict[str, Any]:
    item, moment = item_of(state, given), moment_of(state, given)
    row: dict[str, Value] = {
        "AlternateID": str(given["alternate_id"]),
        "AlternateType": str(given.get("alternate_type", "Global")),
        "Description": str(given.get("description", "")),
        "UOM": str(given.get("uom", "")),
        "VendorOrCustomer": str(given.get("vendor_or_customer", "")),
    }
    same = ("AlternateID", "AlternateType", "VendorOrCustomer")
    kept = [one for one in item.cross_references if any(one[name] != row[name] for name in same)]
    item.cross_references = kept if given.get("remove") else [*kept, row]
    item.modified, item.fresh = moment, False
    state.changed()
    return {"inventory_id": item.inventory_id}


ITEM_CHANGES: dict[str, Callable[[State, Any], dict[str, Any]]] = {
    "set_quantity": _set_quantity,
    "set_price": _set_price,
    "set_item": _set_item,
    "add_item": _add_item,
    "remove_item": _remove_item,
    "change_id": _change_id,
    "set_vendor_quantity": _set_vendor_quantity,
    "set_cross_reference": _set_cross_reference,
}
