"""A worker that wakes up after its lease was taken: whatever it was about to write changes nothing, and nothing is made
twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.crashes import look_in_process
from support.stories import STORIES, Scene
from support.world import World

from connector import steps
from connector.queue.lease import LEASE_SECONDS

STEPS = ["queued", "claimed", "delivered"]
EVERY = [
    pytest.param(
        entity, step, marks=[] if step != "queued" and entity in ("shipment", "order", "customer") else pytest.mark.soak
    )
    for entity in STORIES
    for step in STEPS
]


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
    if story.ready is not None:
        story.ready(scene, 1)
        await scene.look(story.then[0])
    story.change(scene, 1)

    def sleep_at(name: str) -> None:
        reached[name] += 1
        if (name, reached[name]) == (step, 1):
            here.clock.advance(LEASE_SECONDS + 1)
            told = tmp_path / "reached.json"
            look_in_process(entity, here.database_url, scene.sections, here.clock.now(), told)

    monkeypatch.setattr(steps, "reached", sleep_at)
    late = await here.sync(entity, scene.settings)
    monkeypatch.undo()
    assert late.fault is not None
    assert f"Another run has taken over {entity}" in late.fault
    here.clock.advance(LEASE_SECONDS + 1)
    for one in story.looks_after():
        await scene.look(one)
        here.clock.advance(LEASE_SECONDS + 1)
    here.assert_converged(scene.settings, entities=story.entities())
