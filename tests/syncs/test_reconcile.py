"""`a2m reconcile`: both systems as they are now, side by side, and what differs put right on demand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support.customers import Shop, added
from support.stories import STORIES, Scene
from support.world import World

from app.reconcile import is_repaired, reconcile, remember_repaired, repair, select_differences
from connector.state.operator import comparisons
from sandbox.catalogue import Product, generated


def by_hand_in_magento(here: World, method: str, path: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": "Bearer sandbox-magento-token"}
    here.http.request(method, f"{here.magento.url}/rest/all/V1/{path}", json=body, headers=headers).raise_for_status()


def a_price_changed_by_hand(here: World, sku: str, price: float) -> None:
    by_hand_in_magento(here, "POST", "products/base-prices", {"prices": [{"price": price, "store_id": 0, "sku": sku}]})


async def _reconcile(here: World, entity: str, **how: Any):
    return await reconcile(entity, here.settings(), here.state, clock=here.clock, **how)


@pytest.mark.parametrize("entity", ["price", "inventory"])
async def test_nothing_differs_after_a_sync(make_world: Callable[..., World], entity: str) -> None:
    """Everything is compared, nothing differs, and nothing is written to Magento."""
    here = make_world(30)
    await here.sync(entity)
    before = len(here.writes())
    compared = await _reconcile(here, entity)
    assert (compared.why_not, compared.differences) == (None, [])
    assert compared.places == (len(here.prices()) if entity == "price" else len(here.quantities()))
    assert len(here.writes()) == before


async def test_a_price_that_somebody_changed_in_magento(make_world: Callable[..., World]) -> None:
    """No sync notices it; reconcile names it with both values, and a repair puts it right and nothing else."""
    here = make_world(12)
    await here.sync("price")
    sku = generated(12)[3].sku
    right = here.prices()[sku]
    a_price_changed_by_hand(here, sku, 1.23)
    here.clock.advance(61)
    assert (await here.sync("price", full=True)).counters.requests == 0
    compared = await _reconcile(here, "price")
    (found,) = compared.differences
    assert (found.sku, found.magento, Decimal(found.acumatica)) == (sku, "1.23", right)
    assert here.prices()[sku] == Decimal("1.23"), "to compare changes nothing"
    outcome = await repair("price", here.settings(), here.state, compared.differences, clock=here.clock)
    assert (outcome.fault, outcome.counters.sent) == (None, 1)
    assert here.prices()[sku] == right
    assert (await _reconcile(here, "price")).differences == []
    here.assert_shown(here.settings(), entities=["price"])


async def test_some_of_what_differs_is_put_right(make_world: Callable[..., World]) -> None:
    """Chosen by cause or by record, in any spelling; what is left is what the last comparison shows."""
    here = make_world(12)
    await here.sync("price")
    first, second = (generated(12)[number].sku for number in (3, 4))
    for sku in (first, second):
        a_price_changed_by_hand(here, sku, 1.23)
    here.clock.advance(61)
    compared = await _reconcile(here, "price")
    assert [one.cause for one in compared.differences] == ["other_value", "other_value"]
    assert select_differences(compared.differences, causes=["not_shown"]) == []
    chosen = select_differences(compared.differences, keys=[first.lower()], causes=["other_value"])
    outcome = await repair("price", here.settings(), here.state, chosen, clock=here.clock)
    remember_repaired(here.state, compared, chosen, outcome, here.clock.now())
    assert (here.prices()[first] != Decimal("1.23"), here.prices()[second]) == (True, Decimal("1.23"))
    with here.state.read() as connection:
        assert [one.sku for one in comparisons.differences(connection, "price")] == [second]
    (left,) = (await _reconcile(here, "price")).differences
    assert left.sku == second


async def test_a_quantity_that_was_taken_away_in_magento(make_world: Callable[..., World]) -> None:
    """A source item that was deleted by hand is reported as missing, and made again."""
    here = make_world(12)
    await here.sync("inventory")
    sku = generated(12)[3].sku
    by_hand_in_magento(
        here, "POST", "inventory/source-items-delete", {"sourceItems": [{"sku": sku, "source_code": "west"}]}
    )
    compared = await _reconcile(here, "inventory")
    assert [(one.sku, one.source) for one in compared.differences] == [(sku, "west")]
    await repair("inventory", here.settings(), here.state, compared.differences, clock=here.clock)
    here.assert_converged(entities=["inventory"])


async def test_what_failed_and_what_waits_are_reported_as_such(make_world: Callable[..., World]) -> None:
    """A failed message is a difference with its reason; a pending one says since when it waits."""
    products = [Product(f"P-{n}", "x", 5_000_000, {"MAIN": 30_000}) for n in range(3)]
    here = make_world(products, shop_products=products[1:])
    await here.sync("price")
    here.clock.advance(61)
    here.change({"set_price": {"inventory_id": "P-1", "price": "9"}})
    here.faults.replace("magento POST: status=503")
    await here.sync("price")
    here.faults.replace("")
    here.clock.advance(61)
    compared = await _reconcile(here, "price")
    why = {one.sku: one.why for one in compared.differences}
    assert set(why) == {"P-0", "P-1"}
    assert "no product" in why["P-0"]
    assert "waits to be sent since 20" in why["P-1"] or "503" in why["P-1"]
    mended = await repair("price", here.settings(), here.state, compared.differences, clock=here.clock)
    assert not is_repaired(here.state, mended), "what failed before is not put right by being sent again"


async def test_an_acumatica_that_does_not_answer_compares_nothing(make_world: Callable[..., World]) -> None:
    """The fault is reported, and nothing is called equal."""
    here = make_world(12)
    await here.sync("price")
    here.faults.replace("acumatica GET: status=503")
    compared = await _reconcile(here, "price")
    assert "Acumatica" in (compared.why_not or "")
    assert compared.places == 0


async def test_a_magento_that_asks_to_be_left_alone_compares_nothing(make_world: Callable[..., World]) -> None:
    """Asked to wait an hour, reconcile compares nothing and reports that, instead of calling everything equal."""
    here = make_world(12)
    await here.sync("price")
    here.faults.replace("magento: status=429 retry_after=3600")
    for _first_it_is_sent_and_then_it_is_known in range(2):
        compared = await _reconcile(here, "price")
        assert "left alone until" in (compared.why_not or "")


@pytest.mark.parametrize("entity", ["customer", "order", "shipment"])
async def test_documents_that_are_all_sent(make_world: Callable[..., World], entity: str) -> None:
    """Every document of a sync is looked for in Magento, is there, and nothing is written."""
    story = STORIES[entity]
    here = make_world(story.products)
    scene = Scene(here, story.sections)
    await story.send_all(scene)
    before = len(here.writes())
    compared = await reconcile(entity, scene.settings, here.state, clock=here.clock)
    assert (compared.why_not, compared.differences) == (None, [])
    assert compared.places > 0
    assert len(here.writes()) == before


async def test_a_customer_that_was_changed_in_magento(make_world: Callable[..., World]) -> None:
    """A customer whose name somebody changed differs, is put right, and is not made a second time."""
    here = make_world(1)
    shop = Shop(here)
    here.change(added(1), added(2))
    settings = here.settings(**STORIES["customer"].sections)
    assert (await here.sync("customer", settings)).counters.sent == 2
    shop.put({**shop.all()["buyer1@example.com"], "lastname": "Somebody"})
    compared = await reconcile("customer", settings, here.state, clock=here.clock)
    assert [one.key for one in compared.differences] == ["ACME0001"]
    assert compared.places == 2
    mended = await repair("customer", settings, here.state, compared.differences, clock=here.clock)
    assert (mended.fault, mended.counters.sent) == (None, 1)
    assert len(shop.all()) == 2
    assert (await reconcile("customer", settings, here.state, clock=here.clock)).differences == []


async def test_a_customer_that_was_deleted_in_magento(make_world: Callable[..., World]) -> None:
    """It is a difference; a repair does not make the customer again, but fails and says what to do."""
    here = make_world(1)
    shop = Shop(here)
    here.change(added(1))
    settings = here.settings(**STORIES["customer"].sections)
    await here.sync("customer", settings)
    shop.remove(shop.all()["buyer1@example.com"]["id"])
    compared = await reconcile("customer", settings, here.state, clock=here.clock)
    assert [one.key for one in compared.differences] == ["ACME0001"]
    mended = await repair("customer", settings, here.state, compared.differences, clock=here.clock)
    assert [one.cause for one in mended.failed] == ["gone_from_magento"]
    assert shop.all() == {}
