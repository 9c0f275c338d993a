"""A source is one source, whatever spelling the settings give it."""

import pytest
from support.trade import Trade
from support.world import World

from sandbox.catalogue import Product
from settings import Settings

VENDOR = {"include": "separate", "inquiry": "A2M-VendorQuantities"}


def _products(count: int = 3) -> list[Product]:
    return [Product(f"P-{n}", "x", 5_000_000, {"MAIN": 100_000, "EAST": 30_000}, vendor4=20_000) for n in range(count)]


def _mapped(here: World, source: str, **inventory: object) -> Settings:
    return here.settings(inventory={"warehouses": ["MAIN"], "sources": {"MAIN": source}, **inventory})


def _by_default(here: World, source: str) -> Settings:
    return here.settings(inventory={"warehouses": ["MAIN"], "sources": {}, "default_source": source})


def _by_branch(here: World, source: str) -> Settings:
    rows = [{"branch": "MAIN", "warehouses": ["MAIN"], "source": source}]
    return here.settings(inventory={"definition": "branch_wise", "branches": rows})


def _separate(here: World, source: str) -> Settings:
    return here.settings(
        inventory={"warehouses": ["MAIN"], "sources": {}}, vendor_inventory={**VENDOR, "source": source}
    )


WAYS = {"map": _mapped, "default source": _by_default, "branch-wise": _by_branch}


@pytest.mark.over_both
@pytest.mark.parametrize("first", WAYS)
@pytest.mark.parametrize("then", WAYS)
async def test_another_spelling_or_table_sends_nothing(make_world, first, then):
    """Case, blanks and the table that names a source change nothing: no quantity goes to 0, and none is sent again."""
    here = make_world(_products())
    await here.sync("inventory", WAYS[first](here, "East"))
    for source in ("EAST", "east "):
        here.clock.advance(60)
        outcome = await here.sync("inventory", WAYS[then](here, source))
        assert (outcome.fault, outcome.counters.requests, outcome.counters.failed) == (None, 0, 0)
    assert here.quantities() == {(f"P-{n}", "east"): 10 for n in range(3)}
    assert {value["source_code"] for write in here.writes() for value in write["values"]} == {"east"}


async def test_the_vendors_source_is_one_too(make_world):
    """Separate Value at `West` and at `west` is one place, and a warehouse's source may not be it in any spelling."""
    here = make_world(_products())
    await here.sync("inventory", _separate(here, "West"))
    here.clock.advance(60)
    assert (await here.sync("inventory", _separate(here, "west"), full=True)).counters.requests == 0
    assert here.quantities()["P-1", "west"] == 2
    with pytest.raises(Exception, match="is the source of a warehouse already"):
        _separate(here, "DEFAULT")


async def test_what_failed_is_known_under_the_new_spelling(make_world):
    """A message that failed at a source is renewed when the source is spelled otherwise: never two of one place."""
    here = make_world(_products(), shop_products=_products(2))
    await here.sync("inventory", _mapped(here, "East"))
    [failed] = here.failed()
    assert failed.acumatica_key == "P-2"
    here.clock.advance(60)
    await here.sync("inventory", _mapped(here, "EAST"))
    assert [one.id for one in here.failed()] == [failed.id]


async def test_two_spellings_in_one_map_are_summed(make_world):
    """Two warehouses that go to `east` and `EAST` go to one source, which shows their sum."""
    here = make_world(_products())
    settings = here.settings(inventory={"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "east", "EAST": "EAST"}})
    await here.sync("inventory", settings)
    assert here.quantities() == {(f"P-{n}", "east"): 13 for n in range(3)}
    here.assert_converged(settings, entities=["inventory"])


async def test_magento_is_addressed_in_its_own_spelling(make_world):
    """A source that Magento spells in capitals is written as Magento spells it, also by the state of an earlier run."""
    here = make_world(_products())
    here.shop(
        "POST",
        "inventory/sources",
        {"source": {"source_code": "Hub-1", "name": "x", "enabled": True, "postcode": "1", "country_id": "US"}},
    )
    await here.sync("inventory", _mapped(here, "hub-1"))
    here.begin_anew()
    outcome = await here.sync("inventory", _mapped(here, "HUB-1"))
    assert outcome.counters.requests == 0
    assert here.quantities() == {(f"P-{n}", "Hub-1"): 10 for n in range(3)}
    assert {value["source_code"] for write in here.writes() for value in write["values"]} == {"Hub-1"}


async def test_a_shipment_leaves_the_source_in_magentos_spelling(make_world):
    """The source of a shipment, and the one that is raised for it, are named as Magento spells them."""
    here = Trade(make_world([Product("A", "Product A", 1_000_000, {"MAIN": 100_000})]))
    order = here.sold("000001", {"A": 2})
    here.ship("000001")
    here.here.clock.advance(60)
    settings = here.settings(inventory={"warehouses": ["MAIN"], "sources": {"MAIN": "Default"}})
    outcome = await here.here.sync("shipment", settings)
    assert (outcome.fault, outcome.counters.sent) == (None, 1)
    assert [one["extension_attributes"]["source_code"] for one in here.shipped(order)] == ["default"]
    assert {one["source_code"] for one in here.here.shop_state()["source_items"]} == {"default"}
    here.here.clock.advance(60)
    await here.here.sync("inventory", settings)
    assert here.quantity("A") == 8
