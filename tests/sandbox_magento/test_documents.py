"""Rules about customers and documents that no recording shows as a whole, and the sandbox's own doors to them."""

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from sandbox_magento.shop import TOKEN, Shop

Recordings = Callable[[str], dict[str, dict[str, Any]]]
EAST = {"extension_attributes": {"source_code": "east"}}
LINE = {"name": "x", "qty_ordered": 2, "price": 10, "base_price": 10, "row_total": 20, "base_row_total": 20}


async def change(shop: Shop, name: str, **given: Any) -> Any:
    """Make a change and give what it made."""
    answer = await shop.client.post("/_sandbox/change", json={name: given})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]


@pytest.fixture
async def skus(shop: Shop) -> list[str]:
    """Two SKUs with ten pieces at east each."""
    found = list((await shop.state())["prices"])[:2]
    await shop.prices(*((sku, 10) for sku in found))
    await shop.stock(*((sku, "east", 10, 1) for sku in found))
    return found


async def salable(shop: Shop, sku: str) -> Any:
    """The salable quantity in the website's stock."""
    return await shop.get(f"inventory/get-product-salable-quantity/{sku}/2")


async def test_an_order_of_the_shop_is_reserved_until_it_ships(shop: Shop, skus: list[str]) -> None:
    """Placing holds back, shipping moves what is held back out of the source, canceling gives the rest back."""
    sku = skus[0]
    made = await change(shop, "place_order", lines=[{"sku": sku, "qty": 4}], increment_id="WEB1")
    assert made["increment_id"] == "WEB1"
    assert await salable(shop, sku) == 6
    body = {"items": [{"order_item_id": made["items"][0], "qty": 1}], "arguments": EAST}
    await shop.post(f"order/{made['entity_id']}/ship", body)
    state = await shop.state()
    assert [one["quantity"] for one in state["source_items"] if one["sku"] == sku] == ["9"]
    assert state["reservations"] == [{"sku": sku, "stock_id": 2, "quantity": "-3"}]
    assert await salable(shop, sku) == 6
    assert await shop.post(f"orders/{made['entity_id']}/cancel", {}) is True
    assert (await shop.state())["reservations"] == []
    assert await salable(shop, sku) == 9


async def test_an_order_of_the_api_is_never_reserved(shop: Shop, skus: list[str]) -> None:
    """Shipping such an order leaves the salable quantity as it was, canceling raises it above the stock."""
    sku = skus[0]
    entity = {"items": [{"sku": sku, **LINE}], "payment": {"method": "checkmo"}, "state": "new", "status": "pending"}
    numbers = [(await shop.post("orders", {"entity": {**entity, "store_id": 1}}))["entity_id"] for _time in range(2)]
    assert await salable(shop, sku) == 10
    await shop.post(f"order/{numbers[0]}/ship", {"arguments": EAST})
    assert await salable(shop, sku) == 10
    await shop.post(f"orders/{numbers[1]}/cancel", {})
    assert await salable(shop, sku) == 12


async def test_the_last_piece_leaves_its_source_out_of_stock(shop: Shop, skus: list[str]) -> None:
    """A source that is empty after a shipment has status 0; one more piece is refused and changes nothing."""
    sku = skus[0]
    made = await change(shop, "place_order", lines=[{"sku": sku, "qty": 10}])
    await shop.post(f"order/{made['entity_id']}/ship", {"arguments": EAST})
    rows = (await shop.state())["source_items"]
    assert [(one["quantity"], one["status"]) for one in rows if one["sku"] == sku] == [("0", 0)]
    await shop.stock((sku, "west", 1, 1))
    made = await change(shop, "place_order", lines=[{"sku": sku, "qty": 1}, {"sku": skus[1], "qty": 1}])
    answer = await shop.send("POST", f"/rest/V1/order/{made['entity_id']}/ship", {"arguments": EAST})
    assert answer.json()["message"] == "Could not save a shipment, see error log for details"
    rows = (await shop.state())["source_items"]
    assert [one["quantity"] for one in rows if one["sku"] == skus[1]] == ["10"]


