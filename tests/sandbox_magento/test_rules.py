"""Rules of Magento that no recording shows by itself: comparison of SKUs, PHP's numbers, search, fields, limits."""

from typing import Any

import pytest
from sandbox_magento.shop import Shop

from sandbox.catalogue import Product


async def _price(shop: Shop, sku: str, price: Any = 5, store_id: Any = 0) -> Any:
    row = {"sku": sku, "price": price, "store_id": store_id}
    return await shop.post("products/base-prices", {"prices": [row]})


async def _shown(shop: Shop, *skus: str) -> dict[str, Any]:
    rows = await shop.post("products/base-prices-information", {"skus": list(skus)})
    return {row["sku"]: row["price"] for row in rows}


async def test_an_unknown_number_refuses_every_sku_of_the_same_number(make_shop: Any) -> None:
    """PHP compares numeric texts as numbers: beside the unknown 412 it refuses 0000412 and 4.12e2; alone they pass."""
    shop = make_shop([Product(sku, sku, 0) for sku in ("0000412", "4.12e2", "A412", "413")])
    rows = [{"sku": sku, "price": 1, "store_id": 0} for sku in ("412", "0000412", "4.12e2", "A412", "413")]
    errors = await shop.post("products/base-prices", {"prices": rows})
    assert [error["parameters"] for error in errors] == [["SKU", "412"], ["SKU", "0000412"], ["SKU", "4.12e2"]]
    assert await _shown(shop, "A412", "413", "0000412") == {"A412": 1, "413": 1, "0000412": 0}
    assert await _price(shop, "0000412") == []


async def test_a_sku_of_0_is_nothing_to_php(make_shop: Any) -> None:
    """The SKU "0" counts as empty and takes no price."""
    shop = make_shop([Product("0", "Nothing", 0)])
    assert (await _price(shop, "0"))[0]["parameters"] == ["SKU", "0"]


async def test_skus_compare_as_the_database_and_php_do(make_shop: Any) -> None:
    """A product is found whatever case and accents; its price is set only if PHP takes the SKUs for one, too."""
    shop = make_shop([Product("KÄSE-200G", "Cheese", 0), Product("Screw", "Screw", 0)])
    assert (await shop.get("products/k%C3%A4se-200g%20"))["sku"] == "KÄSE-200G"
    assert (await shop.get("products/KASE-200G"))["sku"] == "KÄSE-200G"
    assert await _price(shop, "sCREW  ") == []
    assert (await _price(shop, "KASE-200G"))[0]["parameters"] == ["SKU", "KASE-200G"]
    assert (await _price(shop, " Screw"))[0]["parameters"] == ["SKU", " Screw"]
    assert await _price(shop, "KÄSE-200g") == []


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (12.345678, 12.345678),
        (0.0000005, 1e-06),
        (0.00000049, 0),
        ("1e3", 1000),
        (" 7", 7),
        (1e18, 1e14),
        (99999999999, 99999999999),
    ],
)
async def test_prices_are_decimals_of_six_places(shop: Shop, given: Any, stored: float) -> None:
    """Prices are rounded half up at six decimals and clipped at the column's limit."""
    assert await _price(shop, "SKU-000001", given) == []
    assert (await _shown(shop, "SKU-000001"))["SKU-000001"] == stored


@pytest.mark.parametrize(
    ("price", "text"), [(-1, "-1"), (-0.5, "-0.5"), (-1e18, "-1.0E+18"), (-1.5e-7, "-1.5E-7"), ("-2", "-2")]
)
async def test_row_errors_show_numbers_as_php_writes_them(shop: Shop, price: Any, text: str) -> None:
    """The parameters of a row error are texts."""
    assert (await _price(shop, "SKU-000001", price))[0]["parameters"] == ["Price", text]


async def test_filters(make_shop: Any) -> None:
    """Groups are joined by and, filters in a group by or; every condition does what its name says."""
    shop = make_shop([Product(f"S{number}", f"Name {number}", 0, type_id="simple") for number in range(1, 10)])
    await shop.prices(*((f"S{number}", number) for number in range(1, 10)))

    async def found(*conditions: tuple[int, str, str, str]) -> str:
        query = {}
        for place, (group, field, condition, value) in enumerate(conditions):
            name = f"searchCriteria[filter_groups][{group}][filters][{place}]"
            query |= {f"{name}[field]": field, f"{name}[condition_type]": condition, f"{name}[value]": value}
        items = (await shop.get("products", **query))["items"]
        return "".join(item["sku"][1:] for item in items)

    assert await found((0, "sku", "eq", "s3")) == "3"
    assert await found((0, "sku", "neq", "S3")) == "12456789"
    assert await found((0, "sku", "in", "S1,s2,S99")) == "12"
    assert await found((0, "sku", "nin", "S1,S2")) == "3456789"
    assert await found((0, "name", "like", "%25e 3%25")) == "3"
    assert await found((0, "name", "like", "name _")) == "123456789"
    assert await found((0, "price", "gt", "7")) == "89"
    assert await found((0, "price", "gteq", "7"), (1, "price", "lt", "9")) == "78"
    assert await found((0, "price", "lteq", "2")) == "12"
    assert await found((0, "price", "from", "3"), (1, "price", "to", "4")) == "34"
    assert await found((0, "sku", "eq", "S1"), (0, "sku", "eq", "S4")) == "14"
    assert await found((0, "sku", "null", "")) == ""
    assert await found((0, "sku", "notnull", "")) == "123456789"
    assert await found((0, "sku", "finset", "S5")) == "5"
    assert await found((0, "sku", "bogus", "S5")) == ""


