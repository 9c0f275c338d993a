"""Comments and tracking numbers of shipments that are there, and an OAuth signature behind a proxy."""

from typing import Any

import pytest
from oauthlib import oauth1
from sandbox_magento.shop import ADDRESS, Shop

from sandbox.magento.oauth import Consumer

MAIN = {"arguments": {"extension_attributes": {"source_code": "main"}}}


@pytest.fixture
async def shipped(shop: Shop) -> Shop:
    """A shop with one shipment, which has one tracking number."""
    await shop.stock(("SKU-000001", "main", 9, 1))
    await shop.change({"place_order": {"lines": [{"sku": "SKU-000001", "qty": 2}]}})
    track = {"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}
    assert await shop.post("order/1/ship", {**MAIN, "tracks": [track]}) == "1"
    return shop


async def test_a_comment_goes_to_the_shipment_that_the_body_names(shipped: Shop) -> None:
    """It is in the shipment and in its list of comments; without a shipment or a text it is refused."""
    entity: dict[str, Any] = {"comment": "a mark", "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": 1}
    made = await shipped.post("shipment/1/comments", {"entity": entity})
    assert {name: made[name] for name in entity} == entity
    listed = await shipped.get("shipment/1/comments")
    assert ([one["comment"] for one in listed["items"]], listed["total_count"]) == (["a mark"], 1)
    assert [one["comment"] for one in (await shipped.get("shipment/1"))["comments"]] == ["a mark"]
    for wrong in ({**entity, "parent_id": 99}, {**entity, "comment": ""}):
        answer = await shipped.send("POST", "/rest/V1/shipment/1/comments", {"entity": wrong})
        assert (answer.status_code, answer.json()["message"]) == (400, "Could not save the shipment comment.")


async def test_a_tracking_number_is_taken_away_and_another_one_added(shipped: Shop) -> None:
    """By its id; one that is not there is 404."""
    (track,) = (await shipped.get("shipment/1"))["tracks"]
    assert await shipped.post(f"shipment/track/{track['entity_id']}", None, "DELETE") is True
    assert (await shipped.send("DELETE", f"/rest/V1/shipment/track/{track['entity_id']}")).status_code == 404
    new = {"order_id": 1, "parent_id": 1, "track_number": "1Z2", "title": "UPS", "carrier_code": "ups"}
    await shipped.post("shipment/track", {"entity": new})
    assert [one["track_number"] for one in (await shipped.get("shipment/1"))["tracks"]] == ["1Z2"]


async def test_a_line_of_an_order_by_itself(shipped: Shop) -> None:
    """As it is in the order, and 404 for one that is not there."""
    order = await shipped.get("orders/1")
    assert await shipped.get("orders/items/1") == order["items"][0]
    assert (await shipped.get("orders/items", searchCriteria=""))["total_count"] == 1
    assert (await shipped.send("GET", "/rest/V1/orders/items/99")).status_code == 404


async def test_a_proxy_that_drops_the_port_makes_signatures_invalid(shop: Shop) -> None:
    """The signature is over the address as the client has it; Magento sees another one. A bearer token works on."""

    async def ask() -> Any:
        keys = Consumer()
        given = {
            "resource_owner_key": keys.token,
            "resource_owner_secret": keys.token_secret,
            "timestamp": "1795000000",
        }
        method = oauth1.SIGNATURE_HMAC_SHA256
        client = oauth1.Client(keys.key, client_secret=keys.secret, signature_method=method, **given)
        _url, headers, _body = client.sign(f"{ADDRESS}/rest/V1/store/websites")
        return await shop.send("GET", "/rest/V1/store/websites", token=None, **headers)

    assert (await ask()).status_code == 200
    await shop.setting(port_dropped=True)
    answer = await ask()
    assert (answer.status_code, answer.json()["message"]) == (401, "The signature is invalid. Verify and try again.")
    assert (await shop.send("GET", "/rest/V1/store/websites")).status_code == 200


async def test_a_shipment_without_a_source_takes_from_the_only_one_of_the_websites_stock(shop: Shop) -> None:
    """Where the stock has several, from `default`."""
    await shop.stock(("SKU-000001", "east", 9, 1), ("SKU-000001", "default", 9, 1))
    order = {"place_order": {"lines": [{"sku": "SKU-000001", "qty": 2}]}}
    await shop.change(order, order)
    await shop.post("order/1/ship", {})
    channels = {"sales_channels": [{"type": "website", "code": "base"}]}
    stock = await shop.post("inventory/stocks", {"stock": {"name": "East", "extension_attributes": channels}})
    link = {"stock_id": stock, "source_code": "east", "priority": 1}
    await shop.post("inventory/stock-source-links", {"links": [link]})
    await shop.post("order/2/ship", {})
    assert [one["source_code"] for one in (await shop.state())["shipments"]] == ["default", "east"]
