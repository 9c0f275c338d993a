"""Items that the price list does not have, and items with several SKUs, are named."""

import pytest

from sandbox.catalogue import Product


def _products() -> list[Product]:
    return [Product(f"P-{n}", "x", 5_000_000, {"MAIN": 30_000}) for n in range(3)]


@pytest.mark.parametrize(
    ("choice", "price", "words"), [("default_price", "5", "got their"), ("leave", "0", "left alone")]
)
async def test_an_item_without_a_row_in_the_price_list(make_world, choice, price, words):
    """It gets its Default Price or is left alone, as the setting says, and the run counts such items."""
    here = make_world(_products(), shop_products=[Product(f"P-{n}", "x", 0) for n in range(3)])
    for number in (0, 1):
        here.change({"add_sales_price": {"inventory_id": f"P-{number}", "price_type": "Base", "price": "9.5"}})
    settings = here.settings(price={"source": "sales_price", "without_sales_price": choice})
    outcome = await here.sync("price", settings)
    assert here.prices() == {"P-0": 9.5, "P-1": 9.5, "P-2": int(price)}
    message = " ".join(outcome.remarks.summary())
    assert "1 without a row in the price list" in message
    assert words in message
    here.assert_shown(settings, entities=["price"])


async def test_the_second_sku_of_an_item_is_named(make_world):
    """The alternate id of the unit that Magento counts in is sent; the others are named as not sent."""
    here = make_world(_products(), shop_products=[Product(sku, "x", 0) for sku in ("BOX-1", "ONE-1", "ONE-2")])
    ids = (("P-1", "BOX-1", "BOX"), ("P-1", "ONE-1", "EA"), ("P-1", "one-1", ""), ("P-2", "ONE-2", ""))
    for item, sku, uom in ids:
        here.change({"set_cross_reference": {"inventory_id": item, "alternate_id": sku, "uom": uom}})
    settings = here.settings(
        items={"sku": "alternate:Global"}, inventory={"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}
    )
    for entity in ("price", "inventory"):
        outcome = await here.sync(entity, settings)
        assert outcome.counters.sent == 2
        [(sku, note)] = [one for one in outcome.remarks.notes if "further SKUs" in one[1]]
        assert sku == "ONE-1"
        assert "BOX-1 (BOX)" in note
        assert "1 SKUs are not sent" in " ".join(outcome.remarks.summary())
    assert here.prices() == {"BOX-1": 0, "ONE-1": 5, "ONE-2": 5}
    assert set(here.quantities()) == {("ONE-1", "default"), ("ONE-2", "default")}
