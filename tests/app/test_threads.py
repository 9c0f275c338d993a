"""Blocking work in a thread does not block the event loop, and ends before its caller continues."""

import asyncio
import threading

import pytest

from app.listeners.sync_progress import progress_in_lease
from app.run.lease import acquire_lease, heartbeat
from app.threads import finished_in_a_thread
from connector.state.coordination import lease
from entities.events import SyncStarted

PATIENCE = 10
"""Seconds after which something that waits for the event loop gives up: it was called in it."""


class Held:
    """What a function of the state waits for, as it waits for another program's lock; notes each call's end."""

    def __init__(self) -> None:
        self.begun, self.free = threading.Event(), threading.Event()
        self.ended: list[bool] = []

    def __call__(self, *_given):
        self.begun.set()
        self.ended.append(self.free.wait(PATIENCE))

    async def has_begun(self):
        await asyncio.to_thread(self.begun.wait, PATIENCE)


async def test_who_is_cancelled_waits_for_the_end():
    """The work ends first, and only then the cancelled one: nothing is written behind what it does next."""
    work = Held()
    asking = asyncio.create_task(finished_in_a_thread(work))
    await work.has_begun()
    asking.cancel()
    await asyncio.sleep(0)
    assert (asking.done(), work.ended) == (False, [])
    work.free.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert work.ended == [True]


async def test_a_fault_is_raised_to_who_asked():
    """As if it had been called directly; and what it returns is returned."""

    def fails():
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await finished_in_a_thread(fails)
    assert await finished_in_a_thread(sorted, [2, 1], reverse=False) == [1, 2]


@pytest.mark.parametrize("what", ["renew", "show_progress"])
async def test_requests_go_on_while_the_lease_waits_for_the_database(make_world, monkeypatch, what):
    """Its renewal and the sync's progress wait for the lock that a chunk's commit holds, and the event loop does not:
    before the run ends, both are over.
    """
    here, work = make_world(1), Held()
    held = await acquire_lease(here.state, "price", "run one", here.clock, wait=0)
    monkeypatch.setattr(lease, what, work)
    shown = progress_in_lease(here.state, held, here.clock, every=0)
    kept = heartbeat(here.state, held, here.clock, every=0)
    async with kept if what == "renew" else shown as listen:
        if listen is not None:
            listen(SyncStarted("price", False, None))
        await work.has_begun()
        work.free.set()
    assert set(work.ended) == {True}
