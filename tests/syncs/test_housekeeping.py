"""The state database neither grows by looking nor loses what a sync needs by housekeeping."""

import pytest
from sqlalchemy import func, select
from support.crashes import Death, dies_at
from support.stories import STORIES, Scene
from support.world import ENTITIES

from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.operator import retention
from connector.state.schema import messages, metadata

SESSION_ENDS = 700.0


@pytest.fixture
def scene(make_world):
    """A story's world after its change, before the sync that sends it."""

    async def begin(entity: str) -> Scene:
        story = STORIES[entity]
        told = Scene(make_world(story.products), story.sections)
        if story.ready is not None:
            story.ready(told, 1)
            await told.look(story.then[0])
            told.here.clock.advance(1)
        story.change(told, 1)
        return told

    return begin


async def look_all(told: Scene, entity: str, **how) -> None:
    """Every sync that the story's end needs, each a minute later."""
    for name in STORIES[entity].looks_after():
        told.here.clock.advance(60)
        outcome = await told.here.sync(name, told.settings, **how)
        assert (outcome.fault, outcome.stopped) == (None, None), outcome.in_words()


async def forget_everything_that_is_over(told: Scene) -> int:
    """Housekeeping with no time at all for which anything is kept."""
    told.here.clock.advance(1)
    return await retention.forget_messages(told.here.state, told.here.clock, told.here.clock.now())


def rows(told: Scene) -> dict[str, int]:
    """How many rows each table has."""
    with told.here.state.read() as connection:
        tables = metadata.sorted_tables
        return {one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}


def states(told: Scene) -> list[str]:
    """The state of every message."""
    with told.here.state.read() as connection:
        return list(connection.execute(select(messages.c.state).order_by(messages.c.id)).scalars())


@pytest.mark.parametrize("entity", ENTITIES)
async def test_an_idle_look_adds_no_row(scene, entity):
    """Neither a usual one nor a full one, in any table, whether something failed before or not."""
    told = await scene(entity)
    await look_all(told, entity)
    before = rows(told)
    for full in (False, True, False):
        await look_all(told, entity, full=full)
    assert rows(told) == before
    assert before["messages"] > 0


@pytest.mark.parametrize("entity", ENTITIES)
async def test_a_look_after_housekeeping_sends_nothing(scene, entity):
    """What was sent is known without its message: a usual sync and a full one find nothing to do."""
    told = await scene(entity)
    await look_all(told, entity)
    sent = len(told.here.writes())
    assert await forget_everything_that_is_over(told) > 0
    left = states(told)
    assert len(left) == 1, "the newest stays, for its number"
    for full in (False, True):
        await look_all(told, entity, full=full)
    assert len(told.here.writes()) == sent
    assert states(told) == left
    told.here.assert_converged(told.settings, entities=STORIES[entity].entities())


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("step", ["chunk_written", "claimed", "delivered", "settled"])
async def test_housekeeping_between_a_death_and_the_next_look(scene, entity, step):
    """Nothing is lost and nothing is doubled."""
    told = await scene(entity)
    ended = None
    with dies_at(Death(step, 1)):
        ended = await told.here.sync(entity, told.settings)
    assert ended is None, "it did not die"
    await forget_everything_that_is_over(told)
    told.here.clock.advance(max(LEASE_SECONDS, SESSION_ENDS) + 1)
    await look_all(told, entity)
    await forget_everything_that_is_over(told)
    await look_all(told, entity)
    told.here.assert_converged(told.settings, entities=STORIES[entity].entities())


async def test_what_failed_stays_and_is_not_sent_again(make_world):
    """A failed message outlives housekeeping, and its value is not queued a second time."""
    story = STORIES["price"]
    told = Scene(make_world(story.products, faults="magento POST path=*/base-prices: status=400"), story.sections)
    await look_all(told, "price")
    failed = [(one.id, one.reason) for one in told.here.failed("price")]
    assert failed
    await forget_everything_that_is_over(told)
    await look_all(told, "price", full=True)
    assert [(one.id, one.reason) for one in told.here.failed("price")] == failed
    assert set(states(told)) == {"failed"}
