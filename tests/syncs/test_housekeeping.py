"""The state database neither grows by looking nor loses what a sync needs by housekeeping."""

import pytest
from sqlalchemy import func, select
from support.crashes import Death, dies_at
from support.stories import STORIES, Scene
from support.world import ENTITIES

from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.operator import retention
from connector.state.schema import metadata, targets

SESSION_ENDS = 700.0


@pytest.fixture
def scene(make_world):
    """A story's world after its change, before the sync that sends it."""

    async def begin(entity: str) -> Scene:
        story = STORIES[entity]
        played = Scene(make_world(story.products), story.sections)
        await story.begin(played)
        return played

    return begin


async def sync_all(scene: Scene, entity: str, **how) -> None:
    """Every sync that the story's end needs, each a minute later."""
    for name in STORIES[entity].syncs_afterwards():
        scene.here.clock.advance(60)
        outcome = await scene.here.sync(name, scene.settings, **how)
        assert (outcome.fault, outcome.stopped) == (None, None), outcome.summary()


async def forget_everything_that_is_over(scene: Scene) -> int:
    """Housekeeping with no time at all for which anything is kept."""
    scene.here.clock.advance(1)
    return await retention.forget_messages(scene.here.state, scene.here.clock, scene.here.clock.now())


def rows(scene: Scene) -> dict[str, int]:
    """How many rows each table has."""
    with scene.here.state.read() as connection:
        tables = metadata.sorted_tables
        return {one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}


def states(scene: Scene) -> list[str]:
    """The state of every message."""
    with scene.here.state.read() as connection:
        return list(connection.execute(select(targets.c.state).order_by(targets.c.id)).scalars())


@pytest.mark.parametrize("entity", ENTITIES)
async def test_an_idle_sync_adds_no_row(scene, entity):
    """Neither a usual one nor a full one, in any table, whether something failed before or not."""
    played = await scene(entity)
    await sync_all(played, entity)
    before = rows(played)
    for full in (False, True, False):
        await sync_all(played, entity, full=full)
    assert rows(played) == before
    assert before["targets"] > 0


@pytest.mark.parametrize("entity", ENTITIES)
async def test_a_sync_after_housekeeping_sends_nothing(scene, entity):
    """What was sent is known without its message: a usual sync and a full one find nothing to do."""
    played = await scene(entity)
    await sync_all(played, entity)
    sent = len(played.here.writes())
    await forget_everything_that_is_over(played)
    assert rows(played)["requests"] == 1, "the newest stays, for its number"
    left = states(played)
    for full in (False, True):
        await sync_all(played, entity, full=full)
    assert len(played.here.writes()) == sent
    assert states(played) == left
    played.here.assert_converged(played.settings, entities=STORIES[entity].entities())


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("step", ["chunk_written", "claimed", "delivered", "settled"])
async def test_housekeeping_between_a_death_and_the_next_sync(scene, entity, step):
    """Nothing is lost and nothing is doubled."""
    played = await scene(entity)
    ended = None
    with dies_at(Death(step, 1)):
        ended = await played.here.sync(entity, played.settings)
    assert ended is None, "it did not die"
    await forget_everything_that_is_over(played)
    played.here.clock.advance(max(LEASE_SECONDS, SESSION_ENDS) + 1)
    await sync_all(played, entity)
    await forget_everything_that_is_over(played)
    await sync_all(played, entity)
    played.here.assert_converged(played.settings, entities=STORIES[entity].entities())


async def test_what_failed_stays_and_is_not_sent_again(make_world):
    """A failed message outlives housekeeping, and its value is not queued a second time."""
    story = STORIES["price"]
    scene = Scene(make_world(story.products, faults="magento POST path=*/base-prices: status=400"), story.sections)
    await sync_all(scene, "price")
    failed = [(one.id, one.reason) for one in scene.here.failed("price")]
    assert failed
    await forget_everything_that_is_over(scene)
    await sync_all(scene, "price", full=True)
    assert [(one.id, one.reason) for one in scene.here.failed("price")] == failed
    assert set(states(scene)) == {"failed"}
