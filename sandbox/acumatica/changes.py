"""What a test may change of items, quantities and prices, and the plain view of what the company holds of them."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.acumatica.availability import RULE_CHANGES, restamping, rules_view
from sandbox.acumatica.given import Given, day_of, item_of, moment_of
from sandbox.acumatica.item_types import Item, SalesPrice
from sandbox.acumatica.state import CURRENCY, PRICE_TYPES, STATUS_CODES, TAX_MODES, VENDOR, State
from sandbox.acumatica.stock_items import SETTABLE
from sandbox.acumatica.values import (
    PRICE_PLACES,
    QUANTITY_PLACES,
    Value,
    in_utc,
    plain,
    price,
    scaled,
    stamped,
)


def _set_quantity(state: State, given: Given) -> dict[str, Any]:
    row = state.stock_row(item_of(state, given), str(given["warehouse"]))
    names = {"available": "available", "on_hand": "on_hand", "available_for_shipping": "shipping"}
    wanted = {
        field: scaled(given[name], QUANTITY_PLACES, name)
        for name, field in names.items()
        if given.get(name) is not None
    }
    if not wanted:
        raise ValueError("no quantity is given.")
    first = next(iter(wanted))
    moved = wanted[first] - getattr(row, first)
    for field in names.values():
        setattr(row, field, wanted.get(field, getattr(row, field) + moved))
    row.modified = moment_of(state, given)
    state.changed()
    return {}


def _set_price(state: State, given: Given) -> dict[str, Any]:
    item = item_of(state, given)
    item.price6 = scaled(given["price"], PRICE_PLACES, "price")
    return _touched(state, item, given)


def _touched(state: State, item: Item, given: Given) -> dict[str, Any]:
    item.modified, item.fresh = moment_of(state, given), False
    state.changed()
    return {"inventory_id": item.inventory_id}


def _add_sales_price(state: State, given: Given) -> dict[str, Any]:
    item, moment = item_of(state, given), moment_of(state, given)
    kind = str(given.get("price_type", "Base"))
    if kind not in PRICE_TYPES:
        raise ValueError(f"price_type {kind!r} is none of {', '.join(PRICE_TYPES)}.")
    tax_mode = str(given.get("tax_mode") or "Tax Settings")
    if tax_mode not in TAX_MODES:
        raise ValueError(f"tax_mode {tax_mode!r} is none of {', '.join(TAX_MODES)}.")
    code = str(given.get("price_code") or "")
    site = state.sites[given["warehouse"]] if given.get("warehouse") else None
    row = SalesPrice(
        record_id=state.next_price(),
        item=item,
        price6=scaled(given["price"], PRICE_PLACES, "price"),
        price_type=kind,
        price_code=code,
        promotion=bool(given.get("promotion", False)),
        break4=scaled(given.get("break_quantity") or 0, QUANTITY_PLACES, "break_quantity"),
        currency=str(given.get("currency") or CURRENCY),
        uom=str(given.get("uom") or item.sales_uom),
        tax_mode=tax_mode,
        effective=day_of(given, "effective"),
        expiration=day_of(given, "expiration"),
        site=site,
        note_id=state.guid(),
        created=moment,
        modified=moment,
    )
    if kind == "Customer Price Class":
        state.price_classes.setdefault(code, moment)
    state.prices[row.record_id] = row
    state.changed()
    return {"record_id": row.record_id}


def _set_sales_price(state: State, given: Given) -> dict[str, Any]:
    row = state.prices[int(given["record_id"])]
    row.price6 = scaled(given.get("price", plain(row.price6, PRICE_PLACES)), PRICE_PLACES, "price")
    row.effective = day_of(given, "effective") if "effective" in given else row.effective
    row.expiration = day_of(given, "expiration") if "expiration" in given else row.expiration
    row.modified = moment_of(state, given)
    state.changed()
    return {"record_id": row.record_id}


def _remove_sales_price(state: State, given: Any) -> dict[str, Any]:
    record_id = int(given["record_id"] if isinstance(given, Mapping) else given)
    state.remove_price(record_id, stamped(state.now()))
    return {"record_id": record_id}


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
    "attributes": list,
}


def _set_item(state: State, given: Given) -> dict[str, Any]:
    item = item_of(state, given)
    _assign(state, item, given)
    return _touched(state, item, given)


def _assign(state: State, item: Item, given: Given) -> None:
    for name, value in given.items():
        if name in PLAIN:
            setattr(item, name, PLAIN[name](value))
        elif name == "item_class":
            with restamping(state, [item]):
                item.item_class = state.item_class(str(value), stamped(state.now()))
        elif name == "price":
            item.price6 = scaled(value, PRICE_PLACES, "price")
        elif name == "uom_conversions":
            item.conversions = [_conversion(item, one) for one in value]
        elif name in SETTABLE:
            item.extra[name] = _extra(name, value)
        elif name not in ("inventory_id", "modified", "stock", "quantities", "vendor_quantity"):
            raise ValueError(f"an item has no {name!r}.")


def _extra(name: str, value: Any) -> Value:
    if SETTABLE[name] == "Decimal":
        return price(scaled(value, PRICE_PLACES, name))
    return bool(value) if SETTABLE[name] == "Boolean" else str(value)


def _conversion(item: Item, given: Given) -> dict[str, Value]:
    return {
        "FromUOM": str(given["from_uom"]),
        "ToUOM": str(given.get("to_uom") or item.base_uom),
        "MultiplyOrDivide": str(given.get("multiply_or_divide", "Multiply")),
        "ConversionFactor": price(scaled(given["factor"], PRICE_PLACES, "factor")),
    }


def _add_item(state: State, given: Given) -> dict[str, Any]:
    item = state.add_item(
        str(given["inventory_id"]),
        moment_of(state, given),
        description=str(given.get("description", given["inventory_id"])),
        item_class=str(given.get("item_class", "ALLOTHER")),
    )
    item.stock = bool(given.get("stock", True))
    _assign(state, item, given)
    item.vendor4 = scaled(given.get("vendor_quantity", 0), QUANTITY_PLACES, "vendor_quantity")
    for warehouse, available in given.get("quantities", {}).items():
        moved = {"inventory_id": item.inventory_id, "warehouse": warehouse, "available": available}
        _set_quantity(state, moved | {name: given[name] for name in ("modified",) if name in given})
    state.changed(keys=True)
    return {"inventory_id": item.inventory_id}


def _remove_item(state: State, given: Any) -> dict[str, Any]:
    item = item_of(state, given if isinstance(given, Mapping) else {"inventory_id": given})
    state.remove_item(item, stamped(state.now()))
    return {"inventory_id": item.inventory_id}


def _set_vendor_quantity(state: State, given: Given) -> dict[str, Any]:
    item = item_of(state, given)
    item.vendor4 = scaled(given["quantity"], QUANTITY_PLACES, "quantity")
    state.changed()
    return {"inventory_id": item.inventory_id}


def _set_cross_reference(state: State, given: Given) -> dict[str, Any]:
    item = item_of(state, given)
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
    return _touched(state, item, given)


def _advance(state: State, given: Any) -> dict[str, Any]:
    state.advance(float(given))
    return {"now": in_utc(state.now())}


CHANGES: dict[str, Callable[[State, Any], dict[str, Any]]] = {
    "set_quantity": _set_quantity,
    "set_price": _set_price,
    "add_sales_price": _add_sales_price,
    "set_sales_price": _set_sales_price,
    "remove_sales_price": _remove_sales_price,
    "set_item": _set_item,
    "add_item": _add_item,
    "remove_item": _remove_item,
    "set_vendor_quantity": _set_vendor_quantity,
    "set_cross_reference": _set_cross_reference,
    "advance_seconds": _advance,
    **RULE_CHANGES,
}


def view(state: State) -> dict[str, Any]:
    """Take the records; give them plainly, quantities and prices as decimal texts."""
    return {
        "now": in_utc(state.now()),
        "item_classes": rules_view(state),
        "items": {item.inventory_id: _item_view(item) for item in state.items()},
        "quantities": [
            {
                "inventory_id": row.item.inventory_id,
                "warehouse": row.site.code,
                "on_hand": plain(row.on_hand, QUANTITY_PLACES),
                "available": plain(row.available, QUANTITY_PLACES),
                "available_for_shipping": plain(row.shipping, QUANTITY_PLACES),
            }
            for item in state.items()
            for row in state.stock_of(item)
        ],
        "vendor_quantities": [
            {
                "inventory_id": item.inventory_id,
                "warehouse": VENDOR,
                "quantity": plain(item.vendor4, QUANTITY_PLACES),
            }
            for item in state.items()
            if item.vendor4 > 0
        ],
        "sales_prices": [_price_view(row) for row in state.price_rows()],
    }


def _item_view(item: Item) -> dict[str, Any]:
    return {
        "sku": item.inventory_id,
        "description": item.description,
        "stock": item.stock,
        "status": item.status,
        "item_class": item.item_class.code,
        "exported": item.exported,
        "default_price": plain(item.price6, PRICE_PLACES),
        "base_uom": item.base_uom,
        "sales_uom": item.sales_uom,
        "modified": in_utc(item.modified),
    }


def _price_view(row: SalesPrice) -> dict[str, Any]:
    return {
        "record_id": row.record_id,
        "inventory_id": row.item.inventory_id,
        "price": plain(row.price6, PRICE_PLACES),
        "price_type": row.price_type,
        "price_code": row.price_code,
        "promotion": row.promotion,
        "break_quantity": plain(row.break4, QUANTITY_PLACES),
        "currency": row.currency,
        "uom": row.uom,
        "effective": row.effective.isoformat() if row.effective else None,
        "expiration": row.expiration.isoformat() if row.expiration else None,
        "warehouse": row.site.code if row.site else None,
        "modified": in_utc(row.modified),
    }
