"""The delivery log, and the targets in open requests."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from support.moment import NOW
from support.project import ROOT
from support.queue import claim, settle

from connector.clock import ManualClock
from connector.state.coordination import lease
from connector.state.coordination.lease import LEASE_SECONDS, Lease
from connector.state.engine import State
from connector.state.operator import delivery_log, overview, retention
from connector.state.operator.forget import StillSending, forget
from connector.state.queue import messages, requests
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, Message, MessageOutcome
from connector.state.queue.requests import Delivery
from connector.state.run_state import RunState
from connector.state.schema import micros, targets
from connector.state.schema import requests as request_table

LATER_BY = timedelta(minutes=1)
LATER = NOW + LATER_BY
ALL = ClaimSpec("shop", 100, [100])
ADR = ROOT / "docs/adr/0045-one-row-for-each-target.md"


def queue(state: State, held: Lease, *, source: str = "", **values: int) -> None:
    wanted = [DesiredValue(key, key, source, key, value, value > 0) for key, value in values.items()]
    RunState(state, held).commit(Computed(list(values), wanted, None), NOW)


def send(state: State, held: Lease, became: str = "sent") -> list[Message]:
    claimed = claim(state, held, NOW, ALL)
    settle(state, held, [MessageOutcome(one, became) for one in claimed], LATER)
    return claimed


def rows(state: State) -> list[tuple[str, int, int, int | None]]:
    """Return each request's state, how many of its messages were sent and failed, and which targets it has open."""
    table = request_table.c
    with state.read() as connection:
        query = select(table.state, table.sent, table.failed, table.left_open).order_by(table.id)
        return [tuple(row) for row in connection.execute(query)]


def test_a_request_has_the_new_and_the_former_values(state: State, held: Lease) -> None:
    """It has them place by place, with the stock status, so that its effect can be undone."""
    queue(state, held, A=10, B=0)
    first = send(state, held)
    queue(state, held, A=11, B=20, C=30)
    second = send(state, held)
    a, b, c = (one.target for one in second)
    assert [one.target for one in first] == [a, b]
    with state.read() as connection:
        said = requests.deliveries(connection, dict.fromkeys((a, b, c), 2), 10)
    assert said == {
        a: [Delivery(2, NOW, 11, True, 10, True, "sent"), Delivery(1, NOW, 10, True, None, None, "sent")],
        b: [Delivery(2, NOW, 20, True, 0, False, "sent"), Delivery(1, NOW, 0, False, None, None, "sent")],
        c: [Delivery(2, NOW, 30, True, None, None, "sent")],
    }


def test_the_log_has_the_outcome_of_each_value(state: State, held: Lease) -> None:
    """It has Magento's answer if the value was refused, and also superseded values and those that are being sent."""
    queue(state, held, A=10, B=20)
    a, b = claim(state, held, NOW, ALL)
    queue(state, held, B=21)
    settle(state, held, [MessageOutcome(one, "failed", "refused", "no") for one in (a, b)], LATER)
    claim(state, held, LATER, ALL)
    with state.read() as connection:
        said = requests.deliveries(connection, {a.target: 1, b.target: 2}, 10)
    assert [(one.value, one.state, one.cause, one.reason) for one in said[a.target]] == [
        (10, "failed", "refused", "no")
    ]
    assert [(one.value, one.state, one.reason) for one in said[b.target]] == [
        (21, "sending", None),
        (20, "superseded", "no"),
    ]


def test_what_a_night_changed_is_a_query(state: State, held: Lease) -> None:
    """The query in ADR 0045 returns, on either database, what was sent and what was there before, without
    what failed.
    """
    queue(state, held, A=10)
    send(state, held)
    queue(state, held, A=11, B=20)
    send(state, held)
    queue(state, held, C=30)
    send(state, held, "failed")
    [query] = re.findall(f"```{state.engine.dialect.name}\n(.*?);\n```", ADR.read_text(), re.DOTALL)
    query = query.replace("1795000000000000", str(micros(NOW)))
    with state.read() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    assert [(key, int(sent), before and int(before)) for key, sent, before, _at in found] == [
        ("A", 10, None),
        ("A", 11, 10),
        ("B", 20, None),
    ]


def test_nothing_of_a_target_is_written_for_its_claim(state: State, held: Lease) -> None:
    """Only the request's row is written. Reading the message nevertheless shows that it is being sent."""
    queue(state, held, A=10)
    with state.read() as connection:
        before = connection.execute(select(targets)).all()
    [claimed] = claim(state, held, LATER, ALL)
    with state.read() as connection:
        assert connection.execute(select(targets)).all() == before
        [read] = messages.by_ids(connection, [claimed.id])
        stands = overview.of_entity(connection, "price", LATER)
    assert read == claimed
    assert (read.state, read.attempts, read.request, read.changed_at) == ("sending", 1, 1, LATER)
    assert (stands.counts["pending"], stands.counts["sending"], stands.oldest_pending) == (0, 1, None)


def test_a_newer_value_than_the_one_in_a_request_is_counted_separately(state: State, held: Lease) -> None:
    """One is pending and one is being sent."""
    queue(state, held, A=10, B=20)
    claim(state, held, NOW, ALL)
    queue(state, held, A=11)
    with state.read() as connection:
        counts = overview.of_entity(connection, "price", NOW).counts
        assert [one.value for one in messages.pending(connection, "price")] == [11]
    assert (counts["pending"], counts["sending"]) == (1, 2)


