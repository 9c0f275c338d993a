"""The documents with which a company starts: customers of several classes, and orders in every state, made by changes.

The same items and number of orders always give the same documents. Orders are of valid customers of the classes
ECOMMERCE and WHOLESALE. Customers that no shop can accept as they are (no e-mail, a repeated e-mail, inactive, guest)
are of the class DEFAULT. The catalogue defines what is available: opening stock is increased by what the documents
take.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox.acumatica.control import apply
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.item_types import Item
from sandbox.acumatica.sample_customers import sample_customers
from sandbox.acumatica.state import HISTORY
from sandbox.acumatica.values import IMPORTED, in_utc

Change = dict[str, Any]
SHELVES = ("MAIN", "EAST", "WEST")
SHIP_VIAS = ("GROUND", "LOCAL", "GROUND", "PICKUP")
USED_ITEMS = 50
BOX_OF = 6
IMPORTED_EVERY = 17
STAGES = ("open", "hold", "shipping", "confirmed", "confirmed", "partial", "invoiced", "done", "done", "canceled")
OTHER_TYPES = {13: "QT", 18: "RC"}


def fill(documents: Documents, count: int) -> None:
    """Add this number of orders to the records, with what belongs to them."""
    if count < 1:
        return
    state = documents.state
    items = [one for one in state.items() if one.stock and one.status == "Active" and one.exported and one.price6]
    chosen = sorted(items, key=lambda item: item.number)[:USED_ITEMS]
    if not chosen:
        raise ValueError("Documents need at least one priced, active stock item.")
    wished = [(row, row.available) for row in state.stock()]
    for change in sample_changes(chosen, count, state.now()):
        apply(documents, change)
    for row, available in wished:
        lift = available - row.available
        row.on_hand, row.available, row.shipping = row.on_hand + lift, available, row.shipping + lift


def sample_changes(items: Sequence[Item], count: int, now: datetime) -> Iterator[Change]:
    """Return the changes that make this number of orders of these items, as of now."""
    start = now - HISTORY
    boxed = items[len(items) // 2]
    if not boxed.conversions:
        conversion = {"from_uom": "BOX", "factor": BOX_OF}
        stamp = in_utc(boxed.modified)
        yield {"set_item": {"inventory_id": boxed.inventory_id, "uom_conversions": [conversion], "modified": stamp}}
    customers = sample_customers(max(count // 4, 4))
    for customer in customers:
        yield {"add_customer": {**customer, "modified": in_utc(start)}}
    sound = [one["customer_id"] for one in customers if one["customer_class"] != "DEFAULT"]
    step = (HISTORY - timedelta(days=3)) / count
    for number in range(1, count + 1):
        yield from _order(number, sound[number // 2 % len(sound)], items, boxed, start + number * step)


def _order(number: int, customer: str, items: Sequence[Item], boxed: Item, moment: datetime) -> Iterator[Change]:
    stage = "confirmed" if _shares(number) else STAGES[number % len(STAGES)]
    kind = "SO" if _shares(number) else OTHER_TYPES.get(number % 20, "SO")
    shelf = SHELVES[number // 2 % len(SHELVES)]
    stamp = in_utc(IMPORTED if number % IMPORTED_EVERY == 0 else moment)
    order: Change = {
        "type": kind,
        "order_nbr": f"{number:06d}",
        "customer_id": customer,
        "branch": "RETAIL" if shelf == "WEST" else "HEADOFFICE",
        "date": f"{moment:%Y-%m-%d}",
        "customer_order": f"PO-{number:05d}" if number % 2 else "",
        "external_ref": f"2{number:09d}" if number % 3 == 0 else "",
        "ship_via": SHIP_VIAS[number // 2 % len(SHIP_VIAS)],
        "warehouse": shelf,
        "payment_method": "CHECK" if number % 4 else "ONLINE",
        "freight": "7.50" if number % 5 else "0",
        "discount": "5.00" if number % 8 == 0 else "0",
        "lines": list(_lines(number, items, boxed)),
        "taxes": [{"id": "NYSTATETAX", "rate": "8.875"}] if number % 2 == 0 else [],
        "status": {"hold": "On Hold", "canceled": "Canceled"}.get(stage, "Open"),
        "modified": stamp,
    }
    yield {"add_order": order}
    if kind == "QT" or stage in ("open", "hold", "canceled"):
        return
    yield from _shipments(number, order, stage, moment)


def _shares(number: int) -> bool:
    """Return whether the order shares one shipment with its neighbour: every tenth pair of orders."""
    return number // 2 % 10 == 2


def _drops(number: int) -> bool:
    return number % 7 == 0 and not _shares(number) and number % 20 not in OTHER_TYPES


def _lines(number: int, items: Sequence[Item], boxed: Item) -> Iterator[Change]:
    for place in range(number % 3 + 1):
        item = items[(number * 3 + place * 7) % len(items)]
        line: Change = {"inventory_id": item.inventory_id, "quantity": str((number + place) % 3 + 1)}
        if number % 9 == 0 and place == 0:
            line["discount_percent"] = "10"
        yield line
    if number % 5 == 0:
        yield {"inventory_id": boxed.inventory_id, "quantity": "2", "uom": "BOX"}
    if _drops(number):
        yield {"inventory_id": items[number % len(items)].inventory_id, "quantity": "1", "drop_ship": True}


def _shipments(number: int, order: Change, stage: str, moment: datetime) -> Iterator[Change]:
    shared = _shares(number)
    if shared and number % 2 == 0:
        return
    numbers = [number - 1, number] if shared else [number]
    shipment = _shipment(number, numbers, order, stage, moment)
    if shipment["orders"] or shipment["lines"]:
        yield {"add_shipment": shipment}
    nbr = shipment["shipment_nbr"]
    if _drops(number):
        yield from _drop_shipment(number, order, moment)
    if stage == "shipping":
        return
    yield {"confirm_shipment": {"shipment_nbr": nbr, "modified": in_utc(moment + timedelta(hours=12))}}
    if stage in ("invoiced", "done"):
        later = in_utc(moment + timedelta(hours=24))
        invoice: Change = {"shipments": [nbr], "reference_nbr": nbr, "date": order["date"], "modified": later}
        yield {"add_invoice": invoice | {"release": stage == "done"}}
    if stage == "done" and number % 4 == 0:
        for entity, key in (("SalesOrder", f"{order['type']}/{order['order_nbr']}"), ("Shipment", nbr)):
            yield {"archive": {"entity": entity, "key": key}}


def _shipment(number: int, numbers: list[int], order: Change, stage: str, moment: datetime) -> Change:
    orders = [{"order_type": order["type"], "order_nbr": f"{one:06d}"} for one in numbers]
    first = order["lines"][0]
    chosen: list[Change] = []
    if stage == "partial":
        chosen = [{**orders[0], "line_nbr": 1, "quantity": "1"}]
    elif len(numbers) == 1 and number % 4 == 0 and int(first["quantity"]) > 1:
        rest = str(int(first["quantity"]) - 1)
        lots = [{"quantity": "1", "lot": f"LOT{number}A"}, {"quantity": rest, "lot": f"LOT{number}B"}]
        chosen = [{**orders[0], "line_nbr": 1, "allocations": lots}]
    return {
        "shipment_nbr": f"{number:06d}",
        "orders": [] if chosen else orders,
        "lines": chosen,
        "warehouse": order["warehouse"],
        "date": order["date"],
        "ship_via": order["ship_via"],
        "packages": list(_packages(number)),
        "modified": in_utc(moment + timedelta(hours=6)),
    }


def _packages(number: int) -> Iterator[Change]:
    tracking = "" if number % 6 == 0 else f"1Z{number:010d}"
    yield {"tracking": tracking, "weight": "1.5", "contents": [{"line": 1}]}
    if number % 10 == 3:
        yield {"tracking": tracking, "weight": "2"}
    elif number % 10 == 7:
        yield {"tracking": f"{tracking or '1Z'}-2", "weight": "2"}


def _drop_shipment(number: int, order: Change, moment: datetime) -> Iterator[Change]:
    nbr, named = f"{number:06d}", {"order_type": order["type"], "order_nbr": order["order_nbr"]}
    vendor_ref = f"VT{number:08d}" if number % 2 else ""
    early: Change = {"date": order["date"], "modified": in_utc(moment + timedelta(hours=3))}
    late: Change = {"date": order["date"], "modified": in_utc(moment + timedelta(hours=9))}
    yield {"add_purchase_order": {**named, "purchase_order": nbr, "vendor_ref": vendor_ref, **early}}
    yield {"add_purchase_receipt": {"purchase_order": nbr, "receipt_nbr": nbr, "release": True, **late}}
