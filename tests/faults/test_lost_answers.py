"""Requests that were applied and whose answer never came, or that are applied after we gave up: nothing older wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from support.crashes import Death, dies_at
from support.processes import wait_until
from support.stories import STORIES, Scene
from support.world import World

WRITES = {
    "price": "POST path=*/base-prices",
    "inventory": "POST path=*/inventory/source-items",
    "customer": "writes path=*/customers*",
    "order": "POST path=*/orders",
    "shipment": "POST path=*/ship",
}
MINUTE = 61.0
IMPATIENT = {"timeout": 0.5, "concurrency": 1}


async def _sync_often(scene: Scene, entity: str, count: int = 3) -> None:
    story = STORIES[entity]
    for _round in range(count):
        for one in story.syncs_afterwards():
            scene.here.clock.advance(MINUTE)
            await scene.sync(one)


@pytest.mark.parametrize("entity", WRITES)
async def test_answers_that_are_lost(make_world: Callable[..., World], entity: str):
    """Applied, then cut before the answer, twice: Magento is asked, and nothing is lost or made twice."""
    story = STORIES[entity]
    here = make_world(story.products)
    scene = Scene(here, story.sections)
    await STORIES[entity].begin(scene)
    here.faults.replace(f"magento {WRITES[entity]}: cut=after times=2")
    await _sync_often(scene, entity)
    assert here.faults.rules[0].done >= 1, "the fault met nothing"
    here.assert_converged(scene.settings, entities=story.entities())


@pytest.mark.parametrize("entity", ["price", "inventory"])
async def test_a_value_whose_answer_was_lost_is_sent_once(make_world: Callable[..., World], entity: str):
    """A living run asks what Magento shows instead of sending again (spec, *What a sync does*)."""
    here = make_world(6)
    await here.sync(entity)
    here.clock.advance(60)
    here.change(
        {"set_price": {"inventory_id": "SKU-000001", "price": "11"}},
        {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", "available": "777"}},
    )
    writes = len(here.writes())
    here.faults.replace(f"magento {WRITES[entity]}: cut=after times=1")
    assert (await here.sync(entity)).counters.sent == 1
    assert here.faults.rules[0].done == 1, "the fault met nothing"
    assert len(here.writes()) == writes + 1
    here.assert_converged(entities=[entity])


@pytest.mark.parametrize("entity", WRITES)
@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_newer_value_is_queued_before_the_lost_one_is_settled(
    make_world: Callable[..., World], database_url: str, entity: str, cut: str
) -> None:
    """The run dies with the outcome unknown, and Acumatica changes: only the newest is sent from then on."""
    story = STORIES[entity]
    here = make_world(story.products, database_url=database_url)
    scene = Scene(here, story.sections)
    await STORIES[entity].begin(scene)
    here.faults.replace(f"magento {WRITES[entity]}: cut={cut} times=1")
    with dies_at(Death("delivered", 1)):
        await scene.sync(entity)
    assert here.faults.rules[0].done == 1, "the fault met nothing"
    here.clock.advance(1)
    story.change_again(scene, 1)
    await _sync_often(scene, entity)
    here.assert_converged(scene.settings, entities=story.entities())


async def test_a_value_that_was_never_applied_and_is_overtaken_is_not_sent(make_world: Callable[..., World]):
    """The request never arrived, and a newer price is known by now: Magento never hears of the old one."""
    here = make_world(6)
    await here.sync("price")
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "11"}})
    here.faults.replace("magento POST path=*/base-prices: cut=before times=1")
    with dies_at(Death("delivered", 1)):
        await here.sync("price")
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "12"}})
    await here.sync("price")
    assert here.sent_values()["/rest/all/V1/products/base-prices", "SKU-000001", ""][1:] == [Decimal(12)]
    here.assert_converged(entities=["price"])


async def test_a_request_that_is_applied_after_a_newer_one(make_world: Callable[..., World], database_url: str):
    """It arrived whole, Magento was busy, we gave up, sent something newer, and then the old one was applied: a minute
    later the key is read again and put right.
    """
    here = make_world(6, database_url=database_url)
    impatient = here.settings(magento=IMPATIENT)
    await here.sync("price")
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "11"}})
    here.late.hold("/base-prices")
    with dies_at(Death("delivered", 1)):
        await here.sync("price", impatient)
    here.clock.advance(1)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "12"}})
    await here.sync("price")
    assert here.prices()["SKU-000001"] == 12
    here.late.release()
    wait_until(lambda: here.prices()["SKU-000001"] == 11, "the late request applied")
    here.clock.advance(MINUTE)
    await here.sync("price")
    assert here.prices()["SKU-000001"] == 12
    here.assert_shown(entities=["price"])


@pytest.mark.parametrize(
    ("entity", "path", "made"), [("customer", "/customers", 2), ("order", "/orders", 1), ("shipment", "/ship", 2)]
)
async def test_a_document_that_is_made_after_we_gave_up_is_sent_once(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, entity: str, path: str, made: int
) -> None:
    """Its request arrived whole and Magento makes it late: the run that lives on waits and asks, and sends no other."""
    story = STORIES[entity]
    here = make_world(story.products)
    scene = Scene(here, story.sections)
    await STORIES[entity].begin(scene)

    def sent() -> int:
        return sum(write["method"] == "POST" and write["path"].endswith(path) for write in here.writes())

    before = sent()
    here.late.hold(path)
    impatient = here.settings(**{**scene.sections, "magento": {**scene.sections["magento"], **IMPATIENT}})
    late = asyncio.create_task(here.sync(entity, impatient))
    await asyncio.to_thread(here.late.wait_until_held)
    rest, written = here.clock.sleep, len(here.writes())
    made_at = here.clock.now() + timedelta(seconds=20)

    async def made_meanwhile(seconds: float) -> None:
        if here.clock.now() + timedelta(seconds=seconds) >= made_at:
            here.late.release()
            await asyncio.to_thread(wait_until, lambda: len(here.writes()) > written, "the late document made")
        await rest(seconds)

    monkeypatch.setattr(here.clock, "sleep", made_meanwhile)
    assert (await late).fault is None
    here.late.release()
    await _sync_often(scene, entity)
    assert sent() - before == made
    here.assert_converged(scene.settings, entities=story.entities())


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_value_that_is_applied_behind_a_gateways_fault_does_not_stay(
    make_world: Callable[..., World], status: int
) -> None:
    """Each attempt is answered 5xx, one is applied all the same, and Acumatica returns to its earlier value."""
    here = make_world(STORIES["price"].products)
    settings = here.settings()
    await here.sync("price", settings)
    before = here.prices()["SKU-000001"]
    here.clock.advance(MINUTE)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "3.25"}})
    here.faults.replace(f"magento {WRITES['price']}: status={status}")
    await here.sync("price", settings)
    assert len(here.failed("price")) == 1
    here.faults.replace("")
    here.change_shop({"set_price": {"sku": "SKU-000001", "price": "3.25"}})
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": str(before)}})
    for _time in range(2):
        here.clock.advance(MINUTE)
        await here.sync("price", settings)
    assert here.prices()["SKU-000001"] == before
    here.assert_shown(settings, entities=["price"])