async def test_an_unknown_attribute_of_products_is_refused(shop: Shop) -> None:
    """Products have attributes: an unknown one is a 400, where an unknown column of other lists is a 500."""
    answer = await shop.send("GET", "/rest/V1/products?searchCriteria[filterGroups][0][filters][0][field]=foo")
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "Invalid attribute name: %1", "parameters": ["foo"]},
    )


async def test_sort_orders(make_shop: Any) -> None:
    """Sorted by one field, then another; another direction is refused."""
    shop = make_shop([Product(sku, name, 0) for sku, name in (("a", "2"), ("B", "1"), ("c", "1"))])
    order = {"searchCriteria[sortOrders][0][field]": "name", "searchCriteria[sortOrders][0][direction]": "asc"}
    order |= {"searchCriteria[sortOrders][1][field]": "sku", "searchCriteria[sortOrders][1][direction]": "DESC"}
    assert [item["sku"] for item in (await shop.get("products", **order))["items"]] == ["c", "B", "a"]
    answer = await shop.send("GET", "/rest/V1/products?searchCriteria[sortOrders][0][direction]=up")
    assert (answer.status_code, answer.json()["parameters"]) == (400, ["ASC", "DESC"])


async def test_fields(shop: Shop) -> None:
    """Fields are taken from records and lists; an empty list becomes null, a broken filter leaves nothing."""
    one = "searchCriteria[pageSize]"
    answer = await shop.get("products", **{one: "1"}, fields="items[sku,extension_attributes[website_ids]],total_count")
    assert answer == {
        "items": [{"sku": "SKU-000001", "extension_attributes": {"website_ids": [1]}}],
        "total_count": 20,
    }
    assert await shop.get("inventory/source-items", searchCriteria="", fields="items[sku]") == {"items": None}
    assert await shop.get("inventory/source-items", searchCriteria="", fields="items") == {"items": []}
    for broken in ("items[sku", "items]", "a%20b"):
        assert await shop.get("inventory/source-items", searchCriteria="", fields=broken) == []
    assert await shop.get("store/websites", fields="code") == [{"code": "admin"}, {"code": "base"}]
    assert (await shop.send("GET", "/rest/V1/modules?fields=x")).status_code == 500


async def test_input_errors_of_several_kinds(shop: Shop) -> None:
    """Missing parameters are listed; camel and snake case names are the same; faults name the way to the field."""
    answer = await shop.send("POST", "/rest/V1/integration/admin/token", {"x": 1})
    assert answer.json()["message"] == "One or more input exceptions have occurred."
    assert [error["parameters"]["fieldName"] for error in answer.json()["errors"]] == ["username", "password"]
    items = [{"sku": "SKU-000001", "sourceCode": "east", "quantity": 3, "status": 1}]
    assert await shop.post("inventory/source-items", {"source_items": items}) == []
    stock = {"product": {"extensionAttributes": {"stockItem": {"qty": []}}}}
    answer = await shop.send("PUT", "/rest/V1/products/SKU-000001", stock)
    assert answer.json()["message"].startswith(
        'Error occurred during "extensionAttributes" processing. Error occurred during "stockItem" processing. '
        'Error occurred during "qty" processing. The "array" value\'s type is invalid.'
    )


async def test_validation_lists_the_errors_of_all_rows(shop: Shop) -> None:
    """Source items: every error of every row is listed, the first one is told in the message, nothing is written."""
    rows = [
        {"sku": "SKU-000001", "source_code": "east", "quantity": 1, "status": 1},
        {"sku": " x", "source_code": "e ast", "quantity": 1, "status": 7},
    ]
    answer = await shop.send("POST", "/rest/V1/inventory/source-items", {"sourceItems": rows})
    assert answer.json()["message"] == 'Validation Failed: "sku" can not contain leading or trailing spaces.'
    assert [error["parameters"]["field"] for error in answer.json()["errors"]] == ["sku", "source_code", "status"]
    assert (await shop.state())["source_items"] == []


