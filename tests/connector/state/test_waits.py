"""Messages that wait for something outside the queue, over both databases."""

from datetime import datetime, timedelta

import msgspec
from support.moment import NOW
from support.queue import settle

from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.operator import alerts as watch
from connector.state.operator import overview
from connector.state.operator.alerts import Limits
from connector.state.queue import messages, waits
from connector.state.queue.message import Message, MessageOutcome
from connector.state.queue.wait import LookedAt, Wait
from connector.state.run_state import RunState
from connector.state.sync import links
from connector.state.sync.links import Link

from .test_messages import claim, queue, states

MINUTE = timedelta(minutes=1)
LIMITS = Limits(timedelta(minutes=60), timedelta(minutes=15), timedelta(hours=24), report_waits_after=timedelta(days=7))


def wait(state: State, held: Lease, key: str, *, on: str | None = None, now: datetime = NOW) -> Message:
    """Make the message of a key wait for a payment."""
    [claimed] = claim(state, held)
    assert claimed.key == key
    kept = MessageOutcome(
        claimed,
        "pending",
        None,
        "Not paid.",
        now + MINUTE,
        min(claimed.attempts - 1, 1),
        wait=Wait("awaiting_payment", now, on, reported_at=None),
    )
    settle(state, held, [kept], now)
    return claimed


def test_a_waiting_message_uses_no_attempt_and_is_counted_separately(state: State, held: Lease) -> None:
    """It is pending, but is counted neither among the messages that wait for their turn nor in their age."""
    queue(state, held, "A")
    wait(state, held, "A")
    with state.read() as connection:
        stands = overview.of_entity(connection, "price", NOW)
        [message] = messages.pending(connection, "price")
    assert (message.state, message.attempts, message.wait) == ("pending", 0, Wait("awaiting_payment", NOW))
    assert (stands.counts["pending"], stands.oldest_pending, stands.waiting) == (0, None, {"awaiting_payment": 1})


def test_no_push_waits_for_a_waiting_message(state: State, held: Lease) -> None:
    """It is never the next message that a push waits for; a sync after its `not_before` claims it as usual."""
    queue(state, held, "A")
    wait(state, held, "A")
    with state.read() as connection:
        assert messages.next_due(connection, "price") is None
        assert messages.all_due(connection, "price", NOW + timedelta(hours=2)) is None
        assert not messages.is_due(connection, "price", NOW + timedelta(seconds=59))
        assert messages.is_due(connection, "price", NOW + MINUTE)
    assert len(claim(state, held, after=60)) == 1


def test_a_temporary_fault_does_not_end_the_wait(state: State, held: Lease) -> None:
    """The beginning of the wait is kept, and attempts that are days apart do not add up to a failure."""
    queue(state, held, "A")
    wait(state, held, "A")
    for _fault in range(2):
        [claimed] = claim(state, held, after=3600)
        settle(state, held, [MessageOutcome(claimed, "pending", "temporary", "503")], NOW)
    [claimed] = claim(state, held, after=3600)
    assert (claimed.attempts, claimed.wait) == (3, Wait("awaiting_payment", NOW))
    settle(state, held, [MessageOutcome(claimed, "pending", attempts=1, wait=claimed.wait)], NOW)
    assert claim(state, held)[0].attempts == 2


def test_a_final_state_ends_the_wait(state: State, held: Lease) -> None:
    """A sent message does not wait for anything, nor does its successor."""
    queue(state, held, "A")
    wait(state, held, "A")
    settle(state, held, [MessageOutcome(one, "sent") for one in claim(state, held, after=60)], NOW)
    queue(state, held, "A", value=11)
    assert claim(state, held)[0].wait is None


def test_a_newer_value_takes_the_place_of_one_that_waits(state: State, held: Lease) -> None:
    """The newer value is not waiting and is due at once."""
    queue(state, held, "A")
    wait(state, held, "A")
    queue(state, held, "A", value=11)
    assert states(state) == [("A", "pending")]
    [claimed] = claim(state, held)
    assert (claimed.value, claimed.wait) == (11, None)


