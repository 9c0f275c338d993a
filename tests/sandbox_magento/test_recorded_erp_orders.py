"""Orders made by the API, in all awkward forms, answer as the recorded shop did.

The order is the one in which the exchanges were made, as their moments and values tell; what an exchange that is not
recorded had done stands between them, with a comment.
"""

from collections.abc import Callable
from typing import Any

from sandbox_magento.documents import Documents
from sandbox_magento.exceptions import of
from sandbox_magento.shop import Shop, recorded_products

Recordings = Callable[[str], dict[str, dict[str, Any]]]


async def send(shop: Shop, body: dict[str, Any], **fields: Any) -> Any:
    """Create an order like another one by an exchange that is not recorded."""
    entity = {**body["entity"], **fields}
    return await shop.post("orders", {"entity": {name: value for name, value in entity.items() if value is not None}})


async def begin(make_shop: Callable[..., Shop], recordings: Recordings) -> tuple[Shop, Documents]:
    """Give the shop as it was: the customer who orders, a configurable product, 647 of what is ordered."""
    products = recorded_products()
    slashed = products.pop(1)
    shop = make_shop([*products, slashed], sources=["default"])
    await shop.set_up_as_recorded()
    parent = {"sku": "CONF", "type_id": "configurable", "children": ["CONF-S"]}
    await shop.change({"add_product": {"sku": "CONF-S"}}, {"add_product": parent})
    await shop.stock(("SKU-0040", "east", 600, 1), ("SKU-0040", "west", 47, 1), ("CONF-S", "east", 100, 1))
    await shop.stock(("NOT-IN-SHOP", "east", 10, 1))
    await shop.change({"set_customer_group": {"id": 4, "code": "Wholesale B2B"}})
    names = {"firstname": "Erp", "lastname": "Buyer", "group_id": 4}
    buyer = await shop.post("customers", {"customer": {"email": "erp.buyer@example.com", **names}})
    replay = Documents(shop, recordings("erp-orders"))
    replay.know("customer", 12, buyer["id"])
    skus = [one.sku for one in (*products, slashed)]
    replay.know("product", 40, skus.index("SKU-0040") + 1)
    replay.know("product", 1023, len(skus) + 1)
    replay.know("product", 1025, len(skus) + 2)
    return shop, replay


async def creations(shop: Shop, replay: Documents, body: dict[str, Any]) -> None:
    """Play the creations, and how what they made is found."""
    await replay.play("salable_before")
    # the first order is not recorded
    first = await send(shop, body, ext_order_id="ERP-1001", increment_id=None)
    replay.know("order", 18, first["entity_id"])
    await replay.play("get_full", "salable_after_create", "search_ext_order_id", "search_customer_email")
    await replay.play("search_customer_id", "search_ext_customer_id", "search_created_at")
    await replay.play("create_given_state_complete", "create_given_state_new_pending", "create_status_bogus")
    await replay.play("create_state_processing", "create_status_only_processing", "create_currency_eur")
    await replay.play("create_no_store_id", "create_unknown_customer", "create_no_billing")
    await replay.play("create_no_shipping_assignments", "create_no_items", "create_payment_unknown_method")
    await replay.play("create_missing_email", "create_bad_email", "create_incomplete_address")
    await replay.play("create_ext_order_id_200_chars", "create_increment_id_60_chars", "create_with_route_create_put")
    await replay.play("create_with_route_create_put_twice", "get_after_ERP-1008", "get_after_ERP-1013")
    await replay.play("get_after_ERP-1015", "get_after_ERP-1019", "get_after_ERP-1020", "get_after_long_ext_200")
    await replay.play("get_after_long_ext_32")
    # an own number twice: exchanges that are not recorded
    await send(shop, body, ext_order_id="ERP-1021", increment_id="ERP000021")
    again = {"entity": {**body["entity"], "increment_id": "erp000021"}}
    assert (await shop.send("POST", "/rest/V1/orders", again)).status_code == 400
    await replay.play("get_after_ERP-1021", "create_given_increment2")
    assert (await shop.send("PUT", "/rest/V1/orders/create", body)).status_code == 400
    await replay.play("get_after_increment2_again", "create_next_without_increment")


async def without_state(replay: Documents) -> None:
    """Play what can be done to an order without state and status."""
    await replay.play("nostate_before", "nostate_statuses", "nostate_comment_with_status", "nostate_after_comment")
    await replay.play(
        "nostate_comment_pending", "nostate_after_comment2", "nostate_comment_plain", "nostate_after_comment3"
    )
    await replay.play("nostate_ship", "nostate_after_ship", "salable_nostate_after_ship", "nostate_invoice")


async def with_state(replay: Documents) -> None:
    """Play a new order up to complete, and the cancellation of one in process."""
    await replay.play("new_before", "new_comment_processing", "new_after_comment", "new_invoice_partial")
    await replay.play("new_after_invoice_partial", "new_invoices", "new_ship_all", "new_after_ship")
    await replay.play("salable_new_after_ship", "new_invoice_rest", "new_after_invoice_rest", "new_invoices2")
    await replay.play("new_invoice_again", "proc_before", "proc_cancel", "proc_after_cancel")
    await replay.play("salable_proc_after_cancel", "proc_cancel_again", "salable_proc_after_cancel2")


async def changes(shop: Shop, replay: Documents) -> None:
    """Play changes of an order."""
    await replay.play("create_for_update", "update_status_only", "after_update_status", "update_increment_given")
    await replay.play("update_with_payment", "update_unknown_id", "get_after_update_unknown")
    number = replay.ids["order", "44"]
    payments = next(one["payments"] for one in (await shop.state())["orders"] if one["entity_id"] == number)
    assert len(payments) == 2


async def other_lines(shop: Shop, replay: Documents, body: dict[str, Any]) -> None:
    """Play orders of a configurable product in two lines and in one, and of a SKU that is no product's."""
    await replay.play("create_conf_parent_item", "conf_parent_item_get", "conf_ship", "conf_after_ship")
    new = {"state": "new", "status": "pending", "increment_id": None}
    parent = {**replay.cases["create_conf_parent_item"]["request"]["body"]["entity"]["items"][0]}
    parent["product_id"] = replay.ids["product", "1025"]
    made = await send(shop, body, **new, ext_order_id="ERP-3003", items=[parent])
    replay.know("order", 46, made["entity_id"])
    await replay.play("conf_parent_only_ship", "conf_parent_only_after_ship")
    line = {name: value for name, value in body["entity"]["items"][0].items() if name != "product_id"}
    unknown = {**line, "sku": "NOT-IN-SHOP"}
    made = await send(shop, body, **new, ext_order_id="ERP-3004", items=[unknown])
    replay.know("order", 47, made["entity_id"])
    await replay.play("unknown_sku_ship", "unknown_sku_after_ship")


async def test_orders_made_by_the_api(make_shop: Callable[..., Shop], recordings: Recordings) -> None:
    """Every recorded exchange about orders made by the API is answered as recorded."""
    shop, replay = await begin(make_shop, recordings)
    body = replay.cases["create_given_increment2"]["request"]["body"]
    body = {"entity": {**body["entity"], "customer_id": replay.ids["customer", "12"]}}
    await creations(shop, replay, body)
    await without_state(replay)
    await with_state(replay)
    await changes(shop, replay)
    await other_lines(shop, replay, body)
    replay.done(without=of("erp-orders"))