async def test_a_deadlock_passes(shop: Shop) -> None:
    """A deadlock is a 400 that applies nothing; the same request passes afterwards."""
    await shop.setting(deadlocks=1)
    items = {"sourceItems": [{"sku": "SKU-000001", "source_code": "east", "quantity": 1, "status": 1}]}
    answer = await shop.send("POST", "/rest/V1/inventory/source-items", items)
    assert (answer.status_code, answer.json()) == (400, {"message": "Could not save Source Item"})
    assert (await shop.state())["source_items"] == []
    assert await shop.post("inventory/source-items", items) == []


async def test_the_default_source_is_the_legacy_stock(shop: Shop) -> None:
    """A row at the source `default` is the product's stock item, and the other way round."""
    await shop.stock(("SKU-000001", "default", 8, 1), ("SKU-000001", "east", 9, 1))
    stock = await shop.get("stockItems/SKU-000001")
    assert (stock["qty"], stock["is_in_stock"]) == (8, True)
    await shop.post("products/SKU-000001/stockItems/1", {"stockItem": {"qty": -3}}, "PUT")
    stock = await shop.get("stockItems/SKU-000001")
    assert (stock["qty"], stock["is_in_stock"]) == (-3, False)
    rows = {row["source_code"]: row["quantity"] for row in (await shop.state())["source_items"]}
    assert rows == {"default": "-3", "east": "9"}


async def test_website_prices_hide_the_price_of_every_store(shop: Shop) -> None:
    """In website scope a store's own price is what its store view shows; the price of every store stays below it."""
    await shop.setting(price_scope="website")
    assert await _price(shop, "SKU-000001", 10, 1) == []
    assert await _price(shop, "SKU-000001", 20, 0) == []
    assert (await shop.get("products/SKU-000001"))["price"] == 10
    assert (await shop.send("GET", "/rest/all/V1/products/SKU-000001")).json()["price"] == 20
    state = await shop.state()
    assert state["prices"]["SKU-000001"] == "20"
    assert state["store_prices"] == {"SKU-000001": {"1": "10"}}
    await shop.change({"set_price": {"sku": "SKU-000001", "price": None, "store_id": 1}})
    assert (await shop.get("products/SKU-000001"))["price"] == 20


async def test_tier_prices_of_all_websites_and_of_one_exclude_each_other(shop: Shop) -> None:
    """A row for one website beside a stored one for all is a duplicate; in one request, and by PUT, they pass."""
    row = {"sku": "SKU-000001", "price": 5, "price_type": "fixed", "customer_group": "General", "quantity": 3}
    assert await shop.post("products/tier-prices", {"prices": [{**row, "website_id": 0}]}) == []
    (error,) = await shop.post("products/tier-prices", {"prices": [{**row, "website_id": 1}]})
    assert error["message"].startswith("We found a duplicate website, tier price, customer group and quantity")
    assert error["parameters"] == ["SKU-000001", "0", "General", "3"]
    both = {"prices": [{**row, "website_id": 0}, {**row, "website_id": 1}]}
    assert await shop.post("products/tier-prices", both, "PUT") == []


async def test_special_prices_of_a_store_in_global_scope(shop: Shop) -> None:
    """In global scope only store 0 has special prices; the fault of the store comes before that of the price."""
    row = {"sku": "SKU-000001", "price": -1, "store_id": 1}
    errors = await shop.post("products/special-price", {"prices": [row]})
    assert [error["message"].split(".")[0] for error in errors] == [
        "Could not change non global Price when price scope is global",
        "Invalid attribute Price = -1",
    ]
    assert errors[0]["parameters"] == ["SKU-000001", "1", None, None]


async def test_a_bundle_shipped_together_takes_children_of_one_source(shop: Shop) -> None:
    """Children at two sources cannot be put into such a bundle; one shipped separately takes them."""
    await shop.stock(("SKU-000001", "east", 1, 1), ("SKU-000001", "west", 1, 1))
    links = [{"title": "A", "product_links": [{"sku": "SKU-000001", "qty": 1}]}]

    def body(shipment_type: str) -> dict[str, Any]:
        attributes = [{"attribute_code": "shipment_type", "value": shipment_type}]
        extension = {"bundle_product_options": links}
        return {
            "product": {
                "sku": "BUN",
                "name": "Bundle",
                "type_id": "bundle",
                "custom_attributes": attributes,
                "extension_attributes": extension,
            }
        }

    answer = await shop.send("POST", "/rest/V1/products", body("0"))
    assert (answer.status_code, answer.json()["parameters"]) == (400, ["SKU-000001"])
    assert (await shop.send("GET", "/rest/V1/products/BUN")).status_code == 404
    assert (await shop.post("products", body("1")))["type_id"] == "bundle"
