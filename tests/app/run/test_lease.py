"""One working run per entity: waiting for the lease, keeping it, losing it (case 5)."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update
from support.world import World, world

from app.run.lease import acquire_lease, heartbeat
from connector import failpoints
from connector.state.coordination import lease
from connector.state.coordination.lease import Lease, LeaseHolder, LeaseLost
from connector.state.engine import open_state
from connector.state.faults import StateError
from connector.state.queue.messages import due_count, unsettled
from connector.state.schema import leases
from flows.entity import OUTLASTS_THE_DEAD


@pytest.fixture
def here(tmp_path, home) -> Iterator[World]:
    """A world of ten products on a clock that stands still."""
    with world(tmp_path, 10) as made:
        yield made


def held_by_another(here, seconds):
    """Let another run hold the lease of prices for so long."""
    taken = lease.acquire(here.state, "price", "run nimble-otter", here.clock.now(), seconds)
    assert isinstance(taken, Lease)
    return taken


async def test_a_scheduled_run_waits_for_the_lease(here):
    """A run that was due takes the lease as soon as it is free, so that no gap opens, and works."""
    held_by_another(here, 10)
    began = here.clock.now()
    outcome = await here.sync("price", due_at=began)
    assert outcome.stopped is None
    assert outcome.counters.sent == 10
    assert here.clock.slept[:10] == [1.0] * 10


async def test_a_scheduled_run_waits_15_seconds_at_most(here):
    """After that it ends, names who works, and has done nothing."""
    held_by_another(here, 60)
    began = here.clock.now()
    outcome = await here.sync("price", due_at=began)
    assert outcome.stopped == "price is being worked on by run nimble-otter; nothing was done here."
    assert here.clock.now() - began == timedelta(seconds=15)
    assert here.site_state()["requests"] == 0


async def test_a_run_that_replaces_a_dead_one_outlasts_its_lease(here):
    """The run that was killed holds the lease for a minute: the one that is started in its place waits, and works."""
    held_by_another(here, lease.LEASE_SECONDS)
    outcome = await here.sync("price", lease_wait=OUTLASTS_THE_DEAD)
    assert outcome.stopped is None
    assert outcome.counters.sent == 10


async def test_any_run_outlasts_the_lease_of_a_process_that_died(here):
    """Nobody else will let it go: also a run by hand waits, says so at once and for whom, and works."""
    held_by_another(here, 60)
    with here.state.write() as connection:
        connection.execute(update(leases).values(process_started="an earlier one"))
    message = []
    outcome = await here.sync("price", waits=message.append)
    assert outcome.counters.sent == 10
    (words,) = message
    assert words.startswith(
        "Waiting up to 60 s for price, which is being worked on by run nimble-otter, which has died"
    )


async def test_a_run_by_hand_does_not_wait(here):
    """It ends at once."""
    held_by_another(here, 1)
    outcome = await here.sync("price")
    assert outcome.stopped is not None
    assert here.clock.slept == []


async def test_another_entity_is_not_in_the_way(here):
    """Each entity has a lease of its own."""
    held_by_another(here, 60)
    assert (await here.sync("inventory")).counters.sent == 30


async def test_the_lease_is_free_after_the_run(here):
    """A run lets go at its end, whether it worked or failed."""
    await here.sync("price")
    here.faults.replace("magento: status=503")
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "3.21"}})
    assert (await here.sync("price")).fault is not None
    assert isinstance(lease.acquire(here.state, "price", "the next", here.clock.now()), Lease)


async def test_work_of_70_seconds_keeps_its_lease(here):
    """Case 5: while a run works, however long, no second run gets the lease."""
    held = await acquire_lease(here.state, "price", "run one", here.clock, wait=0)
    async with heartbeat(here.state, held, here.clock, every=0):
        for _ in range(7):
            here.clock.advance(10)
            await until_renewed(here)
            assert isinstance(lease.acquire(here.state, "price", "run two", here.clock.now()), LeaseHolder)
    assert isinstance(lease.acquire(here.state, "price", "run two", here.clock.now()), Lease)


async def until_renewed(here):
    """Let the renewing go on until the lease is a whole life long again."""
    for _ in range(1000):
        await asyncio.sleep(0)
        with here.state.read() as connection:
            holder = lease.holder_of(connection, "price", here.clock.now())
        assert holder is not None
        if holder.expires_at - here.clock.now() == timedelta(seconds=lease.LEASE_SECONDS):
            return
    raise AssertionError("the lease was not renewed")


async def test_a_database_that_is_away_for_a_moment(here, monkeypatch):
    """A renewal that fails is made up for by the next one; the run keeps its lease."""
    state = open_state(here.database_url, lock_timeout=0.001)
    held = await acquire_lease(state, "price", "run one", here.clock, wait=0)
    async with heartbeat(state, held, here.clock, every=0):
        with locked(here):
            await failed_renewal(monkeypatch)
        here.clock.advance(40)
        await until_renewed(here)
    state.close()


async def failed_renewal(monkeypatch):
    """Let the renewing go on until one has failed."""
    renew, failed = lease.renew, asyncio.Event()

    def renewed(*given):
        try:
            renew(*given)
        except StateError:
            loop.call_soon_threadsafe(failed.set)
            raise

    loop = asyncio.get_running_loop()
    with monkeypatch.context() as patch:
        patch.setattr(lease, "renew", renewed)
        await failed.wait()


@contextmanager
def locked(here):
    """Another program holds the database's lock."""
    with sqlite3.connect(here.database_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_renewal_that_comes_too_late(here):
    """Whoever renews a lease that another run has taken by now is refused, and does not take it back."""
    held = await acquire_lease(here.state, "price", "run one", here.clock, wait=0)
    here.clock.advance(61)
    taken = lease.acquire(here.state, "price", "run two", here.clock.now())
    assert isinstance(taken, Lease)
    with pytest.raises(LeaseLost):
        lease.renew(here.state, held, here.clock.now())
    async with heartbeat(here.state, held, here.clock, every=0):
        for _ in range(3):
            await asyncio.sleep(0)
    assert isinstance(lease.acquire(here.state, "price", "run three", here.clock.now()), LeaseHolder)


@contextmanager
def stolen_at(here, step):
    """When the run reaches the step, it has slept too long, and another run has taken its lease."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as once:

        def reached(name):
            if name == step:
                patch.undo()
                here.clock.advance(lease.LEASE_SECONDS + 1)
                once.callback(lease.release, here.state, held_by_another(here, 60))

        patch.setattr(failpoints, "hit", reached)
        yield


@pytest.mark.parametrize("step", ["pulled", "computed"])
async def test_a_lease_that_is_lost_before_anything_was_queued(here, step):
    """The run ends and says why; it queues nothing, sends nothing, and moves no watermark."""
    with stolen_at(here, step):
        outcome = await here.sync("price")
        assert "Another run has taken over price" in outcome.fault
        assert here.writes() == []
        with here.state.read() as connection:
            assert due_count(connection, "price", here.clock.now()) == 0
        assert isinstance(lease.acquire(here.state, "price", "another", here.clock.now()), LeaseHolder)
    assert (await here.sync("price")).counters.sent == 10
    here.assert_converged(entities=["price"])


async def test_a_lease_that_is_lost_while_sending(here):
    """The late outcome changes nothing; whoever has the lease now settles what was sent, and all ends right."""
    with stolen_at(here, "delivered"):
        outcome = await here.sync("price")
        assert "Another run has taken over price" in outcome.fault
        assert outcome.counters.sent == 0
        with here.state.read() as connection:
            assert unsettled(connection, "price")
    here.clock.advance(3600)
    await here.sync("price")
    here.assert_converged(entities=["price"])
