"""What a sync does where the shop has rules of its own."""

import pytest

from sandbox.catalogue import Product


def _products(count: int = 4) -> list[Product]:
    return [Product(f"P-{n}", "x", 5_000_000, {"MAIN": 30_000}, vendor4=20_000) for n in range(count)]


def _backorders(here, sku: str) -> None:
    stock = {"use_config_backorders": False, "backorders": 1}
    here.shop("PUT", f"products/{sku}", {"product": {"extension_attributes": {"stock_item": stock}}})


async def test_a_product_with_backorders_stays_in_stock_at_zero(make_world):
    """A product that Magento sells below 0 keeps its stock status when its quantity goes to 0; others do not."""
    here = make_world(_products())
    await here.sync("inventory")
    _backorders(here, "P-1")
    here.clock.advance(60)
    here.change(*({"set_quantity": {"inventory_id": f"P-{n}", "warehouse": "MAIN", "available": "0"}} for n in (1, 2)))
    outcome = await here.sync("inventory")
    assert (outcome.counters.sent, outcome.counters.failed) == (2, 0)
    current = {row["sku"]: (row["quantity"], row["status"]) for row in here.shop_state()["source_items"]}
    assert current["P-1"] == ("0", 1)
    assert current["P-2"] == ("0", 0)
    assert (await here.sync("inventory", full=True)).counters.requests == 0


async def test_the_vendor_quantity_goes_to_a_product_attribute(make_world):
    """Separate Value with an attribute: each product's attribute shows the vendor quantity, and is sent once."""
    here = make_world(_products())
    here.change_shop({"add_product_attribute": {"attribute_code": "vendor_qty", "frontend_input": "text"}})
    vendor = {"include": "separate", "attribute": "vendor_qty", "inquiry": "A2M-VendorQuantities"}
    settings = here.settings(vendor_inventory=vendor)
    outcome = await here.sync("inventory", settings)
    assert (outcome.fault, outcome.counters.failed) == (None, 0)
    product = here.shop("GET", "products/P-3")
    attributes = {one["attribute_code"]: one["value"] for one in product["custom_attributes"]}
    assert attributes["vendor_qty"] == "2"
    assert here.quantities()["P-3", "default"] == 3
    assert (await here.sync("inventory", settings, full=True)).counters.requests == 0


async def test_an_attribute_that_magento_lacks_fails_only_its_own_messages(make_world):
    """Quantities go on; the messages for the attribute fail and say which one is missing."""
    here = make_world(_products())
    vendor = {"include": "separate", "attribute": "nowhere", "inquiry": "A2M-VendorQuantities"}
    outcome = await here.sync("inventory", here.settings(vendor_inventory=vendor))
    assert (outcome.counters.sent, outcome.counters.failed) == (4, 4)
    assert all("no attribute 'nowhere'" in message.reason for message in here.failed())


async def test_a_website_price_that_hides_ours_is_named(make_world):
    """Under website scope a price of a store stays above the one for all stores: the run's table says so."""
    here = make_world(_products(), magento={"price_scope": "website"})
    here.shop("POST", "products/base-prices", {"prices": [{"sku": "P-2", "price": 9, "store_id": 1}]})
    outcome = await here.sync("price")
    assert [key for key, _reason in outcome.remarks.notes] == ["P-2"]
    assert "hides" in outcome.remarks.notes[0][1]


@pytest.mark.parametrize("warehouse", ["MIAN", "INTR"])
async def test_a_warehouse_that_no_form_lists_ends_the_run(make_world, warehouse):
    """A mistyped warehouse would show 0 everywhere, and goods in transit are nowhere: the run says which there are."""
    here = make_world(_products())
    outcome = await here.sync("inventory", here.settings(inventory={"warehouses": [warehouse], "sources": {}}))
    assert outcome.fault is not None
    assert f"no warehouse {warehouse}" in outcome.fault
    assert here.writes() == []


@pytest.mark.over_both
async def test_a_record_saved_late_is_found(make_world):
    """A change stamped three minutes ago and saved only now is read within a minute, behind the watermark."""
    here = make_world(_products())
    await here.sync("price")
    stamp = here.clock.now().isoformat()
    for _time in range(6):
        here.clock.advance(30)
        await here.sync("price")
    here.change({"set_price": {"inventory_id": "P-0", "price": "8.88", "modified": stamp}})
    for _time in range(3):
        here.clock.advance(30)
        await here.sync("price")
    assert str(here.prices()["P-0"]) == "8.88"


async def test_syncs_read_only_what_is_new(make_world):
    """Changes are not read again at every sync: once a minute is enough for what was saved late."""
    here = make_world(60)
    await here.sync("price")
    pulled = 0
    here.change(*({"set_price": {"inventory_id": f"SKU-{n:06d}", "price": "3"}} for n in (1, 2, 4, 5, 7)))
    for _time in range(30):
        here.clock.advance(10)
        pulled += (await here.sync("price")).counters.pulled
    assert pulled <= 5 * (4 + 5 + 1)


@pytest.mark.parametrize("price_read", ["odata", "inquiry"])
@pytest.mark.parametrize(
    ("included", "failed"), [(None, []), (True, ["P-1"]), (False, ["P-0"])], ids=["not checked", "with tax", "without"]
)
async def test_a_price_that_is_taxed_otherwise_than_the_shops_is_not_sent(make_world, price_read, included, failed):
    """Tax Included says how the shop's prices are; a row of the list that Acumatica has otherwise fails, in words."""
    here = make_world(_products())
    for number, mode in enumerate(("Gross", "Net", "Tax Settings")):
        row = {"inventory_id": f"P-{number}", "price_type": "Base", "price": "9.5", "tax_mode": mode}
        here.change({"add_sales_price": row})
    price = {"source": "sales_price", "tax_included": included}
    settings = here.settings(price=price, acumatica={"price_read": price_read})
    outcome = await here.sync("price", settings)
    assert (outcome.fault, outcome.counters.sent) == (None, 4 - len(failed))
    assert [one.acumatica_key for one in here.failed()] == failed
    assert all(one.reason.startswith("Tax: Acumatica's price list has this price with") for one in here.failed())
    here.assert_shown(settings, entities=["price"], failed=failed)
    assert (await here.sync("price", settings, full=True)).counters.requests == 0


async def test_a_change_of_one_of_two_items_with_one_sku_sends_nothing(make_world):
    """A sync that reads only one of the two knows the other: neither may speak for the SKU, until one has another. The
    type of the alternate id is found in any letter case.
    """
    here = make_world(_products())
    both = here.settings(items={"sku": "alternate:global"})
    for number, sku in enumerate(("P-0", "TWIN", "twin", "P-3")):
        here.change({"set_cross_reference": {"inventory_id": f"P-{number}", "alternate_id": sku}})
    here.shop("POST", "products", {"product": {"sku": "TWIN", "name": "x", "attribute_set_id": 4, "price": 1}})
    await here.sync("price", both)
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "P-1", "price": "7.77"}})
    outcome = await here.sync("price", both)
    assert (outcome.counters.changed, outcome.counters.sent) == (0, 0)
    assert sorted(one.acumatica_key for one in here.failed()) == ["P-1", "P-2"]
    here.clock.advance(60)
    here.change({"set_item": {"inventory_id": "P-2", "status": "Inactive"}})
    assert (await here.sync("price", both)).counters.sent == 1
    assert (str(here.prices()["TWIN"]), here.failed()) == ("7.77", [])
