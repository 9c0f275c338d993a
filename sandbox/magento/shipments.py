"""Shipments: made for an order, read by id and by search criteria, and given more tracking numbers.

Shipping is not safe to repeat. Without a source, the only one of the website's stock is used, else `default`. Source:
magento-observed.md, "Shipments" and part two, section 1; recordings of shipments, orders and nonsimple-shipments.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.deduction import NotEnough, deduct
from sandbox.magento.errors import Refusal
from sandbox.magento.order_states import after_shipping
from sandbox.magento.orders import order_of
from sandbox.magento.reservations import SHIPPED, reserve, stock_of
from sandbox.magento.routes import Call, Route
from sandbox.magento.sales_records import Line, Order, Shipment
from sandbox.magento.sales_tables import SHIPMENT, SHIPMENT_ITEM, TRACK, Row, columns_of, json_value, money
from sandbox.magento.search import SEARCH, found, result
from sandbox.magento.shipment_rules import Taken, deductions, faults, register, taken, total, wanted
from sandbox.magento.state import DEFAULT_SOURCE, Shop
from sandbox.magento.typed import BOOL, INT, TEXT, Data, Parameter, anything, listed

NOT_SAVED = "Could not save a shipment, see error log for details"
NO_TRACK = "Could not save the shipment tracking."
INVALID = "Shipment Document Validation Error(s):\n"
_SALES = "Magento\\Sales\\Api\\Data\\"
ITEM_DATA = Data(
    f"{_SALES}ShipmentItemCreationInterface",
    {"order_item_id": INT, "qty": money, "extension_attributes": anything},
)
TRACK_DATA = Data(
    f"{_SALES}ShipmentTrackCreationInterface",
    {"track_number": TEXT, "title": TEXT, "carrier_code": TEXT, "extension_attributes": anything},
)
COMMENT_DATA = Data(
    f"{_SALES}ShipmentCommentCreationInterface",
    {"comment": TEXT, "is_visible_on_front": INT, "extension_attributes": anything},
)
ARGUMENTS_DATA = Data(
    f"{_SALES}ShipmentCreationArgumentsInterface",
    {"extension_attributes": Data(f"{_SALES}ShipmentCreationArgumentsExtensionInterface", {"source_code": TEXT})},
)
COLUMNS = columns_of(SHIPMENT)


def ship(call: Call) -> str:
    """Ship lines of an order; return the shipment's id."""
    shop, given = call.shop, call.given
    order = order_of(shop, given["orderId"])
    items, tracks = given["items"] or [], given["tracks"] or []
    lines = taken(order, wanted(order, items))
    found_faults = faults(order, items, lines, tracks)
    if found_faults:
        raise Refusal(400, INVALID + "\n".join(found_faults))
    shipment = _document(shop, order, lines, given)
    if any(not {"title", "carrier_code"} <= set(track) for track in tracks):
        raise Refusal(400, NOT_SAVED)
    moved = deductions(shop, lines)
    if shipment.source_code is not None:
        try:
            deduct(shop, shipment.source_code, moved)
        except NotEnough:
            raise Refusal(400, NOT_SAVED) from None
        reserve(shop, order, moved, SHIPPED)
        shipment.moved = moved
    _put_items(shop, shipment, lines)
    for track in tracks:
        add_track(shop, shipment, track)
    register(shop, lines)
    shop.sales.shipments[shipment.row["entity_id"]] = shipment
    after_shipping(shop, order)
    return str(shipment.row["entity_id"])


def _document(shop: Shop, order: Order, lines: Taken, given: dict[str, Any]) -> Shipment:
    row = {
        "entity_id": shop.next_id("shipment"),
        "increment_id": shop.sales.increment("shipment"),
        "order_id": order.id,
        "store_id": order.row.get("store_id"),
        "customer_id": order.row.get("customer_id"),
        "billing_address_id": order.row.get("billing_address_id"),
        "shipping_address_id": (order.address("shipping") or {}).get("entity_id"),
        "total_qty": total(lines),
        "email_sent": 1 if given["notify"] else None,
        "created_at": shop.now(),
        "updated_at": shop.now(),
    }
    extension = (given["arguments"] or {}).get("extension_attributes") or {}
    source = extension.get("source_code")
    if source is None:
        source = _usual_source(shop, order)
    shipment = Shipment(SHIPMENT.stored(row), source if shop.settings.msi else None)
    comment = given["comment"] or {}
    if comment.get("comment"):
        told = {"is_customer_notified": int(bool(given["appendComment"] and given["notify"])), **comment}
        add_comment(shop, shipment, told)
    return shipment


def _usual_source(shop: Shop, order: Order) -> str:
    """Return where a shipment is taken from that names no source: the stock's only source, else `default`."""
    stock = stock_of(shop, order)
    codes = list(stock.sources) if stock is not None else []
    return codes[0] if len(codes) == 1 else DEFAULT_SOURCE


