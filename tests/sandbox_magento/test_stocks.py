"""Which sources may be in which stock, and at which source a SKU may lie."""

from collections.abc import Callable
from typing import Any

import pytest
from sandbox_magento.shop import Shop

from sandbox.serve import lines_that_connect

REFUSED = "Can not save link related to Default Source or Default Stock"


def link(source_code: str, stock_id: int) -> dict[str, Any]:
    """A body that puts a source into a stock."""
    return {"links": [{"stock_id": stock_id, "source_code": source_code, "priority": 1}]}


@pytest.mark.parametrize(("source_code", "stock_id"), [("default", 2), ("Default", 2), ("east", 1)])
async def test_default_belongs_to_default_stock_alone(shop: Shop, source_code: str, stock_id: int) -> None:
    """No other stock takes it, and Default Stock takes no other source; nothing is changed."""
    before = await shop.get("inventory/stock-source-links", searchCriteria="")
    answer = await shop.send("POST", "/rest/V1/inventory/stock-source-links", link(source_code, stock_id))
    assert answer.status_code == 400
    assert answer.json() == {"message": "Validation Failed", "errors": [{"message": REFUSED, "parameters": []}]}
    assert await shop.get("inventory/stock-source-links", searchCriteria="") == before
    assert await shop.post("inventory/stock-source-links", link("default", 1)) == []


async def test_a_website_of_another_stock_never_sells_what_is_at_default(make_shop: Callable[..., Shop]) -> None:
    """With `default` apart, the website's stock holds the other sources, and only those are salable."""
    shop = make_shop(3, default_apart=True)
    await shop.stock(("SKU-000001", "default", 5, 1), ("SKU-000001", "main", 3, 1), ("SKU-000001", "east", 2, 1))
    stock = (await shop.get("inventory/stock-resolver/website/base"))["stock_id"]
    assert await shop.get(f"inventory/get-product-salable-quantity/SKU-000001/{stock}") == 5
    assert await shop.get("inventory/get-product-salable-quantity/SKU-000001/1") == 5


async def test_the_settings_that_the_sandbox_prints_name_sources_that_its_website_sells(
    make_shop: Callable[..., Shop],
) -> None:
    """No line of them sends a quantity to `default`."""
    shop = make_shop(3, default_apart=True)
    links = (await shop.get("inventory/stock-source-links", searchCriteria=""))["items"]
    sold = {one["source_code"] for one in links if one["stock_id"] == 2}
    lines = dict(line.split("=", 1) for line in lines_that_connect("http://a", "http://m", documents=True))
    assert lines["A2M_INVENTORY__SOURCES"] == """'{"MAIN":"main","EAST":"east","WEST":"west"}'"""
    assert lines["A2M_INVENTORY__DEFAULT_SOURCE"] == "main"
    assert {"main", "east", "west", lines["A2M_DROPSHIP__SOURCE"]} <= sold


async def test_a_source_code_keeps_the_letter_case_of_its_first_write(shop: Shop) -> None:
    """Later writes in another case change the same row, which reads back as it was first written."""
    await shop.stock(("SKU-000001", "EAST", 5, 1))
    await shop.stock(("SKU-000001", "east", 7, 1))
    rows = [one for one in (await shop.state())["source_items"] if one["sku"] == "SKU-000001"]
    assert [(one["source_code"], one["quantity"]) for one in rows] == [("EAST", "7")]
    assert await shop.get("inventory/get-product-salable-quantity/SKU-000001/2") == 7


@pytest.mark.parametrize("row", [("west", 5), ("west", 0), ("default", 0)])
async def test_a_child_of_a_ship_together_bundle_lies_at_one_source(shop: Shop, row: tuple[str, int]) -> None:
    """A row at a second source is refused for good, also with quantity 0 and at `default`, with its whole request."""
    await shop.change({"add_product": {"sku": "BUN", "type_id": "bundle", "children": ["SKU-000001", "SKU-000002"]}})
    await shop.stock(("SKU-000002", "east", 5, 1))
    source, quantity = row
    rows = [("SKU-000004", "west", 9), ("SKU-000001", source, quantity)]
    items = [{"sku": s, "source_code": c, "quantity": q, "status": int(q > 0)} for s, c, q in rows]
    for _time in range(2):
        answer = await shop.send("POST", "/rest/V1/inventory/source-items", {"sourceItems": items})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameters"][:2] == [source, "SKU-000001"]
    assert [one["sku"] for one in (await shop.state())["source_items"]] == ["SKU-000002"]
    await shop.stock(("SKU-000001", "east", 1, 1))


async def test_a_source_spelled_otherwise_is_another_source_to_a_ship_together_bundle(shop: Shop) -> None:
    """Magento compares the codes letter by letter there, though it finds the source in any case."""
    await shop.change({"add_product": {"sku": "BUN", "type_id": "bundle", "children": ["SKU-000001", "SKU-000002"]}})
    await shop.stock(("SKU-000001", "east", 5, 1))
    row = {"sku": "SKU-000001", "source_code": "EAST", "quantity": 6, "status": 1}
    answer = await shop.send("POST", "/rest/V1/inventory/source-items", {"sourceItems": [row]})
    assert answer.status_code == 400
    await shop.change({"set_shipment_type": {"sku": "BUN", "shipment_type": "separately"}})
    await shop.stock(("SKU-000001", "EAST", 6, 1), ("SKU-000001", "west", 6, 1))


async def test_the_export_knows_thresholds_and_reservations_and_the_dump_of_the_index_neither(shop: Shop) -> None:
    """Products are chosen by search criteria; a product without a quantity is there with 0."""
    await shop.stock(("SKU-000001", "east", 9, 1), ("SKU-000002", "east", 5, 1))
    await shop.change(
        {"place_order": {"lines": [{"sku": "SKU-000001", "qty": 4}]}},
        {"set_stock_item": {"sku": "SKU-000001", "use_config_min_qty": False, "min_qty": 2}},
        {"set_stock_item": {"sku": "SKU-000004", "use_config_manage_stock": False, "manage_stock": False}},
    )
    field = "searchCriteria[filterGroups][0][filters][0]"
    skus = "SKU-000001,SKU-000002,SKU-000004,SKU-000005"
    asked = {f"{field}[field]": "sku", f"{field}[value]": skus, f"{field}[conditionType]": "in"}
    exported = await shop.get("inventory/export-stock-salable-qty/website/base", **asked)
    assert [(one["sku"], one["qty"], one["is_salable"]) for one in exported["items"]] == [
        ("SKU-000001", 3, True),
        ("SKU-000002", 5, True),
        ("SKU-000004", 0, True),
    ]
    dumped = await shop.get("inventory/dump-stock-index-data/website/base")
    assert [(one["sku"], one["qty"]) for one in dumped] == [("SKU-000001", 9), ("SKU-000002", 5)]
