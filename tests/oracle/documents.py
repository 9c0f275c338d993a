"""Which customers, orders and shipments Magento must have, computed from what Acumatica holds, one after the other.

Input: both systems' plain views (`GET /_sandbox/state`), the settings, and the Acumatica keys whose messages failed.
Output: what is wrong, in words: what is missing, what is there twice, what differs. It knows neither
`entities` nor `a2m.compare_documents`. Source: spec, *Rules of the field*, "Documents", "Customers", "Orders".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from settings import Settings

State = Mapping[str, Any]
NO_SALE = ("QT", "RM", "RC", "CM", "CR", "TR", "BL")


def wrong_customers(site: State, shop: State, settings: Settings, excused: frozenset[str]) -> Iterator[str]:
    """Yield each customer of a chosen class who is not in the shop exactly once, with group, name and address."""
    chosen = settings.customer
    for key, one in site["customers"].items():
        left_out = one["guest"] or one["status"] in ("Inactive", "One-Time")
        if one["customer_class"] not in chosen.classes or left_out or key in excused:
            continue
        there = [account for account in shop["customers"] if account["email"].lower() == one["email"].lower()]
        if len(there) != 1:
            yield f"customer {key} is in the shop {len(there)} times"
            continue
        group = shop["customer_groups"][str(there[0]["group_id"])]
        if group != chosen.groups[one["customer_class"]]:
            yield f"customer {key} is in the group {group}"
        name = _name(one)
        if (there[0]["firstname"], there[0]["lastname"]) != name:
            yield f"customer {key} is called {there[0]['firstname']} {there[0]['lastname']}, not {name}"
        where = one["main_contact"]["Address"]
        current = [(" ".join(a["street"]), a["city"], a["postcode"], a["country_id"]) for a in there[0]["addresses"]]
        if current.count((where["AddressLine1"], where["City"], where["PostalCode"], where["Country"])) != 1:
            yield f"customer {key} does not live at {where['AddressLine1']} once: {current}"


def _name(customer: State) -> tuple[str, str]:
    for contact in (customer["primary_contact"] or {}, customer["main_contact"]):
        if contact.get("FirstName") and contact.get("LastName"):
            return contact["FirstName"], contact["LastName"]
    first, _blank, rest = customer["name"].partition(" ")
    return first, rest.strip() or first


def wrong_orders(site: State, shop: State, settings: Settings, excused: frozenset[str]) -> Iterator[str]:
    """Yield each order that is not in the shop exactly once, with its lines, total, status and invoices."""
    for one in site["orders"]:
        key = f"{one['order_type']} {one['order_nbr']}"
        if one["order_type"] not in settings.order.types or one["order_type"] in NO_SALE or key in excused:
            continue
        number = one["external_ref"] or key.replace(" ", "-")
        there = [order for order in shop["orders"] if order["increment_id"] == number]
        wanted = settings.order.statuses.get(one["status"])
        if wanted == "canceled" and not one["external_ref"] and not there:
            continue  # nobody in the shop ever saw it
        if len(there) != 1:
            yield f"order {key} is in the shop {len(there)} times"
            continue
        yield from _wrong_order(key, one, there[0], wanted)
        if settings.order.invoice == "offline":
            yield from _wrong_invoices(key, site, shop, there[0])


def _wrong_order(key: str, one: State, order: State, wanted: str | None) -> Iterator[str]:
    if not one["external_ref"]:
        if Decimal(order["grand_total"]) != Decimal(one["order_total"]):
            yield f"order {key} costs {order['grand_total']}, not {one['order_total']}"
        ordered = _summed((line["inventory_id"], line["base_quantity"]) for line in one["lines"])
        current = _summed((item["sku"], item["qty_ordered"]) for item in order["items"])
        if ordered != current:
            yield f"order {key} has {current}, not {ordered}"
    lines = [(Decimal(i["qty_ordered"]), Decimal(i["qty_shipped"]), Decimal(i["qty_invoiced"])) for i in order["items"]]
    is_open = any(min(shipped, invoiced) < ordered for ordered, shipped, invoiced in lines)
    has_begun = any(shipped or invoiced for _ordered, shipped, invoiced in lines)
    # Magento completes an order when all of it is shipped and invoiced there, and an invoice moves a new one on
    on_its_way = order["status"] == "processing" and (
        (wanted == "complete" and is_open) or (wanted == "pending" and has_begun)
    )
    if wanted is not None and order["status"] != wanted and not on_its_way:
        yield f"order {key} is {order['status']}, not {wanted}"
    ours = [c["comment"] for c in order["comments"] if (c["comment"] or "").startswith(f"Acumatica {key}: ")]
    if any(first == second for first, second in pairwise(ours)):
        yield f"order {key} was told the same twice: {ours}"


def _wrong_invoices(key: str, site: State, shop: State, order: State) -> Iterator[str]:
    lines = [line for one in site["invoices"] if one["released"] for line in one["lines"]]
    wanted = _summed((w["inventory_id"], w["quantity"]) for w in lines if f"{w['order_type']} {w['order_nbr']}" == key)
    made = [one for one in shop["invoices"] if one["order_id"] == order["entity_id"]]
    current = _summed((item["sku"], item["qty"]) for one in made for item in one["items"])
    if wanted != current:
        yield f"of order {key} {current} is invoiced, not {wanted}"


def wrong_shipments(site: State, shop: State, settings: Settings, excused: frozenset[str]) -> Iterator[str]:
    """Every shipment that is not in the shop once for each of its orders, and every one of ours too many."""
    made: dict[str, list[State]] = {}
    for shipment in shop["shipments"]:
        for comment in shipment["comments"]:
            made.setdefault(comment["comment"] or "", []).append(shipment)
    known = set()
    for record, number, order, lines, tracks in _due_shipments(site, settings):
        mark = f"Acumatica {record} {number}, order {order}"
        known.add(mark)
        if number in excused or f"Receipt {number}" in excused:
            continue
        there = made.get(mark, [])
        if len(there) != 1:
            yield f"{mark} was made {len(there)} times"
            continue
        wanted = _summed((line["inventory_id"], line.get("base_quantity", line["quantity"])) for line in lines)
        current = _summed((item["sku"], item["qty"]) for item in there[0]["items"])
        if current != wanted:
            yield f"{mark} has {current}, not {wanted}"
        shown_tracks = sorted(track["track_number"] for track in there[0]["tracks"])
        if shown_tracks != sorted(tracks):
            yield f"{mark} has the tracks {shown_tracks}, not {sorted(tracks)}"
    for mark in made.keys() - known:
        if mark.startswith(("Acumatica shipment ", "Acumatica receipt ")):
            yield f"{mark} was made, and Acumatica has no such shipment"


def _due_shipments(site: State, settings: Settings) -> Iterator[tuple[str, str, str, list[State], set[str]]]:
    """Yield (record, its number, the order, its lines of that order, its tracking numbers) of all shipments due."""
    by_invoice = settings.shipment.trigger == "invoice_release"
    released = {
        (line["shipment_nbr"], f"{line['order_type']} {line['order_nbr']}")
        for one in site["invoices"]
        if one["released"]
        for line in one["lines"]
    }
    for one in site["shipments"]:
        if not one["confirmed"] or one["operation"] != "Issue" or one["to_warehouse"]:
            continue
        for order, lines in _by_order(one["lines"]).items():
            if not by_invoice or (one["shipment_nbr"], order) in released:
                yield "shipment", one["shipment_nbr"], order, lines, _tracks(one, order)
    references = {one["purchase_order"]: one["vendor_ref"] for one in site["purchase_orders"]}
    for one in site["purchase_receipts"]:
        if one["released"]:
            for order, lines in _by_order(line for line in one["lines"] if line["order_nbr"]).items():
                own = {one["vendor_ref"] or references[line["purchase_order"]] for line in lines}
                yield "receipt", one["receipt_nbr"], order, lines, own - {""}


def _tracks(shipment: State, order: str) -> set[str]:
    """Return the tracking numbers of packages with goods of the order or with unknown content."""
    return {
        package["tracking"]
        for package in shipment["packages"]
        if package["tracking"]
        and order in ({f"{c['order_type']} {c['order_nbr']}" for c in package["contents"]} or {order})
    }


def _by_order(lines: Iterable[State]) -> dict[str, list[State]]:
    found: dict[str, list[State]] = {}
    for line in lines:
        found.setdefault(f"{line['order_type']} {line['order_nbr']}", []).append(line)
    return found


def _summed(amounts: Iterable[tuple[str, str]]) -> Counter[str]:
    found: dict[str, Decimal] = {}
    for sku, amount in amounts:
        found[sku] = found.get(sku, Decimal(0)) + Decimal(amount)
    return Counter({sku: amount for sku, amount in found.items() if amount})  # type: ignore[misc]
