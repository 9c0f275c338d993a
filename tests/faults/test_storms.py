"""Storms: a host that says when to come back, errors by chance, dead-locks, a shop that is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from support.stories import STORIES, Scene
from support.world import ENTITIES, World

from connector.state.schema import targets

A_DATE = '"Tue, 24 Nov 2026 15:00:40 GMT"'


def _sent_while_waiting(here: World, host: str, waits_until: Callable[[datetime], datetime]) -> list[object]:
    """Return the requests to the host after a 429 and before the time that it named."""
    wrong = []
    for place, sent in enumerate(here.faults.seen):
        if sent.host == host and sent.status == 429:
            until = waits_until(sent.at)
            wrong += [one for one in here.faults.seen[place:] if one.host == host and sent.at < one.at < until]
    return wrong


@pytest.mark.parametrize("host", ["magento", "acumatica"])
@pytest.mark.parametrize("retry_after", ["20", A_DATE], ids=["seconds", "date"])
async def test_nothing_is_sent_while_a_host_says_wait(make_world: Callable[..., World], host: str, retry_after: str):
    """429 with `Retry-After`: not one request before that instant, and afterwards everything arrives by itself."""
    here = make_world(12)
    where = "magento path=*/base-prices" if host == "magento" else "acumatica GET"
    here.faults.replace(f"{where}: status=429 retry_after={retry_after} times=2")
    outcome = await here.sync("price", here.settings(magento={"concurrency": 1}))
    assert outcome.fault is None
    dated = datetime.fromisoformat("2026-11-24T15:00:40+00:00")
    waits_until = (lambda at: at + timedelta(seconds=20)) if retry_after == "20" else (lambda _at: dated)
    assert here.faults.rules[0].done == 2
    assert _sent_while_waiting(here, host, waits_until) == []
    await here.sync("price")
    here.assert_converged(entities=["price"])


@pytest.mark.over_both
async def test_a_pause_longer_than_the_life_of_the_run(make_world: Callable[..., World]):
    """The run ends and says until when it waits; a later run sends everything, and one before that sends nothing."""
    here = make_world(12)
    here.faults.replace("magento path=*/base-prices: status=429 retry_after=600 times=1")
    outcome = await here.sync("price", here.settings(magento={"concurrency": 1}))
    assert (outcome.fault, outcome.counters.sent, outcome.counters.failed) == (None, 0, 0)
    assert any("after the end of this run" in message for message in outcome.remarks.waits), outcome.remarks.waits
    before = len(here.faults.seen)
    here.clock.advance(60)
    await here.sync("price")
    assert [one for one in here.faults.seen[before:] if one.host == "magento"] == []
    here.clock.advance(541)
    assert (await here.sync("price")).counters.sent == 12
    here.assert_converged(entities=["price"])


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 30))])
@pytest.mark.over_both
async def test_a_storm_of_errors_by_chance(make_world: Callable[..., World], entity: str, seed: int):
    """30 % of all requests to both hosts are answered 5xx: afterwards everything has arrived but what ran out of
    attempts, which had all of them and says why.
    """
    story = STORIES[entity]
    here = make_world(story.products)
    scene = Scene(here, story.sections)
    await story.begin(scene)
    here.faults.storm(seed, 0.3)
    for _time in range(4):
        here.clock.advance(61)
        await here.sync(entity, scene.settings)
    here.faults.calm()
    for one in (*story.syncs_afterwards(), *story.syncs_afterwards()):
        here.clock.advance(61)
        await scene.sync(one)
    here.assert_converged(scene.settings, entities=story.entities(), failed=None)
    for message in here.failed():
        assert message.attempts == scene.settings.queue.retry_count, message
        assert "50" in (message.reason or ""), message


async def test_a_read_that_gets_a_retry_after(make_world: Callable[..., World]):
    """429 for a read of Magento ends the sync; the shop is left alone as it asked, beyond the run too, and then all
    goes by itself.
    """
    here = make_world(12)
    here.faults.replace("magento path=*/base-prices-information: status=429 retry_after=600 times=1")
    outcome = await here.sync("price")
    assert (outcome.fault, outcome.counters.queued) == (None, 0)
    assert "left alone until 2026-11-24 15:10:00" in " ".join(outcome.remarks.waits)
    for _time in range(2):
        here.clock.advance(200)
        assert (await here.sync("price")).counters.reads == 0
    assert _sent_while_waiting(here, "magento", lambda at: at + timedelta(seconds=600)) == []
    here.clock.advance(201)
    await here.sync("price")
    here.assert_converged(entities=["price"])


async def test_dead_locks(make_world: Callable[..., World]):
    """A deadlock's 400 looks like a refusal but is retried, and no message fails."""
    here = make_world(12)
    here.change_shop({"setting": {"deadlocks": 2}})
    outcome = await here.sync("price", here.settings(magento={"concurrency": 1}))
    assert (outcome.fault, outcome.counters.failed) == (None, 0)
    here.assert_converged(entities=["price"])


@pytest.mark.parametrize("plan", ["magento: status=503 body=html", "magento: cut=before"])
async def test_a_shop_that_is_gone_fails_the_run_and_not_its_messages(make_world: Callable[..., World], plan: str):
    """A thousand changes wait: a handful of requests find out, no message fails and none loses an attempt."""
    here = make_world(1_000)
    await here.sync("price")
    here.clock.advance(60)
    here.change(*({"set_item": {"inventory_id": key, "price": "77"}} for key in here.site_state()["items"]))
    here.faults.replace(plan)
    before = len(here.faults.seen)
    outcome = await here.sync("price", here.settings(queue={"batch_count": 10}))
    assert outcome.fault is not None
    assert sum(one.host == "magento" for one in here.faults.seen[before:]) < 20
    assert here.failed() == []
    here.faults.calm()
    for _time in range(2):
        here.clock.advance(61)
        await here.sync("price")
    here.assert_converged(entities=["price"])
    with here.state.read() as connection:
        most = connection.execute(select(func.max(targets.c.attempts))).scalar_one()
    assert most <= 2, "what was asked while the shop was gone cost no attempts"
