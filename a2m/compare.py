"""Compare the sandbox's Magento with its Acumatica: prices and quantities, computed independently of the connector."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from a2m.compare_salable import added_back, salable

PUBLISHED = ("Active", "No Purchases")


def differences(
    acumatica: Mapping[str, Any], magento: Mapping[str, Any], environ: Mapping[str, str]
) -> list[tuple[str, int, int]]:
    """Return (what, compared, wrong) for prices, quantities and salable quantities.

    `acumatica` and `magento` are the answers to `GET /_sandbox/state`; `environ` has the connector's settings.
    """
    items = {key: item for key, item in acumatica["items"].items() if item["status"] in PUBLISHED}
    return [
        ("prices", *_prices(items, magento)),
        ("quantities", *_quantities(items, acumatica, magento, environ)),
        ("for sale", *_salable(items, acumatica, magento, environ)),
    ]


def _prices(items: Mapping[str, Any], magento: Mapping[str, Any]) -> tuple[int, int]:
    desired = {key: Decimal(item["default_price"]) for key, item in items.items() if Decimal(item["default_price"]) > 0}
    current = magento["prices"]
    return len(desired), sum(Decimal(current.get(key, "-1")) != price for key, price in desired.items())


def _quantities(
    items: Mapping[str, Any], acumatica: Mapping[str, Any], magento: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[int, int]:
    desired = _desired_values(items, acumatica, magento, environ)
    current = {(row["sku"], row["source_code"]): Decimal(row["quantity"]) for row in magento["source_items"]}
    whole = {place: max(Decimal(0), quantity // 1) for place, quantity in desired.items()}
    unreserved = _unreserved(magento)
    wrong = sum(quantity != 0 for place, quantity in current.items() if place not in desired)
    wrong += sum(current.get(place, Decimal(0)) != whole[place] for place in desired if place[0] not in unreserved)
    for sku, taken in unreserved.items():
        places = [place for place in desired if place[0] == sku]
        figure = max(Decimal(0), sum((whole[place] for place in places), Decimal(0)) - taken)
        wrong += bool(places) and sum((current.get(place, Decimal(0)) for place in places), Decimal(0)) != figure
    return len(desired), wrong


def _desired_values(
    items: Mapping[str, Any], acumatica: Mapping[str, Any], magento: Mapping[str, Any], environ: Mapping[str, str]
) -> dict[tuple[str, str], Decimal]:
    """Return Acumatica's available quantity by SKU and source, with the open orders of the shop added back."""
    warehouses = json.loads(environ["A2M_INVENTORY__WAREHOUSES"])
    sources = json.loads(environ.get("A2M_INVENTORY__SOURCES", "{}"))
    added = added_back(acumatica, magento)
    desired: dict[tuple[str, str], Decimal] = {}
    for row in acumatica["quantities"]:
        if row["warehouse"] in warehouses and row["inventory_id"] in items:
            place = (row["inventory_id"], sources.get(row["warehouse"], "default"))
            more = added.get((row["inventory_id"], row["warehouse"]), Decimal(0))
            desired[place] = desired.get(place, Decimal(0)) + Decimal(row["available"]) + more
    return desired


def _salable(
    items: Mapping[str, Any], acumatica: Mapping[str, Any], magento: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[int, int]:
    """Compare Magento's salable quantities with what its sources must show, less its open orders."""
    right: dict[str, Decimal] = {}
    desired = _desired_values(items, acumatica, magento, environ)
    for (sku, _source), quantity in desired.items():
        right[sku] = right.get(sku, Decimal(0)) + max(Decimal(0), quantity // 1)
    current = salable(magento, frozenset(source for _sku, source in desired))
    nothing = (Decimal(0), Decimal(0))
    wrong = sum(
        current.get(sku, nothing)[0] != max(Decimal(0), quantity - current.get(sku, nothing)[1])
        for sku, quantity in right.items()
    )
    return len(right), wrong


def _unreserved(magento: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what was shipped of orders that Magento never reserved; its sources must show less by this (ADR 0007)."""
    ours = {order["entity_id"] for order in magento.get("orders", ()) if order.get("ext_order_id")}
    taken: dict[str, Decimal] = {}
    for shipment in magento.get("shipments", ()):
        for item in shipment["items"] if shipment["order_id"] in ours else ():
            taken[item["sku"]] = taken.get(item["sku"], Decimal(0)) + Decimal(item["qty"])
    return taken
