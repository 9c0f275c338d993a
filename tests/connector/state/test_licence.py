"""The limits of Acumatica's licence, which all runs share."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from support.moment import NOW

from connector.clock import ManualClock
from connector.state.coordination import quota
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.coordination.quota import LicenceUse, SharedLicence
from connector.state.engine import State
from connector.state.schema import hosts, sessions


def licence(state: State, clock: ManualClock, sessions: int = 2, per_minute: int = 60) -> SharedLicence:
    return SharedLicence(state, clock, "erp.example.com", sessions, per_minute)


async def test_no_minute_holds_more_requests_than_the_licence_allows(state: State) -> None:
    """Every request gets a turn, and no minute has more turns than the quota."""
    clock = ManualClock(NOW)
    shared = licence(state, clock)
    turns = []
    slot = await shared.acquire_session()
    for _ in range(200):
        await shared.acquire_request(slot)
        turns.append(clock.now())
    for turn in turns:
        assert sum(0 <= (other - turn).total_seconds() < 60 for other in turns) <= 60
    assert (turns[-1] - turns[0]).total_seconds() < 60 * 200 / 45


async def test_no_minute_holds_more_requests_where_turns_are_reserved_together(state: State) -> None:
    """Two processes with pauses of their own that read as fast as they may stay within a large quota too."""
    clock, per_minute = ManualClock(NOW), 6_000
    both = [licence(state, clock, per_minute=per_minute) for _ in range(2)]
    slots = [await shared.acquire_session() for shared in both]
    turns = []
    for number in range(3 * per_minute):
        place = number % 37 // 30
        await both[place].acquire_request(slots[place])
        turns.append(clock.now())
        if number % 500 == 0:
            clock.advance(0.4)
    for first, last in zip(turns, turns[per_minute:], strict=False):
        assert (last - first).total_seconds() >= 60
    assert turns[-1] - turns[0] < timedelta(minutes=4)


@pytest.mark.parametrize("per_minute", [0, 6_000])
async def test_a_request_does_not_wait_for_a_transaction_of_the_run(state: State, per_minute: int) -> None:
    """Where many requests a second are allowed, one is sent also while a chunk is committed."""
    shared = licence(state, ManualClock(NOW), per_minute=per_minute)
    slot = await shared.acquire_session()
    await shared.acquire_request(slot)
    with state.write() as connection:
        connection.execute(update(hosts).values(requests=hosts.c.requests))
        await asyncio.wait_for(shared.acquire_request(slot), timeout=5)


async def test_turns_that_were_not_used_in_time_are_reserved_again(state: State) -> None:
    """What was reserved together is good for half a second: later the place belongs to whoever asks."""
    clock = ManualClock(NOW)
    shared = licence(state, clock, per_minute=6_000)
    slot = await shared.acquire_session()

    def next_turn() -> int:
        with state.read() as connection:
            return int(connection.execute(select(hosts.c.next_request_at)).scalar_one())

    await shared.acquire_request(slot)
    after_first = next_turn()
    await shared.acquire_request(slot)
    assert next_turn() == after_first
    clock.advance(0.5)
    await shared.acquire_request(slot)
    assert next_turn() > after_first


async def test_turns_of_a_clock_that_was_ahead(state: State) -> None:
    """Once the clock is right again, no request waits until then; a long queue of requests is respected."""
    clock = ManualClock(NOW + timedelta(days=1))
    slot = await licence(state, clock).acquire_session()
    for _ in range(20):
        await licence(state, clock).acquire_request(slot)
    clock = ManualClock(NOW)
    await licence(state, clock).acquire_request(slot)
    assert clock.now() == NOW
    turns = [licence(state, clock)._reserve(slot, NOW, 1)[0] for _ in range(500)]
    assert turns[-1] - NOW > timedelta(minutes=10)


async def test_an_unlimited_licence_makes_nobody_wait(state: State) -> None:
    """A quota of 0 means no quota."""
    clock = ManualClock(NOW)
    shared = licence(state, clock, per_minute=0)
    slot = await shared.acquire_session()
    for _ in range(100):
        await shared.acquire_request(slot)
    assert clock.now() == NOW


@pytest.mark.parametrize("per_minute", [0, 6_000])
async def test_what_is_used_of_it(state: State, per_minute: int) -> None:
    """Every request counts when its session ends at the latest, with a quota or without; sessions count while they are
    used, and who waits for one.
    """
    clock = ManualClock(NOW)
    shared = licence(state, clock, sessions=1, per_minute=per_minute)
    slot = await shared.acquire_session()
    for _ in range(3):
        await shared.acquire_request(slot)
    waiting = asyncio.create_task(shared.acquire_session())
    for _ in range(5):
        await asyncio.sleep(0)
    with state.read() as connection:
        assert quota.licence_use(connection, "erp.example.com", clock.now()) == LicenceUse(1, 1, 1)
        assert quota.licence_use(connection, "another", clock.now()) == LicenceUse(0, 0, 0)
    await shared.release_session(slot)
    await asyncio.wait_for(waiting, timeout=60)
    with state.read() as connection:
        assert quota.licence_use(connection, "erp.example.com", clock.now()) == LicenceUse(3, 1, 0)


async def test_sessions_are_taken_in_the_order_they_were_asked_for(state: State) -> None:
    """With two sessions a third run waits until one is released, and reports that it waits."""
    clock = ManualClock(NOW)
    first, second = [await licence(state, clock).acquire_session() for _ in range(2)]
    third = asyncio.create_task(licence(state, clock).acquire_session())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not third.done()
    assert await licence(state, clock).session_wanted()
    await licence(state, clock).release_session(first)
    await asyncio.wait_for(third, timeout=60)
    assert not await licence(state, clock).session_wanted()
    await licence(state, clock).release_session(second)


@pytest.fixture
def polls_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll twice a second, because ten minutes take six thousand polls otherwise."""
    monkeypatch.setattr(quota, "_POLL_SECONDS", 0.5)


