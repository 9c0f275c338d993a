"""Retention deletes what the state database does not need any more, and nothing else, over SQLite and PostgreSQL."""

from datetime import timedelta
from itertools import product

from sqlalchemy import event, insert, select
from support.moment import NOW
from support.queue import claim, settle

from connector.clock import ManualClock
from connector.state.coordination import lease, wakeups
from connector.state.coordination import quota as licence
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.operator import retention
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.run_state import RunState
from connector.state.schema import (
    CLOSED,
    attempted_documents,
    hosts,
    micros,
    notifications,
    requests,
    sessions,
    targets,
)
from connector.state.sync import entities, ledger

BEFORE = NOW - timedelta(days=30)
OLD, YOUNG = BEFORE - timedelta(seconds=1), BEFORE
ENTITIES = ("price", "inventory", "shipment", "customer", "order")


def keep(state: State, *rows: tuple[str, object, object]) -> None:
    """Insert requests of one message each: the entity, and when they were sent and settled (`None`: open)."""
    with state.write() as connection:
        for entity, sent_at, settled_at in rows:
            row = {
                "entity": entity,
                "state": "sending" if settled_at is None else "settled",
                "fence": 1,
                "sent": settled_at is not None,
                "targets": "[999]",
                "seqs": "[1]",
                "new_values": "[10]",
                "old_values": "[null]",
                "sent_at": micros(sent_at),
                "settled_at": None if settled_at is None else micros(settled_at),
            }
            connection.execute(insert(requests).values(row))


def numbers(state: State) -> list[int]:
    """Return the ids of all requests."""
    with state.read() as connection:
        return list(connection.execute(select(requests.c.id).order_by(requests.c.id)).scalars())


def kept(state: State) -> list[tuple[str, str]]:
    """Return the key and state of all targets."""
    with state.read() as connection:
        return [tuple(row) for row in connection.execute(select(targets.c.key, targets.c.state)).all()]


def target(state: State, key: str, became: str, changed: object, confirmed: int | None, **more: object) -> None:
    """Insert a target with the desired value 10."""
    row = {"entity": "order", "key": key, "acumatica_key": key, "wanted": 10, "wanted_at": 1, "confirmed": confirmed}
    with state.write() as connection:
        connection.execute(insert(targets).values(**row, state=became, changed_at=micros(changed), **more))


async def test_only_what_is_over_and_old(state: State) -> None:
    """Requests of every entity that were settled before then are deleted, and no others."""
    ages = [(OLD, OLD), (OLD, YOUNG), (OLD, None), (YOUNG, YOUNG)]
    rows = [(entity, *age) for age in ages for entity in ENTITIES]
    keep(state, *rows)
    over = [number for number, row in enumerate(rows, 1) if row[2] == OLD]
    assert await retention.forget_messages(state, ManualClock(NOW), BEFORE, rows=7) == len(over) == 5
    assert numbers(state) == [number for number in range(1, len(rows) + 1) if number not in over]
    assert await retention.forget_messages(state, ManualClock(NOW), BEFORE, rows=7) == 0


async def test_targets_without_information_are_deleted(state: State) -> None:
    """A closed target without a confirmed value is deleted, and no other, however old. The attempted documents of
    closed targets are deleted too.
    """
    ages = (("old", OLD), ("young", YOUNG))
    for became, (age, changed) in product(("sent", "superseded", "pending", "failed", "skipped"), ages):
        for confirmed in (None, 10):
            target(state, f"{became} {age} {confirmed}", became, changed, confirmed)
    before = kept(state)
    with state.write() as connection:
        tried = [{"target": number, "fingerprint": 1, "request": 1, "content": b"{}"} for number in range(1, 21)]
        connection.execute(insert(attempted_documents), tried)
    await retention.forget_messages(state, ManualClock(NOW), BEFORE, rows=1)
    gone = {"sent old None", "superseded old None"}
    assert kept(state) == [row for row in before if row[0] not in gone]
    with state.read() as connection:
        left = list(connection.execute(select(attempted_documents.c.target)).scalars())
    over = {number for number, (key, became) in enumerate(before, 1) if became in CLOSED and " old " in key}
    assert sorted(left) == sorted(set(range(1, 21)) - over)


async def test_an_id_is_never_used_twice(state: State) -> None:
    """The newest request stays, and a target's number is never reused."""
    keep(state, *[("price", OLD, OLD)] * 3)
    await retention.forget_messages(state, ManualClock(NOW), BEFORE)
    assert numbers(state) == [3]
    keep(state, ("order", NOW, None))
    assert numbers(state) == [3, 4]
    target(state, "A", "superseded", OLD, None)
    await retention.forget_messages(state, ManualClock(NOW), BEFORE)
    target(state, "B", "pending", NOW, None)
    with state.read() as connection:
        assert list(connection.execute(select(targets.c.id)).scalars()) == [2]


async def test_bounded_statements_with_pauses(state: State) -> None:
    """Each statement deletes a bounded number of rows in its own transaction, and others can write between
    two of them.
    """
    keep(state, *[("price", OLD, OLD)] * 25)
    seen = []

    @event.listens_for(state.engine, "after_cursor_execute")
    def after(_connection, cursor, statement, *_rest):
        if statement.startswith("DELETE FROM requests"):
            seen.append(cursor.rowcount)

    committed = []
    event.listen(state.engine, "commit", lambda _connection: committed.append(len(seen)))
    clock = ManualClock(NOW)
    assert await retention.forget_messages(state, clock, BEFORE, rows=10) == 24
    assert seen == [10, 10, 4]
    assert {1, 2, 3} <= set(committed)
    assert clock.slept == [retention.PAUSE] * 2
    assert retention.ROWS_PER_STATEMENT <= 10_000