def add_comment(shop: Shop, shipment: Shipment, given: dict[str, Any]) -> Row:
    """Add a comment to a shipment."""
    row = {
        "is_customer_notified": given.get("is_customer_notified") or 0,
        "parent_id": shipment.row["entity_id"],
        "comment": given["comment"],
        "is_visible_on_front": given.get("is_visible_on_front") or 0,
        "created_at": shop.now(),
        "entity_id": shop.next_id("shipment comment"),
    }
    shipment.comments.append(row)
    return row


def _put_items(shop: Shop, shipment: Shipment, lines: Taken) -> None:
    for line, quantity in lines:
        if quantity > 0 and (line.parent is None or line.parent.separately):
            shipment.items.append(_item(shop, shipment, line, quantity))


def _item(shop: Shop, shipment: Shipment, line: Line, quantity: Any) -> Row:
    names = ("name", "price", "product_id", "sku", "weight")
    row = {name: line.row.get(name) for name in names}
    row |= {"entity_id": shop.next_id("shipment item"), "parent_id": shipment.row["entity_id"]}
    return SHIPMENT_ITEM.stored({**row, "order_item_id": line.id, "qty": quantity})


def add_track(shop: Shop, shipment: Shipment, given: dict[str, Any]) -> Row:
    """Add a tracking number to a shipment."""
    row = TRACK.stored(TRACK.columns(given))
    row |= {"order_id": shipment.row["order_id"], "parent_id": shipment.row["entity_id"]}
    row |= {"entity_id": shop.next_id("shipment track"), "created_at": shop.now(), "updated_at": shop.now()}
    shipment.tracks.append(row)
    return row


def shipment_shown(shipment: Shipment) -> dict[str, Any]:
    """Return a shipment."""
    shown = {
        **SHIPMENT.shown(shipment.row),
        "packages": [],
        "items": [SHIPMENT_ITEM.shown(row) for row in shipment.items],
        "tracks": [track_shown(row) for row in shipment.tracks],
        "comments": [dict(row) for row in shipment.comments],
    }
    if shipment.source_code is not None:
        shown["extension_attributes"] = {"source_code": shipment.source_code}
    return shown


def track_shown(row: Row) -> dict[str, Any]:
    """Return a tracking number."""
    fixed = ("order_id", "parent_id", "weight", "qty", "description", "track_number", "title", "carrier_code")
    return {**dict.fromkeys(fixed), **{name: json_value(value) for name, value in TRACK.shown(row).items()}}


def get(call: Call) -> dict[str, Any]:
    """Return one shipment."""
    shipment = call.shop.sales.shipments.get(call.given["id"])
    if shipment is None:
        raise Refusal(404, "The entity that was requested doesn't exist. Verify the entity and try again.")
    return shipment_shown(shipment)


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested shipments."""
    asked = call.given["searchCriteria"]
    items, number = found(call.shop.sales.shipments.values(), COLUMNS, asked)
    return result([shipment_shown(one) for one in items], asked, number)


def save_track(call: Call) -> dict[str, Any]:
    """Add a tracking number to a shipment that is there."""
    given = call.given["entity"]
    shipment = call.shop.sales.shipments.get(given.get("parent_id") or 0)
    if shipment is None or shipment.row["order_id"] != given.get("order_id"):
        raise Refusal(400, NO_TRACK)
    if not given.get("track_number") or not given.get("carrier_code"):
        raise Refusal(400, NO_TRACK)
    return track_shown(add_track(call.shop, shipment, given))


_SHIP: dict[str, Any] = {
    "resource": "Magento_Sales::ship",
    "interface": "Magento\\Sales\\Api\\ShipOrderInterface",
    "operation": "execute",
    "implementation": "Magento\\Sales\\Model\\ShipOrder",
}
_REPOSITORY: dict[str, Any] = {"resource": "Magento_Sales::shipment"}
ROUTES = (
    Route(
        "POST",
        "order/:orderId/ship",
        ship,
        (
            Parameter("orderId", INT),
            Parameter("items", listed(ITEM_DATA), required=False),
            Parameter("notify", BOOL, required=False, default=False),
            Parameter("appendComment", BOOL, required=False, default=False),
            Parameter("comment", COMMENT_DATA, required=False),
            Parameter("tracks", listed(TRACK_DATA), required=False),
            Parameter("packages", anything, required=False),
            Parameter("arguments", ARGUMENTS_DATA, required=False),
        ),
        **_SHIP,
    ),
    Route("GET", "shipments", get_list, (SEARCH,), **_REPOSITORY),
    Route("GET", "shipment/:id", get, (Parameter("id", INT),), **_REPOSITORY),
    Route(
        "POST",
        "shipment/track",
        save_track,
        (Parameter("entity", TRACK.data(extension_attributes=anything)),),
        interface="Magento\\Sales\\Api\\ShipmentTrackRepositoryInterface",
        operation="save",
        implementation="Magento\\Sales\\Model\\Order\\Shipment\\TrackRepository",
        **_REPOSITORY,
    ),
)
