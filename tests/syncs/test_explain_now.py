"""`explain` asks Magento on demand what it shows at this moment, for every entity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.stories import STORIES, Scene
from support.world import World

from app.explain.from_magento import explain_now
from entities.explained import NOW
from sandbox.catalogue import Product

MakeWorld = Callable[..., World]


async def test_a_price_and_its_absence(make_world: MakeWorld) -> None:
    """The price in every store, what somebody wrote since, and a product that does not exist."""
    here = make_world([Product("RED SHIRT", "x", 12_500_000, {"MAIN": 10_000}), Product("GONE", "x", 1, {})][:1])
    settings = here.settings()
    await here.sync("price")
    assert await explain_now(settings, here.state, "price", "red shirt ") == [
        (NOW, "12.5 for RED SHIRT in every store")
    ]
    here.shop("POST", "products/base-prices", {"prices": [{"sku": "RED SHIRT", "price": 3, "store_id": 0}]})
    assert await explain_now(settings, here.state, "price", "RED SHIRT") == [(NOW, "3 for RED SHIRT in every store")]
    assert await explain_now(settings, here.state, "price", "GONE") == [(NOW, "no product with the SKU GONE")]


async def test_quantities_at_every_source(make_world: MakeWorld) -> None:
    """What each source holds, in stock or not; also where nothing was ever sent."""
    here = make_world([Product("A", "x", 1, {"MAIN": 30_000, "EAST": 0, "WEST": 20_000})])
    settings = here.settings()
    assert await explain_now(settings, here.state, "inventory", "A") == [(NOW, "no quantity of the simple product A")]
    await here.sync("inventory")
    current = dict(await explain_now(settings, here.state, "inventory", "A"))
    assert current[f"{NOW} at default"] == "3, in stock, for A"
    assert current[f"{NOW} at west"] == "2, in stock, for A"


DOCUMENTS: dict[str, str] = {"customer": "customer ", "order": "order ", "shipment": "shipment "}


@pytest.mark.parametrize("entity", DOCUMENTS)
async def test_documents(make_world: MakeWorld, entity: str) -> None:
    """Explain shows what Magento has for each linked document, and that it has nothing for an unknown one."""
    story = STORIES[entity]
    here = make_world(story.products)
    scene = Scene(here, story.sections)
    for number in (1, 2):
        await story.begin(scene, number)
        here.clock.advance(61)
        await scene.sync(entity)
    with here.state.read() as connection:
        known: list[Any] = list(
            connection.exec_driver_sql(f"SELECT acumatica_key FROM links WHERE entity = '{entity}'")
        )
    assert known
    for (key,) in known:
        lines = await explain_now(scene.settings, here.state, entity, key)
        assert lines[0][1].startswith(DOCUMENTS[entity]), lines
        assert len(lines) > 1, lines
    (nothing,) = await explain_now(scene.settings, here.state, entity, "NOBODY")
    assert nothing == (NOW, f"no {entity} of NOBODY is known to the connector: it has no link")