async def test_younger_requests_are_not_read(state: State) -> None:
    """Deletion ends where the younger requests begin, however many there are."""
    keep(state, ("price", OLD, OLD), *[("price", YOUNG, YOUNG)] * 30)
    read = []

    @event.listens_for(state.engine, "after_cursor_execute")
    def after(_connection, _cursor, statement, *_rest):
        read.append(statement)

    assert await retention.forget_messages(state, ManualClock(NOW), BEFORE, rows=5) == 1
    assert len([one for one in read if one.startswith("DELETE FROM requests")]) == 1
    assert len([one for one in read if one.startswith("SELECT max(ahead.id)") or "AS ahead" in one]) <= 2


async def test_a_message_in_flight_is_settled_afterwards(state: State, held: Lease) -> None:
    """Deleting between a claim and its answer, or between a crash and the next run, loses nothing and sends nothing
    twice.
    """
    queue = [DesiredValue(sku, sku, "", sku, 10) for sku in ("A", "B", "C")]
    RunState(state, held).commit(Computed(["A", "B", "C"], queue, None), NOW)
    a, b = claim(state, held, NOW, ClaimSpec("shop", 2, [1]))
    await retention.forget_messages(state, ManualClock(NOW), NOW + timedelta(days=1))
    with state.read() as connection:
        assert [one.key for one in messages.unsettled(connection, "price")] == ["A", "B"]
        assert [one.key for one in messages.pending(connection, "price")] == ["C"]
    settle(state, held, [MessageOutcome(a, "sent"), MessageOutcome(b, "failed", "unknown", "no such SKU")], NOW)
    await retention.forget_messages(state, ManualClock(NOW), NOW + timedelta(days=1))
    RunState(state, held).commit(Computed(["A", "B", "C"], queue, None), NOW)
    assert sorted(kept(state)) == [("A", "sent"), ("B", "failed"), ("C", "pending")]
    with state.read() as connection:
        assert ledger.of_records(connection, "price", ["A"], [])["A", ""].value == 10


async def test_a_message_skipped_by_hand_stays_skipped(state: State, held: Lease) -> None:
    """This holds however old it is, because deleting it would send what a person skipped."""
    wanted = [
        DesiredValue("A", "A", "", "A", 10, cause="unknown", reason="no", skipped=True),
        DesiredValue("B", "B", "", "B", 1),
    ]
    RunState(state, held).commit(Computed(["A", "B"], wanted, None), OLD)
    await retention.forget_messages(state, ManualClock(NOW), NOW)
    RunState(state, held).commit(Computed(["A", "B"], wanted, None), NOW)
    assert sorted(kept(state)) == [("A", "skipped"), ("B", "pending")]


def test_leftovers(state: State) -> None:
    """Expired sessions and refused logins are deleted, and notifications that cannot come again; hosts and
    leases stay.
    """
    long_ago, soon = micros(NOW - timedelta(days=2)), micros(NOW + timedelta(minutes=1))
    with state.write() as connection:
        for slot, until in (("gone", long_ago), ("mine", soon)):
            row = {"slot": slot, "host": "erp", "asked_at": long_ago, "expires_at": until}
            connection.execute(insert(sessions).values(row))
        for host, until in (("erp", long_ago), ("erp refuses 1a", long_ago), ("erp refuses 2b", soon), ("shop", None)):
            connection.execute(insert(hosts).values(host=host, blocked_until=until))
        for number, at in (("1", long_ago), ("2", micros(NOW))):
            connection.execute(insert(notifications).values(query="q", id=number, received_at=at))
    held = lease.acquire(state, "price", "a run that died", NOW - timedelta(days=3))
    assert retention.forget_leftovers(state, NOW) == 3
    with state.read() as connection:
        assert connection.execute(select(sessions.c.slot)).scalars().all() == ["mine"]
        assert sorted(connection.execute(select(hosts.c.host)).scalars()) == ["erp", "erp refuses 2b", "shop"]
        assert connection.execute(select(notifications.c.id)).scalars().all() == ["2"]
    again = lease.acquire(state, "price", "another", NOW)
    assert (again.fence, held.fence) == (2, 1)
    assert licence.REFUSED_LOGIN_PAUSE < retention.LEFTOVERS


def test_a_wakeup_without_a_run_goes_unnoticed(state: State) -> None:
    """It goes unnoticed while no run works on the entity; a paused entity has no run on purpose."""

    def sleeps(after: float = 0) -> bool:
        with state.read() as connection:
            return wakeups.goes_unnoticed(connection, "price", NOW + timedelta(seconds=after))

    assert sleeps()
    held = lease.acquire(state, "price", "a run", NOW)
    assert (sleeps(), sleeps(lease.LEASE_SECONDS + 1)) == (False, True)
    lease.release(state, held)
    assert sleeps()
    entities.pause(state, ["price"], paused=True)
    assert not sleeps()
