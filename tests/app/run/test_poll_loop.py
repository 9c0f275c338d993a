"""The life of a run: looks until Check Process Time has passed since it was due (case 4)."""

from datetime import UTC, datetime, timedelta

import pytest
from support.world import world

from app.run.poll_loop import poll_loop
from connector.clock import ManualClock
from connector.state.coordination import wakeups

DUE = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


async def syncs_of(check_process_time, process_sleep_time, *, late=0.0, context=0.0):
    """When a run looks, in seconds after it was due, and how long it pauses."""
    clock = ManualClock(DUE + timedelta(seconds=late))
    syncs = []

    async def sync():
        syncs.append((clock.now() - DUE).total_seconds())
        clock.advance(context)

    life = {"check_process_time": check_process_time, "process_sleep_time": process_sleep_time}
    await poll_loop(sync, clock, due_at=DUE, **life)
    return syncs, clock.slept


async def test_50_and_5_with_instant_work():
    """50/5: looks at 0, 5, …, 50."""
    syncs, _slept = await syncs_of(50, 5)
    assert syncs == list(range(0, 51, 5))


async def test_59_and_2_clips_the_last_pause():
    """59/2: looks at 0, 2, …, 58 and 59; the last pause is one second."""
    syncs, slept = await syncs_of(59, 2)
    assert syncs == [*range(0, 59, 2), 59]
    assert slept == [2] * 29 + [1]


@pytest.mark.parametrize(
    ("life", "syncs"),
    [((1, 1), [0, 1]), ((59, 59), [0, 59]), ((10, 7), [0, 7, 10])],
)
async def test_the_ends_of_the_range(life, syncs):
    """The shortest life, the longest pause, and one that does not divide."""
    assert (await syncs_of(*life))[0] == syncs


async def test_a_run_that_began_late():
    """Life counts from when the run was due: one that began 47 s late looks at once and once more at its end."""
    syncs, slept = await syncs_of(50, 5, late=47)
    assert (syncs, slept) == ([47, 50], [3])


async def test_a_run_whose_life_was_over_before_it_began():
    """It looks once all the same: what waits shall not wait for a machine that is quicker."""
    assert await syncs_of(50, 5, late=300) == ([300], [])


async def test_work_that_lasts_longer_than_the_life():
    """A sync is never cut: work of 70 s ends the run after its first sync."""
    assert await syncs_of(50, 5, context=70) == ([0], [])


async def test_work_takes_from_the_life_and_not_from_the_pause():
    """The pause follows each sync in full; only the last is clipped."""
    syncs, slept = await syncs_of(20, 5, context=4)
    assert syncs == [0, 9, 18]
    assert slept == [5, 5]


async def test_a_sync_that_fails_ends_the_run():
    """Whatever a sync raises ends the run at once."""
    clock = ManualClock(DUE)

    async def sync():
        raise ConnectionError("the shop is away")

    with pytest.raises(ConnectionError):
        await poll_loop(sync, clock, due_at=DUE, check_process_time=50, process_sleep_time=5)
    assert clock.slept == []


async def test_a_run_of_an_entity_lives_by_its_settings(tmp_path, home):
    """Check Process Time and Process Sleep Time are those of the settings; a hand-started run counts from its start."""
    with world(tmp_path, 3) as here:
        settings = here.settings(queue={"check_process_time": 59, "process_sleep_time": 2})
        outcome = await here.sync("price", settings, once=False)
        assert outcome.fault is None
        syncs = [one for one in here.asked() if one["path"].endswith("/StockItem")]
        assert (sum(pause for pause in here.clock.slept if pause > 0), len(syncs)) == (59, 31)
        due_at = here.clock.now() - timedelta(seconds=55)
        await here.sync("price", settings, once=False, due_at=due_at)
        assert sum(pause for pause in here.clock.slept if pause > 0) == 59 + 4


async def test_settings_that_are_saved_while_a_run_lives(tmp_path, home):
    """The next sync uses them without a restart; made inactive, the entity is not looked at any more."""
    with world(tmp_path, 30) as here:
        life = {"check_process_time": 50}
        smaller = here.settings(queue={**life, "batch_count": 7})
        saved = [None, smaller, None, here.settings(queue=life, active={"price": False}), None]
        syncs = iter(saved)
        skus = list(here.prices())

        def newer():
            found = next(syncs)
            here.clock.advance(0.001)
            number = len(here.writes())
            prices = ({"set_price": {"inventory_id": sku, "price": f"{number + 1}.50"}} for sku in skus)
            here.change(*prices)
            return found

        outcome = await here.sync("price", here.settings(queue=life), once=False, newer_settings=newer)
        assert outcome.fault is None
        assert list(syncs) == []
        sizes = [len(write["keys"]) for write in here.writes()]
    assert sizes == [30, 7, 7, 7, 7, 2]


async def test_a_pause_ends_when_a_sync_is_asked_for(tmp_path, home):
    """Who wakes the entity while its run pauses does not wait for Process Sleep Time; another entity sleeps on."""
    with world(tmp_path, 3) as here:
        began, syncs = here.clock.now(), []
        sleep = here.clock.sleep

        async def sleep_and_wake(seconds):
            await sleep(seconds)
            if len(syncs) == 1 and here.clock.now() - began >= timedelta(seconds=6):
                wakeups.ask(here.state, ["inventory" if now() - began < timedelta(seconds=8) else "price"], now())

        def now():
            return here.clock.now()

        def checked():
            syncs.append((now() - began).total_seconds())

        here.clock.sleep = sleep_and_wake
        settings = here.settings(queue={"check_process_time": 59, "process_sleep_time": 30})
        await here.sync("price", settings, once=False, newer_settings=checked)
    assert syncs == [0, 8, 38, 59]
