"""Products that somebody deletes, or makes again, in Magento; and sources that have no row of a product."""

from decimal import Decimal

import pytest
from support.world import World

from app.reconcile import reconcile, repair
from connector.state.queue import messages
from sandbox.catalogue import Product

UNKNOWN = "Unknown SKU: Magento has no product with the SKU 'P-1'."
INVENTORY = {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "default", "EAST": "east"}}
VENDOR = {"include": "separate", "attribute": "vendor_qty", "inquiry": "A2M-VendorQuantities"}


def _products(**more: int) -> list[Product]:
    shelves = {"MAIN": 30_000, **more}
    return [Product(f"P-{n}", "x", 5_000_000, shelves, vendor4=20_000) for n in range(3)]


async def _sync(here: World, entity: str, settings=None, **how):
    here.clock.advance(60)
    outcome = await here.sync(entity, settings, **how)
    assert (outcome.fault, outcome.stopped) == (None, None)
    return outcome


def _price(here: World, price: str) -> None:
    here.change({"set_price": {"inventory_id": "P-1", "price": price}})


def _quantity(here: World, quantity: str, warehouse: str = "MAIN") -> None:
    here.change({"set_quantity": {"inventory_id": "P-1", "warehouse": warehouse, "available": quantity}})


def _make_again(here: World) -> None:
    here.change_shop({"add_product": {"sku": "P-1", "price": 0}})


def _live(here: World, entity: str) -> list[tuple[str, str | None, str | None]]:
    with here.state.read() as connection:
        found = messages.live(connection, entity, ["P-1"], [])
    return [(one.state, one.cause, one.reason) for one in found]


@pytest.mark.over_both
async def test_a_deleted_product_is_an_unknown_sku_from_the_first_refusal(make_world):
    """One message, renewed in place; the quantity is not written either; made again, all of it goes by itself."""
    here = make_world(_products())
    settings = here.settings(inventory=INVENTORY)
    for entity in ("price", "inventory"):
        await _sync(here, entity, settings)
    here.change_shop({"remove_product": "P-1"})
    before = here.quantities()
    ids = set()
    for price in ("6", "7"):
        _price(here, price)
        await _sync(here, "price", settings)
        [failed] = here.failed("price")
        ids.add(failed.id)
        assert (failed.cause, (failed.reason or "").startswith(UNKNOWN)) == ("unknown_sku", True)
    assert len(ids) == 1
    _quantity(here, "9")
    outcome = await _sync(here, "inventory", settings)
    assert (outcome.counters.sent, here.quantities()) == (0, before)
    assert {one.cause for one in here.failed("inventory")} == {"unknown_sku"}
    _make_again(here)
    for entity in ("price", "inventory"):
        await _sync(here, entity, settings, full=True)
    assert (here.prices()["P-1"], here.quantities()["P-1", "default"]) == (7, 9)
    here.assert_converged(settings)


async def test_a_quantity_of_a_deleted_product_is_never_written(make_world):
    """Even without a price for it, the connector asks whether the product exists before it sends a quantity."""
    here = make_world(_products())
    settings = here.settings(inventory=INVENTORY)
    await _sync(here, "inventory", settings)
    here.change_shop({"remove_product": "P-1"}, {"remove_source_item": {"sku": "P-1", "source_code": "default"}})
    _quantity(here, "9")
    await _sync(here, "inventory", settings)
    assert ("P-1", "default") not in here.quantities()
    [failed] = here.failed("inventory")
    assert (failed.reason or "").startswith(UNKNOWN)
    _price(here, "8")
    await _sync(here, "price", settings)
    assert [one.cause for one in here.failed("price")] == ["unknown_sku"]


async def test_a_withdrawal_of_a_deleted_product_writes_nothing(make_world):
    """An item that goes inactive after Magento lost its product is not set to 0 there: no row is made."""
    here = make_world(_products())
    settings = here.settings(inventory=INVENTORY)
    await _sync(here, "inventory", settings)
    here.change_shop({"remove_product": "P-1"}, {"remove_source_item": {"sku": "P-1", "source_code": "default"}})
    here.change({"set_item": {"inventory_id": "P-1", "status": "Inactive"}})
    outcome = await _sync(here, "inventory", settings)
    assert (outcome.counters.requests, outcome.counters.failed) == (0, 0)
    assert ("P-1", "default") not in here.quantities()


@pytest.mark.parametrize("choice", ["fail", "skip"])
async def test_the_sku_that_an_item_had_goes_to_zero_though_magento_lacks_its_new_one(make_world, choice):
    """Nobody updates the product of the old SKU any more, so it must not be sold on; the new one gets its quantity once
    it is there.
    """
    here = make_world([Product("A", "x", 5_000_000, {"MAIN": 30_000})], shop_products=[Product("OLD", "x", 0)])
    settings = here.settings(items={"sku": "alternate:Global", "unknown_sku": choice}, inventory=INVENTORY)
    here.change({"set_cross_reference": {"inventory_id": "A", "alternate_id": "OLD"}})
    await _sync(here, "inventory", settings)
    assert here.quantities() == {("OLD", "default"): 3}
    here.change(
        {"set_cross_reference": {"inventory_id": "A", "alternate_id": "OLD", "remove": True}},
        {"set_cross_reference": {"inventory_id": "A", "alternate_id": "NEW"}},
    )
    await _sync(here, "inventory", settings)
    assert here.quantities() == {("OLD", "default"): 0}
    assert [one.key for one in here.failed("inventory")] == (["NEW"] if choice == "fail" else [])
    here.change_shop({"add_product": {"sku": "NEW"}})
    await _sync(here, "inventory", settings, full=True)
    assert here.quantities() == {("OLD", "default"): 0, ("NEW", "default"): 3}


