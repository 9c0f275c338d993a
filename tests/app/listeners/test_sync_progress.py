"""The progress of a sync that works now: what is counted, what follows from it, and where others read it."""

import asyncio
from datetime import timedelta

import pytest
from support.world import START

from app.listeners.sync_progress import ProgressTracker, describe_progress, progress_in_lease, read_progress
from app.run.lease import acquire_lease
from connector.clock import ManualClock
from connector.state.coordination import lease
from connector.state.engine import open_state
from entities.counters import Counters
from entities.events import ChunkQueued, PageRead, ReadingEnded, RequestSettled, SyncEnded, SyncStarted


@pytest.fixture
def clock():
    return ManualClock(START)


def request(sent, failed=0, seconds=2.0):
    return RequestSettled("price", sent + failed, sent, failed, seconds)


def test_while_it_reads(clock):
    """Nobody knows how much is still to come: what was read, queued and sent is said, and no share of it."""
    keeper = ProgressTracker(clock)
    for event in (SyncStarted("price", True, None), PageRead("price", "items", 500), request(100)):
        keeper.listen(event)
    keeper.listen(ChunkQueued("price", 500, 450, 3, 0))
    one = keeper.current
    assert (one.full, one.read, one.queued, one.done) == (True, 500, 450, 100)
    assert (one.share(350), one.time_left(350)) == (None, None)
    assert describe_progress(one, 350) == "reading: 500 read, 450 to send, 100 sent so far"


def test_once_everything_is_queued(clock):
    """The share is what is done of that and of what the queue holds; the time left goes by the pace of the requests."""
    keeper = ProgressTracker(clock)
    keeper.listen(SyncStarted("price", False, None))
    keeper.listen(ReadingEnded("price"))
    assert keeper.current.time_left(1_000) is None
    assert keeper.current.share(0) is None
    keeper.listen(request(90, failed=10))
    clock.advance(2)
    keeper.listen(request(100))
    assert keeper.current.share(800) == 0.2
    assert keeper.current.time_left(800) == timedelta(seconds=16)
    assert describe_progress(keeper.current, 800) == "200 of 1,000 sent (20%, about 16 s left)"


def test_a_sync_that_is_over_has_none(clock):
    """Its end takes it away, and what happens between two syncs makes none."""
    keeper = ProgressTracker(clock)
    keeper.listen(SyncStarted("price", False, None))
    keeper.listen(SyncEnded("price", False, Counters("price")))
    keeper.listen(request(1))
    assert keeper.current is None


async def test_others_read_it(database_url, clock):
    """It stands beside the lease while the sync works, is gone at its end, and is nobody's once another run works."""
    state = open_state(database_url)
    held = await acquire_lease(state, "price", "run one", clock, wait=0)
    async with progress_in_lease(state, held, clock, every=0) as listen:
        listen(SyncStarted("price", False, None))
        listen(PageRead("price", "items", 500))
        await until(lambda: kept(state, clock) == 500)
        listen(SyncEnded("price", False, Counters("price")))
        await until(lambda: kept(state, clock) is None)
        listen(SyncStarted("price", False, None))
        await until(lambda: kept(state, clock) == 0)
    clock.advance(61)
    assert kept(state, clock) is None
    lease.acquire(state, "price", "run two", clock.now())
    assert kept(state, clock) is None
    lease.show_progress(state, held, "{}")
    assert kept(state, clock) is None
    state.close()


async def until(is_so):
    for _ in range(1_000):
        await asyncio.sleep(0)
        if is_so():
            return
    raise AssertionError("it was not shown")


def kept(state, clock):
    with state.read() as connection:
        one = read_progress(connection, clock.now()).get("price")
    return None if one is None else one.read