def test_the_awaited_record_makes_it_due(state: State, held: Lease) -> None:
    """Once the record that it waits for was sent, the next sync checks it; others keep waiting."""
    queue(state, held, "A", "B", "C")
    for key, on in (("A", "price C"), ("B", "order C")):
        claimed = claim_one(state, held, key)
        kept = MessageOutcome(
            claimed, "pending", None, None, NOW + timedelta(hours=1), 0, wait=Wait("order_missing", NOW, on)
        )
        settle(state, held, [kept], NOW)
    link = Link("C", "C", "7")
    settle(state, held, [MessageOutcome(claim_one(state, held, "C"), "sent", link=link)], NOW)
    with state.read() as connection:
        assert waits.due_ids(connection, "price", NOW, 10) == [one.target for one in pending(state) if one.key == "A"]


def test_a_record_that_was_sent_meanwhile_ends_the_wait(state: State, held: Lease) -> None:
    """A shipment finds its order missing, the order is sent, and then the shipment's wait is stored: it is
    due at once.
    """
    queue(state, held, "A")
    [sought] = claim(state, held)
    with state.write() as connection:
        links.write(connection, "order", [Link("SO 1", "SO 1", "7")], NOW)
    missing = Wait("order_missing", NOW, "order SO 1")
    kept = MessageOutcome(sought, "pending", None, None, NOW + timedelta(hours=1), 0, wait=missing)
    settle(state, held, [kept], NOW)
    [again] = claim(state, held)
    settle(state, held, [msgspec.structs.replace(kept, message=again)], NOW)
    checked = LookedAt(again.target, again.seq, missing, "missing", NOW + timedelta(hours=1))
    with state.write() as connection:
        waits.keep(connection, [checked], NOW)
        assert waits.due_ids(connection, "price", NOW, 10) == [again.target]
        waits.keep(connection, [checked], NOW + timedelta(seconds=1))
        assert waits.due_ids(connection, "price", NOW, 10) == []


def test_messages_that_were_checked_together_keep_waiting(state: State, held: Lease) -> None:
    """Without a claim, only the time of the next check and the reason change."""
    queue(state, held, "A")
    waiting = wait(state, held, "A")
    checked = LookedAt(waiting.target, waiting.seq, Wait("payment_review", NOW), "Reviewed.", NOW + 5 * MINUTE)
    RunState(state, held).keep_waiting([checked], NOW + MINUTE)
    [message] = pending(state)
    assert (message.wait, message.reason) == (Wait("payment_review", NOW), "Reviewed.")
    assert message.not_before == NOW + 5 * MINUTE


def test_a_record_that_somebody_names_is_checked_now(state: State, held: Lease) -> None:
    """It is due now, whenever it was due."""
    queue(state, held, "A")
    wait(state, held, "A")
    RunState(state, held).check_again(["A"])
    with state.read() as connection:
        assert messages.is_due(connection, "price", NOW)


def test_a_long_wait_is_reported_once(state: State, held: Lease) -> None:
    """It is reported after REPORT_WAITS_AFTER, not again while it lasts, and again when another message has waited as
    long.
    """
    queue(state, held, "A")
    wait(state, held, "A")
    assert sent(state, NOW + timedelta(days=6)) == []
    [words] = sent(state, NOW + timedelta(days=7))
    assert "1 message waits for longer than 7 days, first of all A" in words
    assert sent(state, NOW + timedelta(days=30)) == []
    queue(state, held, "B")
    wait(state, held, "B", now=NOW + timedelta(days=25))
    assert ["2 messages wait" in words for words in sent(state, NOW + timedelta(days=33))] == [True]


def claim_one(state: State, held: Lease, key: str) -> Message:
    """Claim messages, return the one with this key, and make the others pending again."""
    claimed = claim(state, held)
    given_back = [MessageOutcome(one, "pending", attempts=one.attempts - 1) for one in claimed if one.key != key]
    settle(state, held, given_back, NOW)
    return next(one for one in claimed if one.key == key)


def pending(state: State) -> list[Message]:
    with state.read() as connection:
        return messages.pending(connection, "price")


def sent(state: State, now: datetime) -> list[str]:
    """Return the alerts about waits that are sent now."""
    with state.read() as connection:
        found = [one for one in watch.current(connection, "price", LIMITS, now) if "for long" in one.name]
        news = watch.due(connection, found, LIMITS, now)
    watch.store(state, found, news, now)
    return [one.message for one in news]
