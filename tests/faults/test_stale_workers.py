"""A worker that wakes up after its lease was taken: whatever it was about to write changes nothing, and nothing is made
twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.crashes import sync_in_process
from support.stories import STORIES, Scene
from support.world import ENTITIES, World

from app.run import lease as keep_lease
from connector import failpoints
from connector.state.coordination.lease import LEASE_SECONDS

STEPS = ["queued", "claimed", "delivered"]
EVERY = [
    pytest.param(
        entity, step, marks=[] if step != "queued" and entity in ("shipment", "order", "customer") else pytest.mark.soak
    )
    for entity in ENTITIES
    for step in STEPS
]


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevent syncs in this process from renewing their lease, however long the others take on a busy machine."""

    async def never(*_arguments: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(keep_lease, "_renew", never)


@pytest.mark.parametrize(("entity", "step"), EVERY)
async def test_a_worker_that_wakes_up_late(
    make_world: Callable[..., World],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entity: str,
    step: str,
) -> None:
    """It stops at a step until its lease is over; another process takes the entity over and does the work. The late one
    says that it lost its lease, and everything is as the other one left it.
    """
    story, reached = STORIES[entity], Counter[str]()
    scene = Scene(make_world(story.products), story.sections)
    here = scene.here
    await story.begin(scene)

    def sleep_at(name: str) -> None:
        reached[name] += 1
        if (name, reached[name]) == (step, 1):
            here.clock.advance(LEASE_SECONDS + 1)
            sent = tmp_path / "reached.json"
            sync_in_process(entity, here.database_url, scene.sections, here.clock.now(), sent)

    monkeypatch.setattr(failpoints, "hit", sleep_at)
    late = await here.sync(entity, scene.settings)
    monkeypatch.undo()
    assert late.fault is not None
    assert f"Another run has taken over {entity}" in late.fault
    here.clock.advance(LEASE_SECONDS + 1)
    for one in story.syncs_afterwards():
        await scene.sync(one)
        here.clock.advance(LEASE_SECONDS + 1)
    here.assert_converged(scene.settings, entities=story.entities())


@pytest.mark.parametrize("entity", ["price", "inventory"])
async def test_an_older_value_that_a_late_worker_sends_does_not_stay(
    make_world: Callable[..., World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entity: str
) -> None:
    """It stops before its request, and wakes up when newer values have long been sent and looked at again: what it
    sends then is read again, and put right by the next sync.
    """
    story, reached = STORIES[entity], Counter[str]()
    scene = Scene(make_world(story.products), story.sections)
    here = scene.here
    await scene.sync(entity)
    here.clock.advance(LEASE_SECONDS + 1)
    story.change(scene, 1)

    def sleep_at(name: str) -> None:
        reached[name] += 1
        if (name, reached[name]) == ("claimed", 1):
            story.change_again(scene, 1)
            for _time in range(3):
                here.clock.advance(LEASE_SECONDS + 1)
                sync_in_process(entity, here.database_url, scene.sections, here.clock.now(), tmp_path / "reached.json")

    monkeypatch.setattr(failpoints, "hit", sleep_at)
    late = await here.sync(entity, scene.settings)
    monkeypatch.undo()
    assert f"Another run has taken over {entity}" in str(late.fault)
    here.clock.advance(1)
    await scene.sync(entity)
    here.assert_shown(scene.settings, entities=[entity])


@pytest.mark.parametrize(("entity", "path"), [("price", "/base-prices"), ("inventory", "/source-items")])
async def test_an_older_value_that_was_under_way_meanwhile_does_not_stay(
    make_world: Callable[..., World], asleep: None, tmp_path: Path, entity: str, path: str
) -> None:
    """Magento comes to a request only when its worker has long lost its lease: the worker has it read again."""
    story = STORIES[entity]
    scene = Scene(make_world(story.products), story.sections)
    here = scene.here
    await scene.sync(entity)
    here.clock.advance(LEASE_SECONDS + 1)
    story.change(scene, 1)
    here.late.hold(path)
    late = asyncio.create_task(here.sync(entity, scene.settings))
    await asyncio.to_thread(here.late.wait_until_held)
    story.change_again(scene, 1)
    sent = tmp_path / "reached.json"
    for _time in range(3):
        here.clock.advance(LEASE_SECONDS + 1)
        at = here.clock.now()
        await asyncio.to_thread(sync_in_process, entity, here.database_url, scene.sections, at, sent)
    here.late.release()
    assert f"Another run has taken over {entity}" in str((await late).fault)
    here.clock.advance(1)
    await scene.sync(entity)
    here.assert_shown(scene.settings, entities=[entity])


async def test_an_older_status_that_was_under_way_meanwhile_does_not_stay(
    make_world: Callable[..., World], asleep: None, tmp_path: Path
) -> None:
    """For a document, Magento is asked for the order and is sent its newest status again."""
    story = STORIES["order"]
    scene = Scene(make_world(story.products), story.sections)
    here, sales = scene.here, scene.of_sales()
    sales.entered("000001", {"A": 2})
    await scene.sync("order")
    sales.edit("000001", status="On Hold")
    here.late.hold("/V1/orders")
    late = asyncio.create_task(here.sync("order", scene.settings))
    await asyncio.to_thread(here.late.wait_until_held)
    sales.edit("000001", status="Open")
    sent = tmp_path / "reached.json"
    for _time in range(3):
        here.clock.advance(LEASE_SECONDS + 1)
        at = here.clock.now()
        await asyncio.to_thread(sync_in_process, "order", here.database_url, scene.sections, at, sent)
    here.late.release()
    assert "Another run has taken over order" in str((await late).fault)
    here.clock.advance(1)
    await scene.sync("order")
    here.assert_shown(scene.settings, entities=["order"])