async def test_a_bundle_ships_as_it_was_when_it_was_sold(shop: Shop, skus: list[str]) -> None:
    """How a bundle ships is kept in the order; a change of the product counts for later orders only."""
    await shop.change({"add_product": {"sku": "SET", "type_id": "bundle", "children": skus}})
    before = await change(shop, "place_order", lines=[{"sku": "SET", "qty": 1}])
    await shop.change({"set_shipment_type": {"sku": "SET", "shipment_type": "separately"}})
    after = await change(shop, "place_order", lines=[{"sku": "SET", "qty": 1}])
    answers = []
    for made in (before, after):
        body = {"items": [{"order_item_id": made["items"][0], "qty": 1}], "arguments": EAST}
        answers.append(await shop.send("POST", f"/rest/V1/order/{made['entity_id']}/ship", body))
    assert [one.status_code for one in answers] == [200, 400]
    assert '"Separately"' in answers[1].json()["message"]
    rows = {one["sku"]: one["quantity"] for one in (await shop.state())["source_items"]}
    assert [rows[sku] for sku in skus] == ["9", "9"]


async def test_fractions_ship_where_the_product_has_them(shop: Shop, skus: list[str]) -> None:
    """A line sold in fractions ships half a piece; the state shows it exactly."""
    row = {**LINE, "qty_ordered": 1.5, "is_qty_decimal": 1}
    entity = {"items": [{"sku": skus[0], **row}], "payment": {"method": "checkmo"}, "state": "new", "status": "pending"}
    made = await shop.post("orders", {"entity": entity})
    items = [{"order_item_id": made["items"][0]["item_id"], "qty": 0.5}]
    await shop.post(f"order/{made['entity_id']}/ship", {"items": items, "arguments": EAST})
    state = await shop.state()
    assert state["orders"][0]["items"][0]["qty_shipped"] == "0.5"
    assert [one["quantity"] for one in state["source_items"] if one["sku"] == skus[0]] == ["9.5"]


async def test_without_inventory_modules_the_legacy_stock_follows_orders(make_shop: Callable[..., Shop]) -> None:
    """With MSI off an order takes from the product's stock, a cancellation gives back, a shipment names no source."""
    shop = make_shop(msi=False)
    sku = next(iter((await shop.state())["prices"]))
    await shop.change({"set_stock_item": {"sku": sku, "quantity": 5, "is_in_stock": True}})
    first = await change(shop, "place_order", lines=[{"sku": sku, "qty": 2}])
    second = await change(shop, "place_order", lines=[{"sku": sku, "qty": 1}])
    assert (await shop.state())["stock_items"][sku]["quantity"] == "2"
    await shop.post(f"orders/{second['entity_id']}/cancel", {})
    number = await shop.post(f"order/{first['entity_id']}/ship", {})
    assert (await shop.state())["stock_items"][sku]["quantity"] == "3"
    assert "extension_attributes" not in await shop.get(f"shipment/{number}")


async def test_totals_of_partial_invoices_add_up(shop: Shop, skus: list[str]) -> None:
    """Three invoices of one piece each come to the order's total to the cent, though thirds do not."""
    amounts = {"qty_ordered": 3, "tax_amount": 1, "discount_amount": 0.5, "row_total": 10, "price": 3.3333}
    line = {"sku": skus[0], "name": "x", **amounts, **{f"base_{name}": value for name, value in amounts.items()}}
    del line["base_qty_ordered"]
    totals = {"subtotal": 10, "tax_amount": 1, "discount_amount": -0.5, "shipping_amount": 4, "grand_total": 14.5}
    entity = {**totals, **{f"base_{name}": value for name, value in totals.items()}, "items": [line]}
    entity |= {"payment": {"method": "checkmo"}, "state": "new", "status": "pending"}
    made = await shop.post("orders", {"entity": entity})
    items = [{"order_item_id": made["items"][0]["item_id"], "qty": 1}]
    for _time in range(3):
        await shop.post(f"order/{made['entity_id']}/invoice", {"items": items})
    state = await shop.state()
    assert sum(Decimal(one["grand_total"]) for one in state["invoices"]) == Decimal("14.5")
    assert [one.get("shipping_amount") for one in state["invoices"]] == ["4", None, None]
    assert state["orders"][0]["state"] == "processing"
    answer = await shop.send("POST", f"/rest/V1/order/{made['entity_id']}/invoice", {"items": items})
    assert answer.status_code == 400
    await shop.post(f"order/{made['entity_id']}/ship", {"arguments": EAST})
    assert (await shop.state())["orders"][0]["state"] == "complete"


