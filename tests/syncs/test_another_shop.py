"""The same state with another place in Magento: another store view, another address, or another shop behind it."""

import pytest
from support.customers import Shop, added
from support.sales import Sales
from support.served import Served

from connector.state.operator import actions
from sandbox.catalogue import QUANTITY_UNIT, Product

INVENTORY = {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}
CUSTOMERS = {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}}
PRODUCTS = [Product("P-1", "Product 1", 10_000_000, {"MAIN": 10 * QUANTITY_UNIT})]


async def _sync(here, entity, url=None, **sections):
    here.clock.advance(60)
    shop = {"magento": {"url": url}} if url else {}
    return await here.sync(entity, here.settings(**{"inventory": INVENTORY, **shop, **sections}))


async def _customers(here, url=None):
    return await _sync(here, "customer", url, active={"customer": True}, customer=CUSTOMERS)


async def test_a_price_goes_to_all_stores_again_after_it_went_to_one(make_world):
    """What was confirmed for a store view says nothing of the price for all of them."""
    here = make_world(PRODUCTS, magento={"price_scope": "website"})
    here.change_shop({"add_website": {"code": "second", "stores": ["second_en"]}})
    await _sync(here, "price")
    here.change({"set_price": {"inventory_id": "P-1", "price": "12"}})
    await _sync(here, "price", magento={"store_id": 2})
    assert (here.prices()["P-1"], here.shop_state()["store_prices"]["P-1"]) == (10, {"2": "12"})
    await _sync(here, "price")
    assert here.prices()["P-1"] == 12


async def test_another_shop_gets_the_values_too(make_world):
    """It shows others, which nobody confirmed there; what it shows right already is not sent."""
    here, other = make_world(PRODUCTS), make_world(PRODUCTS)
    await _sync(here, "price")
    await _sync(here, "inventory")
    other.change_shop({"set_price": {"sku": "P-1", "price": 7}})
    row = {"sku": "P-1", "source_code": "default", "quantity": 10, "status": 1}
    other.change_shop({"set_source_item": row})
    here.clock.advance(7200)
    await _sync(here, "price", other.magento.url)
    await _sync(here, "inventory", other.magento.url)
    assert other.prices()["P-1"] == 10
    assert [write["path"] for write in other.writes()] == ["/rest/all/V1/products/base-prices"]


async def test_customers_of_another_shop_are_left_alone(make_world):
    """Its customer 1 is a stranger: the run ends, says why, and goes on where the shop is the first one again."""
    here, other = make_world(PRODUCTS), make_world(PRODUCTS)
    here.change(added(1))
    assert (await _customers(here)).counters.sent == 1
    Shop(other).add("stranger@example.com")
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Renamed"}})
    outcome = await _customers(here, other.magento.url)
    assert outcome.fault is not None and "names another shop than before: ACME0001 was customer 1" in outcome.fault
    assert list(Shop(other).all()) == ["stranger@example.com"]
    assert (await _customers(here)).fault is None


async def test_customers_stay_linked_behind_another_address(make_world):
    """The same shop, which moved: its customers are found by their ids, and one is changed."""
    here = make_world(PRODUCTS)
    here.change(added(1))
    await _customers(here)
    moved = Served(here.late, sockets=False)
    try:
        here.change({"set_customer": {"customer_id": "ACME0001", "email": "new@example.com"}})
        assert (await _customers(here, moved.url)).fault is None
    finally:
        moved.close()
    assert [one["id"] for one in Shop(here).all().values()] == [1]


async def test_an_account_that_became_somebody_elses_is_not_overwritten(make_world):
    """A backup of Magento was restored, and the id went to the next who came: the failure names both ways out."""
    here = make_world(PRODUCTS)
    here.change(added(1))
    await _customers(here)
    shop = Shop(here)
    own = shop.all()["buyer1@example.com"]
    stranger = {"firstname": "Some", "lastname": "Body", "email": "stranger@example.com"}
    shop.put({**own, **stranger})
    here.clock.advance(60)
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Company Renamed"}})
    assert (await _customers(here)).counters.failed == 1
    [failed] = here.failed("customer")
    assert "who is somebody else by now (Some Body, stranger@example.com)" in failed.reason
    assert list(shop.all()) == ["stranger@example.com"]
    actions.link(here.state, "customer", failed.key, failed.acumatica_key, str(own["id"]), here.clock.now())
    assert (await _customers(here)).counters.sent == 1


@pytest.mark.parametrize("entity", ["order", "shipment"])
async def test_orders_of_another_shop_are_left_alone(make_world, entity):
    """Its first order is a stranger's, and is neither canceled nor shipped."""
    sales, other = Sales(make_world(PRODUCTS)), Sales(make_world(PRODUCTS))
    sales.entered("000001", {"P-1": 2})
    assert (await sales.sync("order")).counters.sent == 1
    other.ordered({"P-1": 1}, increment_id="900000001")
    sales.edit("000001", status="Canceled")
    settings = sales.settings(inventory=INVENTORY, magento={"url": other.here.magento.url}, active={"shipment": True})
    outcome = await sales.here.sync(entity, settings)
    assert outcome.fault is not None and "names another shop than before: SO 000001 was order 1" in outcome.fault
    assert other.orders()[0]["state"] == "processing"
