"""What a change of settings would change is what the next sync then changes, and nothing is changed by asking."""

from __future__ import annotations

from support.world import World

from app.preview.preview import affected, preview_entity
from sandbox.catalogue import Product

PRODUCTS = [
    Product("A", "x", 9_490_000, {"MAIN": 100_000}),
    Product("B", "x", 5_000_000, {"MAIN": 10_000, "EAST": 500_000}),
    Product("C", "x", 250_000, {"EAST": 20_000}),
]
SOURCES = {"MAIN": "default", "EAST": "default"}


async def preview(here: World, entity: str, **changed):
    """What is foreseen of these changes."""
    before, after = here.settings(inventory={"sources": SOURCES}), here.settings(**changed)
    return await preview_entity(entity, before, after, here.state, here.clock)


def quantities(warehouses):
    """Settings under which these warehouses count, all in one source."""
    return {"inventory": {"warehouses": warehouses, "sources": dict.fromkeys(warehouses, "default")}}


async def test_a_coarser_rounding(make_world):
    """Two of three prices change, one of them to 0; the next sync with these settings sends exactly those."""
    here: World = make_world(PRODUCTS)
    await here.sync("price")
    found = await preview(here, "price", price={"rounding": 0, "allow_zero": True})
    assert (found.known, found.changed, found.to_zero, found.failing, found.why_not) == (3, 2, 1, 0, "")
    assert {(one.sku, one.before, one.after) for one in found.examples} == {("A", "9.49", "9"), ("C", "0.25", "0")}
    assert str(here.prices()["A"]) == "9.49", "asking sends nothing"
    outcome = await here.sync("price", here.settings(price={"rounding": 0, "allow_zero": True}))
    assert outcome.counters.sent == 2


async def test_another_warehouse(make_world):
    """Both are reported: without EAST a quantity falls to 0, with it another one rises more than tenfold."""
    here: World = make_world(PRODUCTS)
    before = here.settings(**quantities(["MAIN", "EAST"]))
    await here.sync("inventory", before)
    less = await preview_entity("inventory", before, here.settings(**quantities(["MAIN"])), here.state, here.clock)
    assert (less.known, less.changed, less.to_zero, less.tenfold) == (3, 2, 1, 0)
    assert {(one.sku, one.after) for one in less.examples} == {("B", "1"), ("C", "0")}
    await here.sync("inventory", here.settings(**quantities(["MAIN"])))
    more = await preview_entity("inventory", here.settings(**quantities(["MAIN"])), before, here.state, here.clock)
    assert (more.changed, more.to_zero, more.tenfold) == (2, 0, 1)


async def test_another_figure(make_world):
    """All three quantities are stored, so On Hand is foreseen without reading anything; Acumatica is not asked."""
    here: World = make_world(PRODUCTS)
    await here.sync("inventory")
    asked = here.site_state()["requests"]
    found = await preview(here, "inventory", inventory={"quantity": "on_hand"})
    assert found.why_not == ""
    assert found.known == 4
    assert here.site_state()["requests"] == asked


async def test_what_was_never_read(make_world):
    """The preview reports that sales prices have not been read yet, and guesses nothing."""
    here: World = make_world(PRODUCTS)
    await here.sync("price")
    found = await preview(here, "price", price={"source": "sales_price"})
    assert "cannot be calculated" in found.why_not
    assert "Nothing is known yet" in (await preview(here, "inventory", inventory={"safety": 1})).why_not


def test_which_entities(make_world):
    """Those whose values depend on what changed, and those that become active."""
    here: World = make_world(PRODUCTS)
    before = here.settings()
    assert affected(before, here.settings(queue={"batch_count": 7})) == []
    assert affected(before, here.settings(price={"rounding": 0})) == ["price"]
    assert affected(before, here.settings(inventory={"safety": 1})) == ["inventory"]
    assert affected(before, here.settings(active={"order": True, "price": False})) == ["order"]