async def test_held_orders_come_back_as_they_were(shop: Shop, skus: list[str]) -> None:
    """Unhold gives back state and status; meanwhile nothing ships, is invoiced or canceled."""
    made = await change(shop, "place_order", lines=[{"sku": skus[0], "qty": 1}], state="processing", status="fraud")
    number = made["entity_id"]
    assert await shop.post(f"orders/{number}/hold", {}) is True
    assert (await shop.send("POST", f"/rest/V1/orders/{number}/hold", {})).status_code == 400
    for path in ("ship", "invoice"):
        answer = await shop.send("POST", f"/rest/V1/order/{number}/{path}", {"arguments": {}})
        assert answer.json()["message"].endswith("when an order has a status of holded")
    assert await shop.post(f"orders/{number}/cancel", {}) is False
    assert await shop.post(f"orders/{number}/unhold", {}) is True
    order = await shop.get(f"orders/{number}")
    assert (order["state"], order["status"]) == ("processing", "fraud")
    assert "hold_before_state" not in order


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"website_id": 7}, 404, "The website with id 7 that was requested wasn't found."),
        ({"store_id": 9}, 404, "The store that was requested wasn't found."),
        ({"website_id": 1, "store_id": 9}, 400, "The store view is not in the associated website."),
        ({"middlename": "<x>"}, 400, "Middle Name is not valid!"),
        ({"email": "ann@localhost"}, 400, '"Email" is not a valid email address.'),
        ({"lastname": "O’Neil-Müller 2."}, 200, ""),
        ({"email": "ann@exämple.com"}, 200, ""),
    ],
)
async def test_customers_are_checked(shop: Shop, given: dict[str, Any], status: int, words: str) -> None:
    """Websites, stores, names and e-mails are checked as Magento does."""
    customer = {"email": "ann@example.com", "firstname": "Ann", "lastname": "Lee", **given}
    answer = await shop.send("POST", "/rest/V1/customers", {"customer": customer})
    assert answer.status_code == status
    assert answer.json().get("message", "").startswith(words)


async def test_a_refused_customer_is_not_there(shop: Shop) -> None:
    """One bad address refuses the whole customer, and a change with one changes nothing."""
    good = {"firstname": "A", "lastname": "B", "street": ["x"], "city": "y", "telephone": "1", "country_id": "IE"}
    customer = {
        "email": "ann@example.com",
        "firstname": "Ann",
        "lastname": "Lee",
        "addresses": [good, {"country_id": "US"}],
    }
    answer = await shop.send("POST", "/rest/V1/customers", {"customer": customer})
    assert answer.json()["message"] == "One or more input exceptions have occurred."
    assert (await shop.state())["customers"] == []
    made = await shop.post("customers", {"customer": {**customer, "addresses": [good]}})
    bad = {
        "lastname": "Changed",
        "addresses": [{"id": made["addresses"][0]["id"], "country_id": "ZZ", "postcode": "1"}],
    }
    answer = await shop.send("PUT", f"/rest/V1/customers/{made['id']}", {"customer": bad})
    assert answer.json()["parameters"] == {"fieldName": "countryId", "value": "ZZ"}
    assert await shop.get(f"customers/{made['id']}") == made


