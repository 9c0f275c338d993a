"""Changes that a test may make to sales prices and the clock, and the plain view of items, quantities and prices."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.acumatica.availability import RULE_CHANGES, rules_view
from sandbox.acumatica.given import Given, day_of, item_of, moment_of
from sandbox.acumatica.item_changes import ITEM_CHANGES
from sandbox.acumatica.item_types import Item, SalesPrice
from sandbox.acumatica.state import CURRENCY, PRICE_TYPES, TAX_MODES, VENDOR, State
from sandbox.acumatica.values import (
    PRICE_PLACES,
    QUANTITY_PLACES,
    in_utc,
    plain,
    scaled,
    stamped,
)


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


def _advance(state: State, given: Any) -> dict[str, Any]:
    state.advance(float(given))
    return {"now": in_utc(state.now())}


CHANGES: dict[str, Callable[[State, Any], dict[str, Any]]] = {
    "add_sales_price": _add_sales_price,
    "set_sales_price": _set_sales_price,
    "remove_sales_price": _remove_sales_price,
    "advance_seconds": _advance,
    **ITEM_CHANGES,
    **RULE_CHANGES,
}


def view(state: State) -> dict[str, Any]:
    """Return the records as plain data, with quantities and prices as decimal texts."""
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
