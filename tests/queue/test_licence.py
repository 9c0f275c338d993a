"""Acumatica's licence, shared by everything that runs."""

import asyncio

from support.moment import NOW

from connector.clock import ManualClock
from connector.queue.engine import State
from connector.queue.licence import SharedLicence


def licence(state: State, clock: ManualClock, sessions: int = 2, per_minute: int = 60) -> SharedLicence:
    return SharedLicence(state, clock, "erp.example.com", sessions, per_minute)


async def test_no_minute_holds_more_requests_than_the_licence_allows(state: State) -> None:
    """Whoever asks gets a turn, and in no minute are there more turns than the quota."""
    clock = ManualClock(NOW)
    shared = licence(state, clock)
    turns = []
    slot = await shared.take_session()
    for _ in range(200):
        await shared.take_request(slot)
        turns.append(clock.now())
    for turn in turns:
        assert sum(0 <= (other - turn).total_seconds() < 60 for other in turns) <= 60
    assert (turns[-1] - turns[0]).total_seconds() < 60 * 200 / 45


async def test_an_unlimited_licence_makes_nobody_wait(state: State) -> None:
    """A quota of 0 is no quota."""
    clock = ManualClock(NOW)
    shared = licence(state, clock, per_minute=0)
    slot = await shared.take_session()
    for _ in range(100):
        await shared.take_request(slot)
    assert clock.now() == NOW


async def test_sessions_are_taken_in_the_order_they_were_asked_for(state: State) -> None:
    """With two sessions a third run waits until one is given back, and says that it waits."""
    clock = ManualClock(NOW)
    first, second = [await licence(state, clock).take_session() for _ in range(2)]
    third = asyncio.create_task(licence(state, clock).take_session())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not third.done()
    assert await licence(state, clock).session_wanted()
    await licence(state, clock).give_session_back(first)
    await asyncio.wait_for(third, timeout=5)
    assert not await licence(state, clock).session_wanted()
    await licence(state, clock).give_session_back(second)


async def test_a_dead_runs_session_counts_until_acumatica_has_closed_it(state: State) -> None:
    """A session that nobody logged out is counted for ten idle minutes, then its slot is free."""
    clock = ManualClock(NOW)
    await licence(state, clock, sessions=1).take_session()
    await licence(state, clock, sessions=1).take_session()
    assert (clock.now() - NOW).total_seconds() >= 600
