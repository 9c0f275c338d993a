"""Many workers on one state database, in one process and in many."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from support.forked import forked
from support.moment import NOW
from support.queue import claim, settle
from support.queue_worker import work_off

from connector.clock import ManualClock
from connector.state.coordination import hosts, lease
from connector.state.coordination.lease import Lease, LeaseHolder
from connector.state.coordination.quota import SharedLicence
from connector.state.engine import State, open_state
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, Message, MessageOutcome
from connector.state.run_state import RunState
from connector.state.schema import requests, targets
from connector.state.sync import ledger, links

ENTITIES = ["price", "inventory", "shipment", "customer", "order"]
full_size = pytest.param(20_000, marks=pytest.mark.soak)
T = TypeVar("T")


def at_once(count: int, do: Callable[[int], T]) -> list[T]:
    """Call a function in several threads that begin together."""
    start = Barrier(count)

    def one(number: int) -> T:
        start.wait()
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def queue(state: State, held: Lease, count: int) -> None:
    keys = [f"SKU-{number:06}" for number in range(count)]
    RunState(state, held).commit(Computed(keys, [DesiredValue(key, key, "", key, 10) for key in keys], None), NOW)


def context(url: str, jobs: Sequence[tuple[Lease, int]]) -> list[list[int]]:
    """Return a function that runs worker processes, each with a lease and a number of messages to queue, and returns
    the ids that each claimed.
    """
    processes = forked()
    start, done = processes.Barrier(len(jobs)), processes.Queue()
    workers = [processes.Process(target=work_off, args=(url, held, count, start, done)) for held, count in jobs]
    for worker in workers:
        worker.start()
    claimed = [done.get(timeout=600) for _worker in workers]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
    return claimed


def take(state: State, entity: str) -> Lease:
    taken = lease.acquire(state, entity, "the test", NOW)
    assert isinstance(taken, Lease)
    return taken


def all_sent(state: State, count: int) -> bool:
    """Return whether this number of messages was sent, each in one request."""
    query = select(targets.c.state, func.count()).group_by(targets.c.state)
    with state.read() as connection:
        in_requests = connection.execute(select(func.sum(requests.c.sent), func.sum(requests.c.failed))).one()
        return [tuple(row) for row in connection.execute(query)] == [("sent", count)] and in_requests == (count, 0)


@pytest.mark.parametrize("count", [500, full_size])
def test_five_processes_with_entities_of_their_own(database_url: str, state: State, count: int) -> None:
    """Five runs queue, claim and settle at the same time, and none finds the database locked."""
    claimed = context(database_url, [(take(state, entity), count) for entity in ENTITIES])
    assert [len(ids) for ids in claimed] == [count] * 5
    assert len({number for ids in claimed for number in ids}) == 5 * count
    assert all_sent(state, 5 * count)


@pytest.mark.parametrize("count", [1_000, full_size])
def test_five_processes_with_one_queue(database_url: str, state: State, held: Lease, count: int) -> None:
    """However many workers claim from one queue, each message is claimed exactly once."""
    queue(state, held, count)
    claimed = context(database_url, [(held, 0)] * 5)
    numbers = [number for ids in claimed for number in ids]
    assert len(numbers) == len(set(numbers)) == count
    assert all_sent(state, count)


def test_one_of_many_gets_a_lease_that_nobody_had_before(state: State) -> None:
    """Of runs that begin at the same time exactly one works."""
    for entity in ENTITIES:
        answers = at_once(8, lambda number, entity=entity: lease.acquire(state, entity, f"run {number}", NOW))
        (winner,) = [answer for answer in answers if isinstance(answer, Lease)]
        assert {answer.holder for answer in answers if isinstance(answer, LeaseHolder)} == {winner.holder}


def test_one_of_many_takes_over_an_expired_lease(state: State, held: Lease) -> None:
    """One run acquires the expired lease, with a higher fence."""
    later = NOW + timedelta(minutes=5)
    answers = at_once(8, lambda number: lease.acquire(state, "price", f"run {number}", later))
    assert [answer.fence for answer in answers if isinstance(answer, Lease)] == [held.fence + 1]


def test_a_stale_workers_acknowledgement_changes_nothing(state: State, held: Lease) -> None:
    """The outcome that the new run stored stays, whatever the old run reports later."""
    queue(state, held, 1)
    (stale,) = claim(state, held, NOW, ClaimSpec("shop", 1, [1]))
    newer = lease.acquire(state, "price", "another run", NOW + timedelta(minutes=5))
    assert isinstance(newer, Lease)
    settle(state, newer, [MessageOutcome(stale, "pending")], NOW)
    for acknowledgement in (MessageOutcome(stale, "sent"), MessageOutcome(stale, "failed", "refused", "no")):
        with pytest.raises(lease.LeaseLost):
            settle(state, held, [acknowledgement], NOW)
    with state.read() as connection:
        assert [one.state for one in messages.live(connection, "price", [], [stale.key])] == ["pending"]
        assert ledger.all_of(connection, "price") == {}


def test_a_claim_is_settled_once(state: State, held: Lease) -> None:
    """A second outcome of the same claim, within the same run, changes nothing."""
    queue(state, held, 1)
    (claimed,) = claim(state, held, NOW, ClaimSpec("shop", 1, [1]))
    settle(state, held, [MessageOutcome(claimed, "pending")], NOW)
    settle(state, held, [MessageOutcome(claimed, "failed", "late", "too late")], NOW)
    (again,) = claim(state, held, NOW, ClaimSpec("shop", 1, [1]))
    settle(state, held, [MessageOutcome(claimed, "sent")], NOW, recheck_at=NOW)
    with state.read() as connection:
        assert [one.state for one in messages.live(connection, "price", [], [again.key])] == ["sending"]
        assert ledger.all_of(connection, "price") == {}
        assert ledger.due_rechecks(connection, "price", NOW) == []


def test_a_claim_leaves_what_a_person_is_just_skipping(state: State, held: Lease) -> None:
    """Of a claim and a skip at the same time exactly one happens."""
    queue(state, held, 20)
    with state.read() as connection:
        waiting = messages.live(connection, "price", [], [f"SKU-{number:06}" for number in range(20)])

    def skip(message: Message) -> bool:
        try:
            actions.skip(state, message, "not sold any more", NOW)
        except actions.NotPossibleByHand:
            return False
        return True

    def one(number: int) -> set[int]:
        if number % 2:
            return {message.id for message in waiting[number::8] if skip(message)}
        return {message.id for message in claim(state, held, NOW, ClaimSpec("shop", 5, [1]))}

    taken = [number for ids in at_once(8, one) for number in ids]
    assert len(taken) == len(set(taken))
    while claimed := claim(state, held, NOW, ClaimSpec("shop", 5, [1])):
        taken.extend(message.id for message in claimed)
    assert sorted(taken) == sorted(message.id for message in waiting)


def test_a_document_is_not_linked_while_it_is_claimed(state: State, held: Lease) -> None:
    """Of a claim and a link by hand at the same time exactly one happens; otherwise the document could be created
    twice.
    """
    queue(state, held, 8)

    def one(number: int) -> set[str]:
        if number % 2:
            return {message.key for message in claim(state, held, NOW, ClaimSpec("shop", 2, [1]))}
        key = f"SKU-{number:06}"
        try:
            actions.link(state, "price", key, key, "17", NOW)
        except actions.NotPossibleByHand:
            return set()
        return {key}

    done = [key for keys in at_once(8, one) for key in keys]
    assert len(done) == len(set(done))
    with state.read() as connection:
        left = messages.live(connection, "price", [], [f"SKU-{number:06}" for number in range(8)])
        linked = links.of_keys(connection, "price", [f"SKU-{number:06}" for number in range(8)])
    assert {message.key for message in left if message.state == "sending"}.isdisjoint(linked)


class WouldSleep(Exception):
    pass


class Impatient(ManualClock):
    """A clock that raises an error instead of sleeping."""

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            raise WouldSleep


def test_many_processes_share_the_sessions_of_one_licence(database_url: str) -> None:
    """However many ask at the same time, no more sessions are given than the licence has."""

    def one(_number: int) -> bool:
        state = open_state(database_url)
        try:
            asyncio.run(SharedLicence(state, Impatient(NOW), "erp.example.com", 3, 60).acquire_session())
        except WouldSleep:
            return False
        finally:
            state.close()
        return True

    assert sum(at_once(10, one)) == 3


def test_many_processes_share_the_requests_a_minute(database_url: str) -> None:
    """Turns that are reserved at the same time are one after the other, within the quota."""

    def one(_number: int) -> list[datetime]:
        state, turns = open_state(database_url), []
        for _ in range(10):
            clock = ManualClock(NOW)
            asyncio.run(SharedLicence(state, clock, "erp.example.com", 10, 60).acquire_request("slot"))
            turns.append(clock.now())
        state.close()
        return turns

    turns = sorted(turn for turns in at_once(8, one) for turn in turns)
    waiting = [turn for turn in turns if turn > NOW]
    assert len(turns) == 80
    assert len(turns) - len(waiting) <= 15
    assert all((later - earlier).total_seconds() >= 1 for earlier, later in pairwise(waiting))


def test_the_latest_of_many_waits_counts(state: State) -> None:
    """In whatever order the answers of a host come, it is not called until the latest instant that they name."""
    at_once(8, lambda number: hosts.block(state, "shop", NOW + timedelta(seconds=60 - number)))
    with state.read() as connection:
        assert hosts.blocked_until(connection, "shop") == NOW + timedelta(seconds=60)