@pytest.mark.usefixtures("polls_rarely")
async def test_a_session_that_is_not_used_counts_until_acumatica_has_closed_it(state: State) -> None:
    """A session of a live process that does nothing counts for ten idle minutes; then its slot is free."""
    clock = ManualClock(NOW)
    await licence(state, clock, sessions=1).acquire_session()
    await licence(state, clock, sessions=1).acquire_session()
    assert (clock.now() - NOW).total_seconds() >= 600


def rewritten(state: State, **fields: object) -> None:
    """Change the seats as another process would have left them."""
    with state.write() as connection:
        connection.execute(update(sessions).values(**fields))


async def test_a_seat_whose_process_is_gone_is_taken_back_at_once(state: State) -> None:
    """A later process with the same process number is not the process that took the seat."""
    clock = ManualClock(NOW)
    await licence(state, clock, sessions=1).acquire_session()
    rewritten(state, process_started="an earlier one")
    await licence(state, clock, sessions=1).acquire_session()
    assert clock.now() == NOW


async def test_a_seat_of_another_machine_is_taken_back_after_the_length_of_a_lease(state: State) -> None:
    """A process that cannot be observed from here counts as long as it sends heartbeats."""
    clock = ManualClock(NOW)
    first = licence(state, clock, sessions=1)
    slot = await first.acquire_session()
    rewritten(state, machine="another one")
    clock.advance(LEASE_SECONDS - 10)
    await first.still_used(slot)
    before = clock.now()
    await licence(state, clock, sessions=1).acquire_session()
    assert LEASE_SECONDS <= (clock.now() - before).total_seconds() < LEASE_SECONDS + 5


async def test_a_ticket_of_a_dead_process_keeps_nobody_waiting(state: State) -> None:
    """A process that was killed while it waited at the front loses its place at once."""
    clock = ManualClock(NOW)
    held = await licence(state, clock, sessions=1).acquire_session()
    killed = asyncio.create_task(licence(state, clock, sessions=1).acquire_session())
    await asyncio.sleep(0)
    killed.cancel()
    with state.write() as connection:
        connection.execute(update(sessions).where(sessions.c.slot != held).values(process_started="an earlier one"))
    await licence(state, clock).release_session(held)
    before = clock.now()
    await licence(state, clock, sessions=1).acquire_session()
    assert clock.now() == before


@pytest.mark.usefixtures("polls_rarely")
async def test_who_waits_for_a_session_says_at_once_for_whom(state: State) -> None:
    """The first report comes before any time passes, names the setting and the users of the sessions, and
    is repeated.
    """
    clock, message = ManualClock(NOW), []
    used = SharedLicence(state, clock, "erp.example.com", 1, 60, holder="price: run quick-fox")
    await used.acquire_session()

    def hear(words: str) -> None:
        message.append(((clock.now() - NOW).total_seconds(), words))

    await SharedLicence(state, clock, "erp.example.com", 1, 60, holder="check", report=hear).acquire_session()
    assert message[0][0] < 1
    assert "price: run quick-fox" in message[0][1]
    assert "A2M_ACUMATICA__SESSIONS" in message[0][1]
    assert [round(at / 30) for at, _words in message] == list(range(len(message)))


async def test_who_waits_for_a_turn_says_so(state: State) -> None:
    """A pause of more than a second for the requests per minute is reported with its length and who shares them."""
    clock, message = ManualClock(NOW), []
    other = SharedLicence(state, clock, "erp.example.com", 2, 60, holder="inventory: run slow-ox")
    await other.acquire_session()
    mine = SharedLicence(state, clock, "erp.example.com", 2, 60, report=message.append)
    slot = await mine.acquire_session()
    for _ in range(20):
        await mine.acquire_request(slot)
    assert message
    assert "60 requests a minute" in message[0]
    assert "inventory: run slow-ox" in message[0]


async def test_a_login_that_is_refused_for_its_limit_names_the_dead_and_what_to_do(state: State) -> None:
    """Acumatica still counts the session of a dead process: the message names its holder and until when."""
    clock, message = ManualClock(NOW), []
    await SharedLicence(state, clock, "erp.example.com", 2, 60, holder="price: run quick-fox").acquire_session()
    rewritten(state, process_started="an earlier one")
    shared = SharedLicence(state, clock, "erp.example.com", 2, 60, report=message.append)
    words = await shared.limit_was_met("Refused.")
    assert f"price: run quick-fox, until {NOW + timedelta(minutes=10):%H:%M:%S} UTC" in words
    assert "SM604000" in words
    assert words in message[0]
    clock.advance(601)
    assert "another program" in await shared.limit_was_met("Refused.")
