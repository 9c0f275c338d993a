"""What Magento must sell of each SKU, computed from both systems' plain views, one order after the other.

It shares no line with `entities.inventory.salable`. Source: spec, *Learned in the field*, "Salable is what counts".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from settings import Settings

State = Mapping[str, Any]
Place = tuple[str, str]
"""A SKU and a warehouse."""
NONE = Decimal(0)
OVER = ("Canceled", "Rejected", "Expired", "Completed", "Invoiced")
RETURNS_AND_QUOTES = ("QT", "BL", "CM", "RC", "CR", "RM")


def placed_and_open(shop: State) -> list[State]:
    """Return the orders that were placed through a cart and have not ended."""
    return [
        one for one in shop["orders"] if one.get("quote_id") and one["state"] not in ("complete", "closed", "canceled")
    ]


def amounts(order: State) -> dict[str, tuple[Decimal, Decimal]]:
    """Return by SKU what Magento has shipped of an order of simple products, and what it still reserves."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for item in order["items"]:
        ordered, shipped, canceled, refunded = (
            Decimal(str(item.get(name) or 0)) for name in ("qty_ordered", "qty_shipped", "qty_canceled", "qty_refunded")
        )
        before = found.get(item["sku"], (NONE, NONE))
        held = max(NONE, ordered - shipped - canceled - refunded)
        found[item["sku"]] = (before[0] + shipped, before[1] + held)
    return found


def lacking(site: State, settings: Settings, number: str) -> dict[Place, Decimal]:
    """Return by SKU and warehouse what Acumatica has subtracted for its orders that carry a number of the shop."""
    found: dict[Place, Decimal] = {}
    for order in site["orders"]:
        if order["external_ref"] != number or order["order_type"] in RETURNS_AND_QUOTES:
            continue
        for line in order["lines"]:
            if line["operation"] == "Issue" and not line["drop_ship"]:
                place = line["inventory_id"], line["warehouse"]
                found[place] = found.get(place, NONE) + _lacking(site, settings, order, line)
    return found


def _lacking(site: State, settings: Settings, order: State, line: State) -> Decimal:
    figure = settings.inventory.quantity
    if figure == "on_hand":
        return NONE
    confirmed = on_the_way = NONE
    for shipment in site["shipments"]:
        for sent in shipment["lines"] if shipment["status"] != "Canceled" else ():
            same = (sent["order_type"], sent["order_nbr"], sent["order_line_nbr"])
            if same == (order["order_type"], order["order_nbr"], line["line_nbr"]):
                if shipment["confirmed"]:
                    confirmed += Decimal(sent["base_quantity"])
                else:
                    on_the_way += Decimal(sent["base_quantity"])
    over = line["completed"] or order["status"] in OVER
    rest = NONE if over else max(NONE, Decimal(line["base_quantity"]) - confirmed - on_the_way)
    allocated = min(rest, Decimal(line["allocated"]))
    if figure == "available_for_shipping":
        return confirmed + on_the_way + allocated
    rule = site["item_classes"][site["items"][line["inventory_id"]]["item_class"]]
    kind = (
        "prepared" if order["status"] == "On Hold" else "back_ordered" if order["status"] == "Back Order" else "booked"
    )
    kept = on_the_way + allocated if rule["shipping"] else NONE
    return confirmed + kept + (rest - allocated if rule[kind] else NONE)


def added_back(site: State, shop: State, settings: Settings) -> dict[Place, Decimal]:
    """Return by SKU and warehouse how much more than Acumatica's figure is published."""
    found: dict[Place, Decimal] = {}
    if not settings.inventory.add_back_open_orders:
        return found
    for order in placed_and_open(shop):
        lacks = lacking(site, settings, order["increment_id"])
        for sku, (shipped, held) in amounts(order).items():
            left = held
            for place in sorted(place for place in lacks if place[0] == sku):
                gone = min(shipped, lacks[place])
                shipped -= gone
                part = min(left, lacks[place] - gone)
                left -= part
                found[place] = found.get(place, NONE) + part
    return found


def written_off(site: State, shop: State) -> dict[str, Decimal]:
    """By SKU what shipments of somebody else's orders wrote off that came through the API: it was never reserved.

    Of the connector's own the sources show less by it (docs/adr/0007).
    """
    own = {f"{one['order_type']}-{one['order_nbr']}" for one in site["orders"]}
    foreign = {one["entity_id"] for one in shop["orders"] if not one.get("quote_id") and one["increment_id"] not in own}
    found: dict[str, Decimal] = {}
    for shipment in shop["shipments"]:
        for item in shipment["items"] if shipment["order_id"] in foreign else ():
            found[item["sku"]] = found.get(item["sku"], NONE) + Decimal(str(item["qty"]))
    return found


def wrong_salable(
    site: State, shop: State, settings: Settings, wanted: Mapping[Place, Decimal], excused: frozenset[str]
) -> Iterator[str]:
    """Every SKU of which Magento does not sell what it must: what is wanted at its sources, less what it still holds.

    `wanted`: by SKU and source, what is added back included. Where Magento's reservations are higher than what is
    right, no quantity makes up for them: nothing is sold then, because every source is out of stock (docs/adr/0007).
    """
    if not settings.inventory.add_back_open_orders:
        return
    held: dict[str, Decimal] = {}
    for order in placed_and_open(shop):
        for sku, (_shipped, kept) in amounts(order).items():
            held[sku] = held.get(sku, NONE) + kept
    reserved: dict[str, Decimal] = {}
    for row in shop["reservations"]:
        reserved[row["sku"]] = reserved.get(row["sku"], NONE) + Decimal(row["quantity"])
    off = written_off(site, shop)
    current: dict[str, Decimal] = {}
    in_stock: set[str] = set()
    for row in shop["source_items"]:
        if (row["sku"], row["source_code"]) in wanted:
            current[row["sku"]] = current.get(row["sku"], NONE) + Decimal(row["quantity"])
            in_stock |= {row["sku"]} if int(row["status"]) else set()
    for sku in sorted({sku for sku, _source in wanted} - excused):
        sells = max(NONE, current.get(sku, NONE) + reserved.get(sku, NONE))
        figure = sum((amount for place, amount in wanted.items() if place[0] == sku), NONE)
        right = max(NONE, figure - held.get(sku, NONE) + off.get(sku, NONE))
        nothing_helps = not current.get(sku, NONE) and sku not in in_stock and right < reserved.get(sku, NONE)
        if sells != right and not nothing_helps:
            yield f"Magento sells {sells} of {sku}, and must sell {right}"