def test_a_request_may_end_message_by_message(state: State, held: Lease) -> None:
    """It is open until the last message has an outcome; its outcomes are counted."""
    queue(state, held, A=1, B=2, C=3)
    a, b, c = claim(state, held, NOW, ALL)
    settle(state, held, [MessageOutcome(a, "sent"), MessageOutcome(b, "sending", "no_answer", "lost")], LATER)
    assert rows(state) == [("sending", 1, 0, f"[{b.target},{c.target}]")]
    with state.read() as connection:
        left = messages.unsettled(connection, "price")
    assert [(one.key, one.cause, one.changed_at) for one in left] == [("B", "no_answer", LATER), ("C", None, LATER)]
    settle(state, held, [MessageOutcome(b, "failed", "refused", "no"), MessageOutcome(c, "sent")], LATER)
    assert rows(state) == [("settled", 2, 1, None)]


def test_requests_of_a_run_that_died_stay_separate(state: State, held: Lease) -> None:
    """The next run finds each with the fence of the dead run, and settles it."""
    queue(state, held, A=1, B=2, C=3)
    claim(state, held, NOW, ClaimSpec("shop", 2, [1]))
    claim(state, held, NOW, ClaimSpec("shop", 2, [1]))
    later = lease.acquire(state, "price", "the next run", NOW + timedelta(seconds=LEASE_SECONDS + 1))
    assert isinstance(later, Lease)
    with state.read() as connection:
        assert [len(one.left) for one in requests.open_of(connection, "price")] == [2, 1]
        found = messages.unsettled(connection, "price")
    settle(state, later, [MessageOutcome(one, "pending") for one in found], LATER)
    assert [row[0] for row in rows(state)] == ["settled", "settled"]
    assert [one.attempts for one in claim(state, later, LATER, ALL)] == [2, 2, 2]


def test_a_document_in_a_request_counts_as_attempted(state: State, held: Lease) -> None:
    """Magento may have it as soon as the request is sent."""
    wanted = [DesiredValue("A", "A", "", "A", 1, document=b"{}")]
    RunState(state, held).commit(Computed(["A"], wanted, None), NOW)
    with state.read() as connection:
        assert messages.attempted(connection, "price", "A") == []
    claim(state, held, NOW, ALL)
    with state.read() as connection:
        assert messages.attempted(connection, "price", "A") == [b"{}"]


def test_what_is_in_a_request_is_not_erased(state: State) -> None:
    """Its content is needed until its outcome is known."""
    held = lease.acquire(state, "customer", "the test", NOW)
    assert isinstance(held, Lease)
    wanted = [DesiredValue("C1", "C1", "", "C1", 1, document=b'{"email":"ann@example.com"}')]
    RunState(state, held).commit(Computed(["C1"], wanted, None), NOW)
    claim(state, held, NOW, ALL)
    with pytest.raises(StillSending):
        forget(state, "ann@example.com", NOW)


async def test_requests_that_were_settled_long_ago_are_deleted(state: State, held: Lease) -> None:
    """An open request stays, and so does the newest, because its number must not be given to another one."""
    for value in range(1, 6):
        queue(state, held, A=value)
        send(state, held)
    queue(state, held, A=6)
    claim(state, held, NOW, ALL)
    before = LATER + timedelta(days=30)
    assert await retention.forget_messages(state, ManualClock(before), LATER) == 0
    assert await retention.forget_messages(state, ManualClock(before), before, rows=2) == 5
    assert [row[0] for row in rows(state)] == ["sending"]


def test_what_was_sent_in_a_span_of_time(state: State, held: Lease) -> None:
    """It is listed record by record, the newest request first; other days and entities are left out."""
    queue(state, held, A=10, B=0)
    send(state, held)
    queue(state, held, A=11)
    (failed,) = claim(state, held, NOW, ALL)
    settle(state, held, [MessageOutcome(failed, "failed", "refused_by_magento", "no")], LATER)
    with state.read() as connection:
        whole = delivery_log.read(connection, "price", NOW, LATER)
        rest = delivery_log.read(connection, "price", NOW, LATER, before=2)
        others = [
            delivery_log.read(connection, "order", NOW, LATER),
            delivery_log.read(connection, "price", LATER, LATER + LATER_BY),
        ]
    assert [(one.key, one.delivery.value, one.delivery.value_before, one.delivery.state) for one in whole.entries] == [
        ("A", 11, 10, "failed"),
        ("A", 10, None, "sent"),
        ("B", 0, None, "sent"),
    ]
    assert whole.entries[0].delivery.reason == "no"
    assert rest.entries == whole.entries[1:]
    assert others == [delivery_log.Page([], None)] * 2


def test_a_page_ends_with_a_whole_request(state: State, held: Lease) -> None:
    """A page has a hundred records or a hundred requests; the next one begins after its last request."""
    queue(state, held, **{f"K{number:03}": number for number in range(250)})
    while send(state, held):
        pass
    with state.read() as connection:
        pages = [delivery_log.read(connection, "price", NOW, LATER)]
        while pages[-1].before is not None:
            pages.append(delivery_log.read(connection, "price", NOW, LATER, before=pages[-1].before))
    assert [len(page.entries) for page in pages] == [150, 100]
    assert len({one.key for page in pages for one in page.entries}) == 250
