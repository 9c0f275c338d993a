"""Whatever instant a sync dies at, the next one carries on: nothing is lost, doubled, or older than it was.

Each sync that dies is a process of its own, ended by `os._exit`: nothing of it is tidied up. One world goes through all
deaths of its entity, so the last crash meets what the first one left.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import get_args

import pytest
from support.crashes import Death, sync_in_process
from support.stories import STORIES, Scene, Story

from connector import failpoints
from connector.state.coordination.lease import LEASE_SECONDS

SESSION_ENDS = 700.0  # seconds: a dead look's session counts until Acumatica has closed it


class Teller:
    """Tells a story round by round."""

    def __init__(self, story: Story, scene: Scene, sent: Path) -> None:
        self.story = story
        self.scene = scene
        self._told = sent
        self._rounds = count(1)

    async def round(self, *deaths: Death, must_die: bool = True) -> Counter[str]:
        """Changes, a sync that dies at each of these in turn, a newer change, the syncs that mend it, the invariant.

        Without a death: how often a clean sync reaches each step.
        """
        here, story, number = self.scene.here, self.story, next(self._rounds)
        here.clock.advance(SESSION_ENDS)
        await story.begin(self.scene, number)
        reached: Counter[str] = Counter()
        for death in deaths or (None,):
            reached += self._sync(death, must_die=must_die and death is deaths[0] if deaths else False)
            here.assert_watermark_is_behind(story.entity, self.scene.settings)
            here.clock.advance(LEASE_SECONDS + 1)
        story.change_again(self.scene, number)
        for entity in story.syncs_afterwards():
            await self.scene.sync(entity)
            here.clock.advance(LEASE_SECONDS + 1)
        try:
            here.assert_converged(self.scene.settings, entities=story.entities())
        except AssertionError as error:
            raise AssertionError(f"round {number}, {deaths}: {error}") from error
        return reached

    def _sync(self, death: Death | None, *, must_die: bool) -> Counter[str]:
        here, sections = self.scene.here, self.scene.sections
        return sync_in_process(
            self.story.entity, here.database_url, sections, here.clock.now(), self._told, death, must_die=must_die
        )


@pytest.fixture
def sockets() -> bool:
    """Only the processes that die need one."""
    return False


@pytest.fixture
def teller(
    make_world: Callable[..., object], new_database: Callable[..., str], tmp_path: Path
) -> Callable[[str, str], Teller]:
    """Begin an entity's story over a kind of database."""

    def begin(entity: str, database: str) -> Teller:
        story = STORIES[entity]
        here = make_world(story.products, database_url=new_database(database))
        return Teller(story, Scene(here, story.sections), tmp_path / "reached.json")

    return begin


def test_every_step_has_a_story() -> None:
    """A step that no story leads past would prove nothing; one that no sync has any more would prove it wrongly."""
    kinds = (failpoints.Step, failpoints.PriceStep, failpoints.ShipmentStep, failpoints.OrderStep)
    known = {step for kind in kinds for step in get_args(kind)}
    assert {step for story in STORIES.values() for step in story.steps} == known


SQLITE = [pytest.param(entity, "sqlite") for entity in STORIES]
POSTGRES = [pytest.param(entity, "postgresql", marks=pytest.mark.soak) for entity in STORIES]


@pytest.mark.parametrize(("entity", "database"), [*SQLITE, *POSTGRES])
async def test_a_sync_that_dies_at_any_step_is_carried_on(
    teller: Callable[[str, str], Teller], entity: str, database: str
) -> None:
    """A process dies at each step that a clean sync reaches, the first time, the second and the third."""
    story = teller(entity, database)
    await story.round()  # the first sync of all has more to do than those after it
    reached = await story.round()
    assert set(reached) == set(story.story.steps), "a step that no sync reaches proves nothing"
    for step in story.story.steps:
        for time in range(1, min(reached[step], 3) + 1):
            await story.round(Death(step, time))


@pytest.mark.parametrize("entity", STORIES)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("pairs", [2, pytest.param(40, marks=pytest.mark.soak)])
async def test_a_sync_that_dies_while_it_mends_another_is_carried_on(
    teller: Callable[[str, str], Teller], entity: str, database: str, pairs: int
) -> None:
    """Two deaths in a row, chosen by a seed (`A2M_SEED`): the sync that mends dies too."""
    seed = os.environ.get("A2M_SEED") or str(random.randrange(1_000_000))
    print(f"A2M_SEED={seed}")
    chance = random.Random(seed)
    story = teller(entity, database)
    for _pair in range(pairs):
        first, second = (Death(chance.choice(story.story.steps), 1), Death(chance.choice(story.story.steps), 1))
        await story.round(first, second)


async def test_a_source_raised_for_a_shipment_that_never_left_is_put_back(
    teller: Callable[[str, str], Teller],
) -> None:
    """The doubt was kept before the raise, so the next inventory sync corrects it though nothing was shipped."""
    sent = teller("shipment", "sqlite")
    scene, here = sent.scene, sent.scene.here
    trade = scene.of_trade()
    sent.story.ready(scene, 1)  # type: ignore[misc]
    await scene.sync("inventory")
    here.clock.advance(1)
    sent.story.change(scene, 1)
    sent._sync(Death("raised", 1), must_die=True)
    assert sorted(trade.quantity(sku) or 0 for sku in ("A", "B")) == [0, 1]
    here.clock.advance(LEASE_SECONDS + 1)
    await scene.sync("inventory")
    assert [trade.quantity(sku) or 0 for sku in ("A", "B")] == [0, 0]
    assert not here.shop_state()["shipments"]
