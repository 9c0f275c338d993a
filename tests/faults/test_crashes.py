"""Wherever a sync dies, the next one continues: nothing is lost, doubled, or replaced by an older value.

Each sync that dies is a process of its own that ends by `os._exit`, without any cleanup. One world goes through all
crashes of its entity, so later crashes meet what earlier ones left.
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

SESSION_ENDS = 700.0  # seconds until Acumatica closes the session of a dead sync


class CrashRounds:
    """Runs a story round by round, with crashes."""

    def __init__(self, story: Story, scene: Scene, reached_file: Path) -> None:
        self.story = story
        self.scene = scene
        self._reached_file = reached_file
        self._rounds = count(1)

    async def round(self, *deaths: Death, must_die: bool = True) -> Counter[str]:
        """Run one round: changes, a sync that dies for each death, a newer change, syncs that repair it, the invariant.

        Return how often its syncs reached each step. Without a death, one sync succeeds.
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
            self.story.entity,
            here.database_url,
            sections,
            here.clock.now(),
            self._reached_file,
            death,
            must_die=must_die,
        )


@pytest.fixture
def sockets() -> bool:
    """Use no sockets within this process; only the processes that die need them."""
    return False


@pytest.fixture
def crash_rounds(
    make_world: Callable[..., object], new_database: Callable[..., str], tmp_path: Path
) -> Callable[[str, str], CrashRounds]:
    """Return a function that prepares an entity's story on a kind of database."""

    def begin(entity: str, database: str) -> CrashRounds:
        story = STORIES[entity]
        here = make_world(story.products, database_url=new_database(database))
        return CrashRounds(story, Scene(here, story.sections), tmp_path / "reached.json")

    return begin


def test_every_step_has_a_story() -> None:
    """The stories go through every step at which a sync can die, and name no step that no longer exists."""
    kinds = (failpoints.Step, failpoints.PriceStep, failpoints.ShipmentStep, failpoints.OrderStep)
    known = {step for kind in kinds for step in get_args(kind)}
    assert {step for story in STORIES.values() for step in story.steps} == known


SQLITE = [pytest.param(entity, "sqlite") for entity in STORIES]
POSTGRES = [pytest.param(entity, "postgresql", marks=pytest.mark.soak) for entity in STORIES]


@pytest.mark.parametrize(("entity", "database"), [*SQLITE, *POSTGRES])
async def test_a_sync_that_dies_at_any_step_is_carried_on(
    crash_rounds: Callable[[str, str], CrashRounds], entity: str, database: str
) -> None:
    """A process dies at each step that a clean sync reaches, the first time, the second and the third."""
    rounds = crash_rounds(entity, database)
    await rounds.round()  # the first sync of all has more to do than those after it
    reached = await rounds.round()
    assert set(reached) == set(rounds.story.steps), "a step that no sync reaches proves nothing"
    for step in rounds.story.steps:
        for time in range(1, min(reached[step], 3) + 1):
            await rounds.round(Death(step, time))


@pytest.mark.parametrize("entity", STORIES)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("pairs", [2, pytest.param(40, marks=pytest.mark.soak)])
async def test_a_sync_that_dies_while_it_mends_another_is_carried_on(
    crash_rounds: Callable[[str, str], CrashRounds], entity: str, database: str, pairs: int
) -> None:
    """Two crashes in a row, chosen by a seed (`A2M_SEED`): the sync that repairs the first one dies too."""
    seed = os.environ.get("A2M_SEED") or str(random.randrange(1_000_000))
    print(f"A2M_SEED={seed}")
    chance = random.Random(seed)
    rounds = crash_rounds(entity, database)
    for _pair in range(pairs):
        first, second = (Death(chance.choice(rounds.story.steps), 1), Death(chance.choice(rounds.story.steps), 1))
        await rounds.round(first, second)


async def test_a_source_raised_for_a_shipment_that_never_left_is_put_back(
    crash_rounds: Callable[[str, str], CrashRounds],
) -> None:
    """The recheck was stored before the raise: the next inventory sync corrects it though nothing was shipped."""
    rounds = crash_rounds("shipment", "sqlite")
    scene, here = rounds.scene, rounds.scene.here
    trade = scene.of_trade()
    rounds.story.ready(scene, 1)  # type: ignore[misc]
    await scene.sync("inventory")
    here.clock.advance(1)
    rounds.story.change(scene, 1)
    rounds._sync(Death("raised", 1), must_die=True)
    assert sorted(trade.quantity(sku) or 0 for sku in ("A", "B")) == [0, 1]
    here.clock.advance(LEASE_SECONDS + 1)
    await scene.sync("inventory")
    assert [trade.quantity(sku) or 0 for sku in ("A", "B")] == [0, 0]
    assert not here.shop_state()["shipments"]
