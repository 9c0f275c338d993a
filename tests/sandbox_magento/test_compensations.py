"""The two commands that repair reservations, and what each event of an order leaves in them."""

from typing import Any

import pytest
from sandbox_magento.shop import Shop

EAST = {"extension_attributes": {"source_code": "east"}}
LINE = {"name": "x", "qty_ordered": 5, "price": 10, "base_price": 10, "row_total": 50, "base_row_total": 50}


async def change(shop: Shop, name: str, **given: Any) -> Any:
    """Make a change and give what it made."""
    answer = await shop.client.post("/_sandbox/change", json={name: given})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]


@pytest.fixture
async def sku(shop: Shop) -> str:
    """A SKU with ten pieces at east."""
    found = str(next(iter((await shop.state())["prices"])))
    await shop.stock((found, "east", 10, 1))
    return found


async def by_api(shop: Shop, sku: str, **more: Any) -> Any:
    """An order made by the API, as the connector makes them."""
    item = {"sku": sku, "product_type": "simple", **LINE}
    entity = {"items": [item], "payment": {"method": "checkmo"}, "state": "processing", "status": "processing", **more}
    return await shop.post("orders", {"entity": {**entity, "store_id": 1}})


async def salable(shop: Shop, sku: str) -> Any:
    """The salable quantity in the website's stock."""
    return await shop.get(f"inventory/get-product-salable-quantity/{sku}/2")


async def events(shop: Shop, place: int = 0) -> list[tuple[str, str]]:
    """An order's reservations: event and quantity."""
    return [(one["event_type"], one["quantity"]) for one in (await shop.state())["orders"][place]["reservations"]]


async def test_an_open_order_of_the_api_is_reserved_by_the_repair_and_shipping_evens_it_out(
    shop: Shop, sku: str
) -> None:
    """Its unshipped quantity is listed with a minus, written once, and given back by what ships later."""
    made = await by_api(shop, sku)
    number = made["increment_id"]
    await shop.post(f"order/{made['entity_id']}/ship", {"items": _first(made, 1), "arguments": EAST})
    assert await salable(shop, sku) == 10
    listed = (await change(shop, "list_inconsistencies"))["inconsistencies"]
    assert listed == [{"increment_id": number, "sku": sku, "quantity": "-5", "stock_id": 2}]
    assert await salable(shop, sku) == 10
    assert (await change(shop, "repair_reservations"))["compensations"] == listed
    assert await events(shop) == [("shipment_created", "1"), ("manual_compensation", "-5")]
    assert await salable(shop, sku) == 5
    assert (await change(shop, "repair_reservations"))["compensations"] == []
    await shop.post(f"order/{made['entity_id']}/ship", {"arguments": EAST})
    assert await salable(shop, sku) == 5
    assert (await change(shop, "list_inconsistencies"))["inconsistencies"] == []
    assert (await shop.state())["reservations"] == []


def _first(made: Any, quantity: int) -> list[dict[str, Any]]:
    return [{"order_item_id": made["items"][0]["item_id"], "qty": quantity}]


async def test_what_an_order_that_is_over_left_in_the_reservations_is_taken_out(shop: Shop, sku: str) -> None:
    """A complete order of the API left its shipped quantity: the repair writes as much with a minus."""
    made = await by_api(shop, sku)
    await shop.post(f"order/{made['entity_id']}/ship", {"arguments": EAST})
    assert await salable(shop, sku) == 10
    assert (await change(shop, "list_inconsistencies"))["inconsistencies"][0]["quantity"] == "-5"
    await change(shop, "set_order", increment_id=made["increment_id"], state="complete", status="complete")
    await change(shop, "repair_reservations")
    assert await salable(shop, sku) == 5


async def test_web_orders_are_consistent_at_every_step(shop: Shop, sku: str) -> None:
    """Placed, shipped in part and canceled: each event is kept with the order, nothing is listed."""
    made = await change(shop, "place_order", lines=[{"sku": sku, "qty": 4}])
    for path, body in (
        ("", None),
        (f"order/{made['entity_id']}/ship", {"items": [{"order_item_id": made["items"][0], "qty": 1}]}),
        (f"orders/{made['entity_id']}/cancel", {}),
    ):
        if path:
            await shop.post(path, {**(body or {}), **({"arguments": EAST} if body else {})})
        assert (await change(shop, "list_inconsistencies"))["inconsistencies"] == []
    assert await events(shop) == [("order_placed", "-4"), ("shipment_created", "1"), ("order_canceled", "3")]


async def test_what_the_command_cannot_see_is_left_alone(shop: Shop, sku: str) -> None:
    """An order without a state, a product without a row in the stock, or with a stock that is not managed."""
    other = list((await shop.state())["prices"])[1]
    await by_api(shop, sku, state=None, status=None)
    await by_api(shop, other)
    assert (await change(shop, "list_inconsistencies"))["inconsistencies"] == []
    await by_api(shop, sku)
    await change(shop, "set_stock_item", sku=sku, use_config_manage_stock=False, manage_stock=False)
    assert (await change(shop, "list_inconsistencies"))["inconsistencies"] == []
