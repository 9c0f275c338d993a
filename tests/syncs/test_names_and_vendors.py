"""Names that the systems do not have, and vendor stock that would count twice, end the run before anything is sent."""

import pytest
from support.world import World

from app.connection.test_connection import check_connection
from sandbox.catalogue import Product
from settings import Settings

QUERY = "A2M-VendorQuantities"
LINKS = "inventory/stock-source-links?searchCriteria[pageSize]=100"


def _products() -> list[Product]:
    return [Product("P-1", "x", 5_000_000, {"MAIN": 30_000, "EAST": 60_000, "WEST": 0}, vendor4=400_000)]


def _branch(name: str, warehouse: str, source: str, *, vendors: bool = True) -> dict[str, object]:
    row = {"branch": name, "warehouses": [warehouse], "source": source}
    return {**row, "include_vendor_inventory": vendors}


def _by_branch(here: World, *rows: dict[str, object]) -> Settings:
    sections = {"inventory": {"definition": "branch_wise", "branches": list(rows)}}
    return here.settings(**sections, vendor_inventory={"include": "sum", "inquiry": QUERY})


async def _checked(here: World, settings: Settings, what: str) -> tuple[str, str]:
    found = [one async for one in check_connection(settings, here.state, here.clock) if one.what == what]
    return found[0].result, found[0].message


@pytest.mark.parametrize(
    ("inventory", "words"),
    [
        ({"warehouses": ["main"], "sources": {}}, "no warehouse main (it is spelled MAIN)"),
        ({"warehouses": ["MAIN"], "sources": {"MAIN": "east", "NOWHERE": "west"}}, "no warehouse NOWHERE; it has"),
    ],
)
async def test_a_warehouse_that_acumatica_lacks_is_refused_by_name(make_world, inventory, words):
    """In the list or as the key of a map: the run ends and sends nothing, and Test Connection says so too."""
    here = make_world(_products())
    settings = here.settings(inventory=inventory)
    outcome = await here.sync("inventory", settings)
    assert words in (outcome.fault or "")
    assert here.writes() == []
    result, message = await _checked(here, settings, "Warehouses")
    assert result == "failed"
    assert words in message


@pytest.mark.parametrize("item_class", ["allother", " ALLOTHER "])
async def test_an_item_class_is_one_in_any_letter_case(make_world, item_class):
    """Another spelling of the class takes nothing away and sends nothing again, and Test Connection passes."""
    here = make_world(_products())
    await here.sync("price")
    await here.sync("inventory")
    sent = len(here.writes())
    settings = here.settings(items={"classes": [item_class]})
    for entity in ("price", "inventory"):
        assert (await here.sync(entity, settings)).fault is None
    assert len(here.writes()) == sent
    assert (await _checked(here, settings, "Item classes"))[0] == "passed"


async def test_an_item_class_that_acumatica_lacks_is_refused_by_name(make_world):
    """The run ends before the items of the others go to 0, and Test Connection says so too."""
    here = make_world(_products())
    await here.sync("inventory")
    sent = len(here.writes())
    settings = here.settings(items={"classes": ["ALLOTHER", "NOWHERE"]})
    for entity in ("price", "inventory"):
        assert "no item class NOWHERE; it has ALLOTHER" in ((await here.sync(entity, settings)).fault or "")
    assert len(here.writes()) == sent
    assert (await _checked(here, settings, "Item classes"))[0] == "failed"


async def test_vendor_stock_counts_once_in_a_stock_of_magento(make_world):
    """Two branches that include it, at two sources of one stock, are refused with the sources; one of them is right."""
    here = make_world(_products())
    both = _by_branch(here, _branch("HEADOFFICE", "MAIN", "EAST"), _branch("RETAIL", "EAST", "west"))
    outcome = await here.sync("inventory", both)
    assert "would count 2 times in Magento's stock" in (outcome.fault or "")
    assert "east, west" in (outcome.fault or "")
    assert here.writes() == []
    assert (await _checked(here, both, "Vendor stock of branches"))[0] == "failed"
    one = _by_branch(here, _branch("HEADOFFICE", "MAIN", "east"), _branch("RETAIL", "EAST", "west", vendors=False))
    outcome = await here.sync("inventory", one)
    assert (outcome.fault, outcome.counters.failed) == (None, 0)
    assert here.quantities() == {("P-1", "east"): 43, ("P-1", "west"): 6}


async def test_two_branches_of_one_source_count_vendor_stock_once(make_world):
    """Both include it and both show at one source, in whatever spelling: the sum has it once."""
    here = make_world(_products())
    settings = _by_branch(here, _branch("HEADOFFICE", "MAIN", "east"), _branch("RETAIL", "EAST", "EAST"))
    await here.sync("inventory", settings)
    assert here.quantities() == {("P-1", "east"): 49}


async def test_vendor_stock_may_count_in_each_of_two_stocks(make_world):
    """Two websites that sell from stocks of their own each show it."""
    here = make_world(_products())
    [link] = [one for one in here.shop("GET", LINKS)["items"] if one["source_code"] == "east"]
    here.shop("POST", "inventory/stock-source-links-delete", {"links": [link]})
    number = here.shop("POST", "inventory/stocks", {"stock": {"name": "Other website"}})
    here.shop("POST", "inventory/stock-source-links", {"links": [{**link, "stock_id": number}]})
    settings = _by_branch(here, _branch("HEADOFFICE", "MAIN", "west"), _branch("RETAIL", "EAST", "east"))
    outcome = await here.sync("inventory", settings)
    assert (outcome.fault, outcome.counters.failed) == (None, 0)
    assert here.quantities() == {("P-1", "west"): 43, ("P-1", "east"): 46}
    assert (await _checked(here, settings, "Vendor stock of branches"))[0] == "passed"
