"""What a shop sets for itself: its settings of stock, and statuses of its own."""

from typing import Any

import pytest
from sandbox_magento.shop import Shop

SKU = "SKU-000001"


async def can_sell(shop: Shop) -> tuple[Any, bool]:
    """The salable quantity of the SKU, and whether it can be sold."""
    quantity = await shop.get(f"inventory/get-product-salable-quantity/{SKU}/2")
    return quantity, await shop.get(f"inventory/is-product-salable/{SKU}/2")


async def test_the_shops_threshold_backorders_and_managed_stock_hold_for_products_that_use_them(shop: Shop) -> None:
    """They change what can be sold, stand in the stock item beside its flag, and end where a product has its own."""
    await shop.stock((SKU, "east", 4, 1))
    await shop.change({"set_stock_settings": {"min_qty": 3}})
    assert await can_sell(shop) == (1, True)
    item = await shop.get(f"stockItems/{SKU}")
    assert (item["min_qty"], item["use_config_min_qty"]) == (3, True)
    await shop.change({"set_stock_settings": {"min_qty": 5}})
    assert await can_sell(shop) == (0, False)
    await shop.change({"set_stock_settings": {"backorders": 1}})
    assert await can_sell(shop) == (-1, True)
    assert (await shop.get(f"stockItems/{SKU}"))["backorders"] == 1
    await shop.change({"set_stock_settings": {"backorders": None, "manage_stock": False}})
    assert (await can_sell(shop))[1] is True
    await shop.change({"set_stock_settings": {"manage_stock": None}})
    await shop.change({"set_stock_item": {"sku": SKU, "use_config_min_qty": False, "min_qty": 0}})
    assert await can_sell(shop) == (4, True)
    item = await shop.get(f"stockItems/{SKU}")
    assert (item["min_qty"], item["use_config_min_qty"], item["backorders"]) == (0, False, 0)


async def test_with_backorders_of_the_shop_more_is_shipped_than_the_source_has(shop: Shop) -> None:
    """The source goes below 0."""
    await shop.stock((SKU, "east", 1, 1))
    await shop.change({"set_stock_settings": {"backorders": 1}}, {"place_order": {"lines": [{"sku": SKU, "qty": 3}]}})
    await shop.post("order/1/ship", {"arguments": {"extension_attributes": {"source_code": "east"}}})
    assert [one["quantity"] for one in (await shop.state())["source_items"] if one["sku"] == SKU] == ["-2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"set_stock_settings": {"nope": 1}}, "there is no setting 'nope'"),
        ({"add_order_status": {"status": "x", "state": "nope"}}, "there is no state 'nope'"),
        ({"add_order_status": {"status": "x" * 33, "state": "new"}}, "1 to 32 characters"),
    ],
)
async def test_settings_that_a_shop_has_not(shop: Shop, change: dict[str, Any], message: str) -> None:
    """They are refused by name."""
    answer = await shop.client.post("/_sandbox/change", json=change)
    assert (answer.status_code, message in answer.text) == (400, True), answer.text


async def test_a_status_of_the_shops_own_belongs_to_its_state(shop: Shop) -> None:
    """A comment gives it to orders of that state only; as default it is what orders of the state get."""
    await shop.change({"place_order": {"lines": [{"sku": SKU, "qty": 1}]}})
    comment = {"statusHistory": {"comment": "x", "status": "picking"}}
    assert (await shop.send("POST", "/rest/V1/orders/1/comments", comment)).status_code == 400
    await shop.change({"add_order_status": {"status": "picking", "state": "processing", "label": "Being picked"}})
    assert (await shop.send("POST", "/rest/V1/orders/1/comments", comment)).status_code == 400
    await shop.post("order/1/invoice", {})
    order = await shop.get("orders/1")
    assert (order["state"], order["status"]) == ("processing", "processing")
    await shop.post("orders/1/comments", comment)
    order = await shop.get("orders/1")
    assert (order["state"], order["status"]) == ("processing", "picking")
    await shop.change({"add_order_status": {"status": "waiting", "state": "holded", "default": True}})
    await shop.post("orders/1/hold", {})
    assert (await shop.get("orders/1"))["status"] == "waiting"
