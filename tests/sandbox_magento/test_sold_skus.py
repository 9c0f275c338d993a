"""SKUs of order lines that are not those of their products: options, dynamic bundles, products renamed since."""

from typing import Any

import pytest
from sandbox_magento.shop import Shop

MAIN = {"arguments": {"extension_attributes": {"source_code": "main"}}}
OPTIONS = [
    {"title": "Colour", "type": "drop_down", "values": [{"title": "Red", "sku": "RED", "price": 2}, {"title": "Blue"}]},
    {"title": "Engraving", "type": "field", "sku": "ENG", "price": 1, "price_type": "fixed"},
]


async def change(shop: Shop, name: str, **given: Any) -> Any:
    """Make a change and give what it made."""
    answer = await shop.client.post("/_sandbox/change", json={name: given})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]


@pytest.fixture
async def engraved(shop: Shop) -> Shop:
    """A shop with a product A, at 10, that can be had in red and engraved: ten pieces at main."""
    await change(shop, "add_product", sku="A", price=10, options=OPTIONS)
    await shop.stock(("A", "main", 10, 1))
    return shop


async def of_main(shop: Shop, sku: str) -> list[str]:
    """What main has of a SKU."""
    rows = (await shop.state())["source_items"]
    return [one["quantity"] for one in rows if (one["sku"], one["source_code"]) == (sku, "main")]


@pytest.mark.parametrize(
    ("chosen", "sku", "price"),
    [
        ([("Colour", "Red")], "A-RED", 12),
        ([("Colour", "Blue")], "A", 10),
        ([("Colour", "Red"), ("Engraving", "for Ann")], "A-RED-ENG", 13),
    ],
)
async def test_a_line_with_options_has_their_skus_and_its_product(
    engraved: Shop, chosen: list[tuple[str, str]], sku: str, price: int
) -> None:
    """In orders placed by the sandbox and in carts; stock and reservation are those of the product."""
    shop = engraved
    known = {option["title"]: option for option in await shop.get("products/A/options")}
    given = []
    for title, value in chosen:
        ids = {one["title"]: str(one["option_type_id"]) for one in known[title].get("values", [])}
        given.append({"option_id": str(known[title]["option_id"]), "option_value": ids.get(value, value)})
    made = await change(shop, "place_order", lines=[{"sku": "A", "qty": 2, "custom_options": given}])
    cart = await shop.post("guest-carts", {})
    item = {"sku": "A", "qty": 1, "product_option": {"extension_attributes": {"custom_options": given}}}
    assert (await shop.post(f"guest-carts/{cart}/items", {"cartItem": item}))["sku"] == sku
    line = (await shop.get(f"orders/{made['entity_id']}"))["items"][0]
    assert (line["sku"], line["price"], line["product_type"]) == (sku, price, "simple")
    assert line["product_id"] == (await shop.get("products/A"))["id"]
    assert line["product_option"]["extension_attributes"]["custom_options"] == given
    assert (await shop.state())["reservations"] == [{"sku": "A", "stock_id": 2, "quantity": "-2"}]
    await shop.post(f"order/{made['entity_id']}/ship", MAIN)
    assert await of_main(shop, "A") == ["8"]
    shipped = (await shop.state())["shipments"][0]["items"]
    assert [(one["sku"], one["qty"]) for one in shipped] == [(sku, "2")]


async def test_a_bundle_with_a_dynamic_sku_has_those_of_its_selections(shop: Shop) -> None:
    """With `sku_type` 0 only; its children keep theirs."""
    for sku, kind in (("DYN", "0"), ("FIX", "1")):
        more = {"type_id": "bundle", "children": ["SKU-000001", "SKU-000002"], "attributes": {"sku_type": kind}}
        await change(shop, "add_product", sku=sku, **more)
    made = await change(shop, "place_order", lines=[{"sku": "DYN", "qty": 1}, {"sku": "FIX", "qty": 1}])
    items = (await shop.get(f"orders/{made['entity_id']}"))["items"]
    assert [one["sku"] for one in items] == [
        *("DYN-SKU-000001-SKU-000002", "SKU-000001", "SKU-000002"),
        *("FIX", "SKU-000001", "SKU-000002"),
    ]


async def test_a_product_renamed_since_keeps_its_stock_and_its_orders_the_old_sku(engraved: Shop) -> None:
    """Rows at sources and reservations go by the new SKU, and shipping the old line takes from them."""
    shop = engraved
    made = await change(shop, "place_order", lines=[{"sku": "A", "qty": 3}, {"sku": "A", "qty": 1, "item_sku": "A-X"}])
    await change(shop, "rename_product", sku="A", to="A-NEW")
    assert await of_main(shop, "A-NEW") == ["10"]
    assert await shop.get("inventory/get-product-salable-quantity/A-NEW/2") == 6
    assert [one["sku"] for one in (await shop.get(f"orders/{made['entity_id']}"))["items"]] == ["A", "A-X"]
    await shop.post(f"order/{made['entity_id']}/ship", MAIN)
    assert await of_main(shop, "A-NEW") == ["6"]
    assert (await shop.state())["reservations"] == []


async def test_a_customer_of_a_time_when_less_was_asked_for(shop: Shop) -> None:
    """An address without a telephone can be there already, though the API asks for one, field by field."""
    place = {"firstname": "A", "lastname": "B", "street": ["1"], "city": "X", "postcode": "1", "country_id": "DE"}
    made = await change(shop, "add_customer", email="old@example.com", addresses=[{**place, "telephone": ""}])
    assert "telephone" not in (await shop.get(f"customers/{made['id']}"))["addresses"][0]
    body = {"customer": {"email": "new@example.com", "firstname": "A", "lastname": "B"}}
    for missing in ("city", "telephone"):
        given = {name: value for name, value in {**place, "telephone": "1"}.items() if name != missing}
        answer = await shop.send("POST", "/rest/V1/customers", {"customer": {**body["customer"], "addresses": [given]}})
        assert (answer.status_code, answer.json()["parameters"]) == (400, {"fieldName": missing})