@pytest.mark.parametrize("how", ["first refusal", "full sync"])
async def test_skip_is_honoured_for_what_magento_no_longer_has(make_world, how):
    """With Unknown SKU on skip a deleted product fails nothing, however it was noticed."""
    here = make_world(_products())
    settings = here.settings(items={"unknown_sku": "skip"}, inventory=INVENTORY)
    await _sync(here, "price", settings)
    here.change_shop({"remove_product": "P-1"})
    if how == "first refusal":
        _price(here, "6")
        outcome = await _sync(here, "price", settings)
    else:
        outcome = await _sync(here, "price", settings, full=True)
    assert (outcome.counters.failed, here.failed()) == (0, [])
    assert [state for state, _cause, _reason in _live(here, "price")] == ["skipped"]
    _make_again(here)
    assert (await _sync(here, "price", settings, full=True)).counters.sent == 1


@pytest.mark.parametrize("price", [0, 12])
@pytest.mark.parametrize("way", ["full sync", "reconcile"])
async def test_a_product_made_again_between_two_syncs_gets_all_its_values(make_world, way, price):
    """Nothing was refused meanwhile: the next full sync compares with what Magento shows, and sends what it lacks."""
    here = make_world(_products())
    here.change_shop({"add_product_attribute": {"attribute_code": "vendor_qty", "frontend_input": "text"}})
    settings = here.settings(inventory=INVENTORY, vendor_inventory=VENDOR)
    for entity in ("price", "inventory"):
        await _sync(here, entity, settings)
    here.change_shop({"remove_product": "P-1"}, {"remove_source_item": {"sku": "P-1", "source_code": "default"}})
    here.shop("POST", "products", {"product": {"sku": "P-1", "name": "x", "attribute_set_id": 4, "price": price}})
    for entity in ("price", "inventory"):
        if way == "full sync":
            outcome = await _sync(here, entity, settings, full=True)
        else:
            compared = await reconcile(entity, settings, here.state, clock=here.clock)
            assert {one.key for one in compared.differences} == {"P-1"}
            outcome = await repair(entity, settings, here.state, compared.differences, clock=here.clock)
        assert outcome.counters.sent == (1 if entity == "price" else 2)
    attributes = {one["attribute_code"]: one["value"] for one in here.shop("GET", "products/P-1")["custom_attributes"]}
    assert (here.prices()["P-1"], here.quantities()["P-1", "default"], attributes["vendor_qty"]) == (5, 3, "2")


async def test_a_full_sync_that_finds_all_as_it_is_writes_nothing(make_world):
    """It asks in a few pages, and sends nothing."""
    here = make_world(60)
    for entity in ("price", "inventory"):
        await _sync(here, entity)
        outcome = await _sync(here, entity, full=True)
        assert outcome.counters.requests == 0
        assert outcome.counters.reads < 20


@pytest.mark.over_both
async def test_no_row_and_no_quantity_sends_nothing(make_world):
    """Where a source has no row, 0 is what Magento shows; a later quantity is sent, and 0 after it."""
    here = make_world(_products(EAST=0))
    settings = here.settings(inventory=INVENTORY)
    outcome = await _sync(here, "inventory", settings)
    assert (outcome.counters.sent, set(here.quantities())) == (3, {(f"P-{n}", "default") for n in range(3)})
    assert (await _sync(here, "inventory", settings, full=True)).counters.requests == 0
    for quantity in ("4", "0"):
        _quantity(here, quantity, "EAST")
        assert (await _sync(here, "inventory", settings)).counters.sent == 1
        assert here.quantities()["P-1", "east"] == Decimal(quantity)
    here.assert_converged(settings, entities=["inventory"])


async def test_no_row_and_a_status_that_is_left_alone(make_world):
    """The first quantity at a source that had no row is in stock, also where the status is left alone otherwise."""
    here = make_world(_products(EAST=0))
    settings = here.settings(inventory={**INVENTORY, "status": "leave"})
    await _sync(here, "inventory", settings)
    _quantity(here, "4", "EAST")
    await _sync(here, "inventory", settings)
    [row] = [one for one in here.shop_state()["source_items"] if one["source_code"] == "east"]
    assert (row["sku"], row["quantity"], row["status"]) == ("P-1", "4", 1)


async def test_a_child_of_a_ship_together_bundle_keeps_its_one_source(make_world):
    """Magento refuses a second source for it for good, also with 0: nothing is sent there, and nothing fails."""
    here = make_world(_products(EAST=0))
    settings = here.settings(inventory=INVENTORY)
    await _sync(here, "inventory", settings)
    bundle = {"sku": "SET", "type_id": "bundle", "children": ["P-1"], "attributes": {"shipment_type": "0"}}
    here.change_shop({"add_product": bundle})
    here.begin_anew()
    outcome = await _sync(here, "inventory", settings)
    assert (outcome.counters.requests, here.failed()) == (0, [])
