"""Orders, shipments and invoices of the first round answer as the recorded shop did.

The order is the one in which the exchanges were made, as their moments and values tell; what an exchange that is not
recorded had done stands between them, with a comment.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sandbox_magento.documents import Documents
from sandbox_magento.exceptions import of
from sandbox_magento.shop import Shop

Recordings = Callable[[str], dict[str, dict[str, Any]]]
GUS = {
    "firstname": "Gus",
    "lastname": "Guest",
    "street": ["Main St 1", "Rear"],
    "city": "Berlin",
    "postcode": "10115",
    "country_id": "DE",
    "telephone": "+49 30 1",
    "region": None,
    "region_id": None,
    "region_code": None,
}
CART = {
    1: [("SKU-0001", 3), ("SKU-0002", 2)],
    2: [("SKU-0003", 1)],
    3: [("SKU-0004", 1)],
    4: [("SKU-0005", 1)],
    5: [("SKU-0010", 4), ("SKU-0011", 1)],
    6: [("SKU-0012", 1)],
    7: [("SKU-0013", 2)],
    8: [("SKU-0014", 1)],
    9: [("SKU-0020", 5), ("SKU-0021", 5)],
    10: [("SKU-0022", 4)],
}
EAST = {"extension_attributes": {"source_code": "east"}}


async def place(shop: Shop, replay: Documents, number: int, lines: list[tuple[str, int]]) -> None:
    """Place an order whose cart is not recorded."""
    rows = [{"sku": sku, "qty": quantity} for sku, quantity in lines]
    change = {"place_order": {"lines": rows, "email": "gus@example.com", "billing": GUS}}
    answer = await shop.client.post("/_sandbox/change", json=change)
    made = answer.json()["results"][0]
    replay.know("order", number, made["entity_id"])


@pytest.fixture
async def ordered(recorded_shop: Shop, recordings: Recordings) -> tuple[Shop, Documents]:
    """The recorded shop with stock at east and the ten orders of the first round, the first by a recorded cart."""
    shop = recorded_shop
    cases = {
        name: case for area in ("cart", "orders", "shipments", "invoices") for name, case in recordings(area).items()
    }
    replay = Documents(shop, cases)
    skus = sorted({sku for lines in CART.values() for sku, _quantity in lines})
    await shop.prices(*((sku, 9 + int(sku[-4:])) for sku in skus))
    await shop.stock(*((sku, "east", 100, 1) for sku in skus), ("SKU-0001", "west", 20, 1), ("SKU-0021", "west", 1, 1))
    await replay.play("guest_cart_create", "guest_cart_item_0")
    # the second item, and the payment
    cart = next(own for (kind, _name), own in replay.ids.items() if kind == "cart name")
    await shop.post(f"guest-carts/{cart}/items", {"cartItem": {"sku": "SKU-0002", "qty": 2, "quote_id": cart}})
    await replay.play("guest_cart_shipping_information")
    paid = {"email": "gus@example.com", "paymentMethod": {"method": "checkmo"}}
    assert await shop.post(f"guest-carts/{cart}/payment-information", paid) == 1
    for number, lines in CART.items():
        if number > 1:
            await place(shop, replay, number, lines)
    return shop, replay


async def actions(shop: Shop, replay: Documents) -> None:
    """Play comments, hold, unhold and cancel."""
    await replay.play("get_order", "search_increment_id", "search_increment_id_none", "search_ext_order_id_none")
    await replay.play("search_increment_in", "comment_add", "comment_add_full")
    second = replay.ids["order", "2"]
    # a comment that is none
    flags = {"is_customer_notified": 0, "is_visible_on_front": 0}
    assert await shop.post(f"orders/{second}/comments", {"statusHistory": flags}) is True
    await replay.play("comment_missing_flags", "comment_status_of_other_state", "comments_list", "hold_ok")
    await replay.play("cancel_on_hold", "status_after_cancel_on_hold")
    assert await shop.post(f"orders/{second}/unhold", {}) is True
    await replay.play("unhold_twice", "unhold_unknown", "cancel_ok", "cancel_twice", "cancel_unknown", "hold_canceled")
    await replay.play("status_get_unknown", "post_shipment_entity", "after_post_shipment_entity")


async def first_order(shop: Shop, replay: Documents) -> None:
    """Play the shipments of the first order."""
    await replay.play("source_items_before", "ship_partial_track_source_ok", "source_items_after_partial")
    await replay.play("after_partial_ship", "ship_too_many", "by_order_after_too_many")
    # one piece of the second line
    lines = (await shop.get(f"orders/{replay.ids['order', '1']}"))["items"]
    body = {"items": [{"order_item_id": lines[1]["item_id"], "qty": 1}], "arguments": EAST}
    track = {"track_number": "77", "title": "Nobody", "carrier_code": "nobody"}
    await shop.post(f"order/{replay.ids['order', '1']}/ship", {**body, "tracks": [track]})
    await replay.play("ship_rest_all_no_items", "by_order_after_all", "ship_again_after_complete")


async def other_orders(shop: Shop, replay: Documents) -> None:
    """Play the shipments of held, invoiced and canceled orders, and the same shipment twice."""
    await replay.play("hold_2", "ship_held_order", "unhold_2", "before_no_source_code", "ship_no_source_code")
    await replay.play("after_no_source_code", "get_shipments_by_order_in", "invoice_ok", "invoice_again")
    lines = (await shop.get(f"orders/{replay.ids['order', '5']}"))["items"]
    replay.know("line", 6, lines[0]["item_id"])
    await replay.play("ship_notify_true", "get_one", "ship_same_request_again", "by_order_repeated", "add_track_ok")
    await replay.play("add_track_unknown_shipment")
    assert await shop.post(f"orders/{replay.ids['order', '5']}/cancel", {}) is True
    await replay.play("after_cancel_partially_shipped", "ship_after_invoice", "hold_complete", "cancel_complete")


async def faults(shop: Shop, replay: Documents) -> None:
    """Play shipments that are refused, and what of a request is passed over."""
    ninth = replay.ids["order", "9"]
    lines = (await shop.get(f"orders/{ninth}"))["items"]
    replay.know("line", 11, lines[0]["item_id"])
    replay.know("line", 12, lines[1]["item_id"])
    await replay.play("ship_unknown_item", "ship_unknown_item_and_good_one", "after_unknown_item_and_good_one")
    await replay.play("ship_zero_qty", "ship_negative_qty", "ship_fraction_qty", "ship_missing_qty")
    await replay.play("ship_missing_item_id", "after_zero_negative_fraction", "ship_unknown_source")
    await replay.play("ship_source_has_too_little", "ship_source_empty_string", "after_source_faults")
    await replay.play("ship_track_missing_fields")
    # a track without title, and the same line twice: one piece each
    item = {"order_item_id": lines[1]["item_id"], "qty": 1}
    track = {"track_number": "3", "title": None, "carrier_code": "custom"}
    await shop.post(f"order/{ninth}/ship", {"items": [item], "tracks": [track], "arguments": EAST})
    await shop.post(f"order/{ninth}/ship", {"items": [item, item], "arguments": EAST})
    await replay.play("after_track_faults_and_duplicate_line", "ship_unknown_argument", "ship_unknown_toplevel")
    await shop.change({"token": {"token": "no-shipments", "resources": ["Magento_Sales::actions_view"]}})
    await replay.play("ship_acl_forbidden", token="no-shipments")


async def at_once(shop: Shop, replay: Documents) -> None:
    """Play what four identical shipments at once left: one shipment, three refusals."""
    tenth = replay.ids["order", "10"]
    track = {"track_number": "PAR", "title": "DHL", "carrier_code": "custom"}
    answers = [
        (await shop.send("POST", f"/rest/V1/order/{tenth}/ship", {"tracks": [track], "arguments": EAST})).status_code
        for _time in range(4)
    ]
    assert sorted(answers) == [200, 400, 400, 400]
    await replay.play("parallel_same_ship_by_order", "source_items_after_parallel_ship", "after_parallel_ship")


async def created(replay: Documents) -> None:
    """Play orders created by the API."""
    await replay.play("post_empty_entity", "post_minimal_ext_id", "post_minimal_ext_id_again", "search_ext_order_id")
    await replay.play("post_no_payment", "post_full_ext_id", "post_full_ext_id_again", "search_ext_order_id_full")
    await replay.play("post_own_increment_id", "post_own_increment_id_again", "post_unknown_sku")
    await replay.play("set_ext_order_id_on_existing", "get_after_set_ext", "set_ext_order_id_put_create")
    await replay.play("set_ext_with_increment_only", "search_increment_gteq", "search_increment_like")
    await replay.play("search_increment_null", "search_updated_at")


async def test_orders_shipments_and_invoices(ordered: tuple[Shop, Documents]) -> None:
    """Every recorded exchange about the first orders is answered as recorded."""
    shop, replay = ordered
    await actions(shop, replay)
    await first_order(shop, replay)
    await other_orders(shop, replay)
    await faults(shop, replay)
    await at_once(shop, replay)
    await created(replay)
    # two orders that `default` cannot serve: it has no row of the one, too little of the other
    await shop.change({"remove_source_item": {"sku": "SKU-0025", "source_code": "default"}})
    await shop.stock(("SKU-0025", "east", 100, 1), ("SKU-0026", "default", 1, 1), ("SKU-0026", "east", 100, 1))
    await place(shop, replay, 16, [("SKU-0025", 2)])
    await place(shop, replay, 17, [("SKU-0026", 3)])
    await replay.play("ship_no_source_code_and_no_default_row", "after_no_source_no_default")
    await replay.play("by_order_no_source_code_no_default", "ship_no_source_code_default_too_little")
    # four more shipments
    for number in (4, 6, 7, 17):
        await shop.post(f"order/{replay.ids['order', str(number)]}/ship", {"arguments": EAST})
    await replay.play("get_shipments_page_past_end")
    replay.done(differing=of("orders") | of("shipments"))
