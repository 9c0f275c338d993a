"""The stock status is left alone, or follows the quantity again, by setting."""

import pytest

from sandbox.catalogue import QUANTITY_UNIT, Product

INVENTORY = {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}
PRODUCTS = [Product(f"P-{n}", f"Product {n}", 1_000_000, {"MAIN": 10 * QUANTITY_UNIT}) for n in (1, 2, 3)]


@pytest.fixture
def here(make_world):
    return make_world(PRODUCTS)


def _settings(here, status):
    return here.settings(inventory={**INVENTORY, "status": status})


def _by_hand(here, sku, quantity, status):
    row = {"sku": sku, "source_code": "default", "quantity": quantity, "status": status}
    here.change_shop({"set_source_item": row})


async def _counted(here, settings, **available):
    """A sync a minute after these quantities were counted in Acumatica; nothing of it fails."""
    here.clock.advance(60)
    for number, quantity in available.items():
        item = {"inventory_id": number.replace("_", "-"), "warehouse": "MAIN", "available": str(quantity)}
        here.change({"set_quantity": item})
    outcome = await here.sync("inventory", settings)
    assert (outcome.fault, outcome.counters.failed) == (None, 0)
    return {row["sku"]: (row["quantity"], row["status"]) for row in here.shop_state()["source_items"]}


async def test_a_status_that_is_left_alone_stays_as_it_is_in_magento_now(here):
    """Set out of stock by hand, before the first sync or between two: quantities go on, and it stays so."""
    _by_hand(here, "P-1", 3, 0)
    settings = _settings(here, "leave")
    assert (await _counted(here, settings))["P-1"] == ("10", 0)
    assert (await _counted(here, settings, P_1=12))["P-1"] == ("12", 0)
    _by_hand(here, "P-2", 10, 0)
    assert (await _counted(here, settings, P_2=13))["P-2"] == ("13", 0)


async def test_an_item_that_is_active_again_has_the_status_that_it_had(here):
    """It went to 0 meanwhile, which did not touch the status."""
    settings = _settings(here, "leave")
    await _counted(here, settings)
    here.clock.advance(60)
    here.change({"set_item": {"inventory_id": "P-1", "status": "Inactive"}})
    assert (await _counted(here, settings))["P-1"] == ("0", 1)
    here.clock.advance(60)
    here.change({"set_item": {"inventory_id": "P-1", "status": "Active"}})
    assert (await _counted(here, settings))["P-1"] == ("10", 1)


async def test_a_status_that_was_left_alone_follows_the_quantity_once_the_setting_says_so(here):
    """Also where the quantity did not change; a product with backorders then stays in stock at 0."""
    _by_hand(here, "P-1", 3, 0)
    stock = {"use_config_backorders": False, "backorders": 1}
    here.shop("PUT", "products/P-2", {"product": {"extension_attributes": {"stock_item": stock}}})
    await _counted(here, _settings(here, "leave"))
    follows = _settings(here, "follow_quantity")
    assert await _counted(here, follows) == {"P-1": ("10", 1), "P-2": ("10", 1), "P-3": ("10", 1)}
    emptied = await _counted(here, follows, P_1=0, P_2=0, P_3=0)
    assert emptied == {"P-1": ("0", 0), "P-2": ("0", 1), "P-3": ("0", 0)}


@pytest.mark.parametrize("fault", ["status=503 times=1", "status=401"])
async def test_a_status_that_cannot_be_read_sends_nothing(here, fault):
    """The quantity goes once Magento answers again; where the connection as a whole fails, no attempt is used."""
    settings = _settings(here, "leave")
    await _counted(here, settings)
    here.clock.advance(60)
    here.change({"set_quantity": {"inventory_id": "P-1", "warehouse": "MAIN", "available": "7"}})
    here.faults.replace(f"magento GET path=*/source-items: {fault}")
    outcome = await here.sync("inventory", settings)
    assert (outcome.counters.sent, outcome.counters.failed) == ((0, 0) if "401" in fault else (1, 0))
    here.faults.calm()
    assert (await _counted(here, settings))["P-1"] == ("7", 1)