async def test_the_body_of_a_change_names_the_customer(shop: Shop) -> None:
    """A change sent to one customer with another's id changes the other, to what the first one had."""
    plain = {"firstname": "Ann", "lastname": "Lee"}
    first, second = [
        (await shop.post("customers", {"customer": {**plain, "email": f"{name}@example.com"}}))["id"] for name in "ab"
    ]
    body = {"customer": {"id": second, "email": "c@example.com", "lastname": "Low"}}
    assert (await shop.post(f"customers/{first}", body, "PUT"))["id"] == second
    assert [one["email"] for one in (await shop.state())["customers"]] == ["a@example.com", "c@example.com"]


async def test_select_attributes_take_their_options_only(shop: Shop) -> None:
    """The metadata of an attribute tells its options by label; another value is refused, and nothing is created."""
    await change(shop, "add_customer_attribute", code="terms", label="Terms", options=["30 days", "60 days"])
    described = await shop.get("attributeMetadata/customer/attribute/terms")
    options = {one["label"]: one["value"] for one in described["options"]}
    values = [{"attribute_code": "terms", "value": options["60 days"]}]
    customer = {"email": "ann@example.com", "firstname": "Ann", "lastname": "Lee", "custom_attributes": values}
    made = await shop.post("customers", {"customer": customer})
    assert made["custom_attributes"] == values
    bad = {**customer, "email": "b@example.com", "custom_attributes": [{"attribute_code": "terms", "value": "99"}]}
    answer = await shop.send("POST", "/rest/V1/customers", {"customer": bad})
    assert answer.json()["message"] == "Attribute terms does not contain option with Id 99"
    assert len((await shop.state())["customers"]) == 1
    answer = await shop.send("GET", "/rest/V1/attributeMetadata/customer/attribute/nope")
    assert answer.status_code == 404


async def test_countries_have_regions_with_ids(shop: Shop) -> None:
    """Regions are told by country, with the ids that addresses need; unknown countries are not there."""
    regions = {one["code"]: one["id"] for one in (await shop.get("directory/countries/US"))["available_regions"]}
    assert (regions["CA"], regions["WY"]) == ("12", "65")
    german = (await shop.get("directory/countries/DE"))["available_regions"]
    assert german[1] == {"id": "81", "code": "BAY", "name": "Bayern"}
    assert "available_regions" not in await shop.get("directory/countries/GB")
    assert len(await shop.get("directory/countries")) > 240
    answer = await shop.send("GET", "/rest/V1/directory/countries/ZZ", token=None)
    assert (answer.status_code, answer.json()["message"]) == (404, "The country isn't available.")


async def test_the_journal_names_documents(shop: Shop, skus: list[str]) -> None:
    """Writes about documents show their keys, what was sent, and whether anything changed."""
    made = await change(shop, "place_order", lines=[{"sku": skus[0], "qty": 1}])
    number = made["entity_id"]
    entity = {"increment_id": "SO-1", "state": "new", "status": "pending", "payment": {"method": "checkmo"}}
    await shop.post("orders", {"entity": entity})
    items = [{"order_item_id": made["items"][0], "qty": 1}]
    await shop.post(f"order/{number}/ship", {"items": items, "arguments": EAST})
    await shop.post(f"orders/{number}/hold", {})
    await shop.post(f"orders/{number}/cancel", {})
    writes = [one for one in await shop.journal(writes=True) if "order" in one["path"]]
    assert [(one["keys"], one["applied"]) for one in writes] == [
        (["SO-1"], True),
        ([str(number)], True),
        ([str(number)], True),
        ([str(number)], False),
    ]
    assert writes[0]["values"] == [{"status": "pending", "state": "new"}]
    assert writes[1]["values"] == [{"qty": 1, "order_item_id": made["items"][0]}]


