"""Salable quantities of the sandbox while orders are open, computed independently of the connector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

State = Mapping[str, Any]
Amounts = dict[tuple[str, str], Decimal]
NOTHING = Decimal(0)
ENDED = ("complete", "closed", "canceled")
OVER = ("Canceled", "Rejected", "Expired", "Completed", "Invoiced")


def added_back(acumatica: State, magento: State) -> Amounts:
    """Return what Magento's sources show in excess of Acumatica's available quantity, by SKU and warehouse."""
    found: Amounts = {}
    for order in _open_orders(magento):
        lacks = _lacking(acumatica, order["increment_id"])
        for item in order["items"]:
            left, shipped = _reserved(item), Decimal(str(item.get("qty_shipped") or 0))
            for place in sorted(place for place in lacks if place[0] == item["sku"]):
                deducted = min(shipped, lacks[place])
                shipped -= deducted
                part = min(left, lacks[place] - deducted)
                left -= part
                found[place] = found.get(place, NOTHING) + part
    return found


def salable(magento: State, sources: frozenset[str]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return Magento's salable quantity at these sources and the quantity that its open orders reserve, by SKU."""
    quantities: dict[str, Decimal] = {}
    for row in magento["source_items"]:
        if row["source_code"] in sources:
            quantities[row["sku"]] = quantities.get(row["sku"], NOTHING) + Decimal(row["quantity"])
    for row in magento["reservations"]:
        quantities[row["sku"]] = quantities.get(row["sku"], NOTHING) + Decimal(row["quantity"])
    reserved: dict[str, Decimal] = {}
    for order in _open_orders(magento):
        for item in order["items"]:
            reserved[item["sku"]] = reserved.get(item["sku"], NOTHING) + _reserved(item)
    return {sku: (max(NOTHING, quantity), reserved.get(sku, NOTHING)) for sku, quantity in quantities.items()}


def _open_orders(magento: State) -> Iterator[State]:
    """Yield the open orders that were made from a cart, because only these are reserved in Magento."""
    for order in magento.get("orders", ()):
        if order.get("quote_id") and order["state"] not in ENDED:
            yield order


def _reserved(item: State) -> Decimal:
    ordered, *released = (
        Decimal(str(item.get(name) or 0)) for name in ("qty_ordered", "qty_shipped", "qty_canceled", "qty_refunded")
    )
    return max(NOTHING, ordered - sum(released))


def _lacking(acumatica: State, number: str) -> Amounts:
    """Return what Acumatica's available quantity lacks because of the orders with a number of the shop, by SKU and
    warehouse.
    """
    found: Amounts = {}
    for order in acumatica.get("orders", ()):
        for line in order["lines"] if order["external_ref"] == number else ():
            if line["operation"] == "Issue" and not line["drop_ship"] and Decimal(line["quantity"]):
                shipped = Decimal(line["shipped_quantity"])
                is_over = line["completed"] or order["status"] in OVER
                rest = NOTHING if is_over or not _is_deducted(acumatica, order, line) else Decimal(line["quantity"])
                unit = Decimal(line["base_quantity"]) / Decimal(line["quantity"])
                place = line["inventory_id"], line["warehouse"]
                found[place] = found.get(place, NOTHING) + max(shipped, rest) * unit
    return found


def _is_deducted(acumatica: State, order: State, line: State) -> bool:
    rule = acumatica["item_classes"][acumatica["items"][line["inventory_id"]]["item_class"]]
    kinds = {"On Hold": "prepared", "Back Order": "back_ordered"}
    return bool(rule[kinds.get(order["status"], "booked")])