@pytest.mark.parametrize(
    ("change_", "words"),
    [
        ({"place_order": {"lines": [{"sku": "NOPE", "qty": 1}]}}, "there is no product 'NOPE'."),
        ({"place_order": {}}, "'lines' is missing or unknown."),
        ({"place_order": {"lines": [], "customer_id": 5}}, "5 is missing or unknown."),
        ({"set_order": {"increment_id": "X"}}, "there is no order 'X'."),
        ({"set_shipment_type": {"sku": "NOPE", "shipment_type": "together"}}, "there is no product 'NOPE'."),
        ({"add_customer_attribute": {"code": "x", "backend_type": "blob"}}, "backend_type is one of"),
    ],
)
async def test_changes_that_do_not_fit_are_refused(shop: Shop, change_: dict[str, Any], words: str) -> None:
    """A change that names what is not there says so."""
    answer = await shop.client.post("/_sandbox/change", json=change_)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


async def cut(shop: Shop, path: str, body: bytes) -> None:
    """Send a request whose client is gone before the rest of its body, and before the answer."""
    messages = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}]
    if body.endswith(b"}"):
        messages[0]["more_body"] = False
    headers = {"host": "x", "content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        assert message["type"].startswith("http.response")

    await shop.app(scope, receive, send)


async def test_documents_of_clients_that_are_gone(shop: Shop, skus: list[str], recordings: Recordings) -> None:
    """A write whose body came whole applies although nobody waits for the answer; one cut in its body never does."""
    cases = {
        name: case for name, case in recordings("cut-connection").items() if not name.startswith(("base", "source"))
    }
    assert len(cases) == 21
    for name, case in cases.items():
        path, body = case["request"]["path"], deepcopy(case["request"]["body"])
        if name.startswith("ship"):
            made = await change(shop, "place_order", lines=[{"sku": skus[0], "qty": 1}])
            path = f"/rest/V1/order/{made['entity_id']}/ship"
            body["items"][0]["order_item_id"] = made["items"][0]
        raw = json.dumps(body).encode()
        await cut(shop, path, raw[: len(raw) * 6 // 10] if "60pct" in name else raw)
        after, state = case["state_after"], await shop.state()
        if name.startswith("ship"):
            assert (
                len([one for one in state["shipments"] if one["order_id"] == made["entity_id"]]) == after["shipments"]
            )
        elif name.startswith("customer"):
            found = [one for one in state["customers"] if one["email"] == body["customer"]["email"]]
            assert len(found) == after["customers_with_that_email"]
        else:
            found = [one for one in state["orders"] if one.get("ext_order_id") == body["entity"]["ext_order_id"]]
            assert len(found) == after["orders_with_that_ext_order_id"]


async def test_a_shipment_gets_comments_and_loses_tracking_numbers(shop: Shop, skus: list[str]) -> None:
    """The entity names the shipment that is commented; what is not there cannot be deleted."""
    made = await change(shop, "place_order", lines=[{"sku": skus[0], "qty": 1}], increment_id="WEB9")
    tracks = [{"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}]
    number = int(await shop.post(f"order/{made['entity_id']}/ship", {"arguments": EAST, "tracks": tracks}))
    comment = {"parent_id": number, "comment": "said", "is_visible_on_front": 0, "is_customer_notified": 0}
    assert (await shop.post(f"shipment/{number}/comments", {"entity": comment}))["comment"] == "said"
    current = await shop.get(f"shipment/{number}")
    assert [one["comment"] for one in current["comments"]] == ["said"]
    answer = await shop.send("DELETE", f"/rest/V1/shipment/track/{current['tracks'][0]['entity_id']}")
    assert (answer.status_code, answer.json()) == (200, True)
    assert (await shop.get(f"shipment/{number}"))["tracks"] == []
    answer = await shop.send("DELETE", f"/rest/V1/shipment/track/{current['tracks'][0]['entity_id']}")
    assert answer.status_code == 404
    answer = await shop.send("POST", "/rest/V1/shipment/1/comments", {"entity": {**comment, "parent_id": 999}})
    assert answer.status_code == 400
