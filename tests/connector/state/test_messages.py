"""Claims and outcomes of single messages."""

from datetime import timedelta

import pytest
from support import queue as requests
from support.moment import NOW
from support.queue import settle

from connector.state.coordination import hosts, lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, Message, MessageOutcome
from connector.state.run_state import RunState
from connector.state.sync import ledger


def queue(state: State, held: Lease, *skus: str, value: int = 10) -> None:
    wanted = [DesiredValue(sku, sku, "", sku, value) for sku in skus]
    RunState(state, held).commit(Computed(list(skus), wanted, None), NOW)


def claim(state: State, held: Lease, size: int = 100, after: float = 0) -> list[Message]:
    return requests.claim(state, held, NOW + timedelta(seconds=after), ClaimSpec("shop", size, [10, 1]))


def states(state: State) -> list[tuple[str, str]]:
    with state.read() as connection:
        return [(message.key, message.state) for message in messages.live(connection, "price", ["A", "B", "C"], [])]


def test_a_claim_uses_an_attempt_before_the_request(state: State, held: Lease) -> None:
    """Claimed messages are in state sending and have used an attempt, whatever happens to the process afterwards."""
    queue(state, held, "A", "B")
    assert [(message.key, message.state, message.attempts) for message in claim(state, held)] == [
        ("A", "sending", 1),
        ("B", "sending", 1),
    ]
    assert claim(state, held) == []


def test_a_claim_takes_one_requests_worth_in_order_of_sku(state: State, held: Lease) -> None:
    """A request holds as many records as configured, sorted by SKU: requests with shuffled SKUs deadlock in Magento."""
    queue(state, held, "C", "A", "B")
    assert [message.key for message in claim(state, held, size=2)] == ["A", "B"]
    assert [message.key for message in claim(state, held, size=2)] == ["C"]


def test_a_value_with_a_lower_number_than_the_claimed_ones_is_claimed_last(state: State, held: Lease) -> None:
    """New values after those in requests are claimed first, and none is forgotten: one with a lower number is claimed
    after them.
    """
    queue(state, held, "A", "B", "C", "D", "E")
    settle(state, held, [MessageOutcome(message, "sent") for message in claim(state, held, size=2)], NOW)
    taken = claim(state, held, size=2)
    queue(state, held, "A", value=20)
    assert [message.key for message in taken] == ["C", "D"]
    assert [message.key for message in claim(state, held, size=1)] == ["E"]
    assert [message.key for message in claim(state, held, size=1)] == ["A"]
    assert claim(state, held) == []


def test_messages_that_were_tried_before_go_in_smaller_requests(state: State, held: Lease) -> None:
    """A record that makes its whole request fail is found: each further attempt has fewer records, and the last attempt
    has one.
    """
    skus = [f"S{number:02}" for number in range(30)]
    queue(state, held, *skus)
    for expected in (30, 10, 1):
        claimed = claim(state, held)
        assert len(claimed) == expected
        others = claimed
        while others:
            settle(state, held, [MessageOutcome(message, "pending", "temporary", "503") for message in others], NOW)
            others = [] if expected != 10 else claim_same(state, held, claimed[0].attempts)
    assert claimed[0].attempts == 3


def claim_same(state: State, held: Lease, attempts: int) -> list[Message]:
    claimed = claim(state, held)
    if claimed and claimed[0].attempts == attempts:
        return claimed
    settle(state, held, [MessageOutcome(one, "pending", attempts=one.attempts - 1) for one in claimed], NOW)
    return []


def test_an_accepted_message_is_confirmed_in_the_ledger(state: State, held: Lease) -> None:
    """The next sync compares with the value that Magento accepted."""
    queue(state, held, "A")
    settle(state, held, [MessageOutcome(message, "sent") for message in claim(state, held)], NOW)
    with state.read() as connection:
        assert ledger.of_records(connection, "price", [], ["A"])[("A", "")].value == 10
    assert states(state) == []


def test_a_message_waits_until_its_instant(state: State, held: Lease) -> None:
    """A message is not claimed before its `not_before`, and the queue reports when it is due."""
    queue(state, held, "A")
    later = NOW + timedelta(seconds=30)
    waits = [MessageOutcome(message, "pending", "temporary", "503", not_before=later) for message in claim(state, held)]
    settle(state, held, waits, NOW)
    assert claim(state, held, after=29) == []
    with state.read() as connection:
        assert messages.next_due(connection, "price") == later
        assert messages.due_count(connection, "price", NOW) == 0
    assert len(claim(state, held, after=30)) == 1


def test_an_attempt_can_be_given_back(state: State, held: Lease) -> None:
    """When the whole connection was down, no message loses an attempt."""
    queue(state, held, "A")
    given_back = [MessageOutcome(message, "pending", attempts=message.attempts - 1) for message in claim(state, held)]
    settle(state, held, given_back, NOW)
    assert claim(state, held)[0].attempts == 1


@pytest.mark.parametrize("outcome", ["failed", "pending"])
def test_a_superseded_message_is_neither_failed_nor_tried_again(state: State, held: Lease, outcome: str) -> None:
    """When a newer value is pending, the older one that did not arrive is superseded; others in its request are not."""
    queue(state, held, "A", "B")
    claimed = claim(state, held)
    queue(state, held, "A", value=11)
    settle(state, held, [MessageOutcome(message, outcome, "temporary", "503") for message in claimed], NOW)
    assert states(state) == [("A", "pending"), ("B", outcome)]
    assert claim(state, held)[0].value == 11


def test_a_lost_answer_leads_to_a_recheck(state: State, held: Lease) -> None:
    """A key whose answer was lost is read in Magento again, even if a newer value was confirmed meanwhile."""
    queue(state, held, "A")
    until = NOW + timedelta(seconds=60)
    settle(state, held, [MessageOutcome(one, "pending") for one in claim(state, held)], NOW, recheck_at=until)
    settle(state, held, [MessageOutcome(one, "sent") for one in claim(state, held)], NOW)
    with state.read() as connection:
        assert ledger.due_rechecks(connection, "price", NOW) == []
        assert [row.key for row in ledger.due_rechecks(connection, "price", until)] == ["A"]


def test_a_run_that_lost_its_lease_settles_nothing(state: State, held: Lease) -> None:
    """The outcomes of a run whose lease was taken over change nothing."""
    queue(state, held, "A")
    claimed = claim(state, held)
    lease.acquire(state, "price", "another run", NOW + timedelta(minutes=5))
    with pytest.raises(lease.LeaseLost):
        settle(state, held, [MessageOutcome(message, "sent") for message in claimed], NOW)
    assert states(state) == [("A", "sending")]


def test_the_host_is_left_alone_until_its_latest_retry_after(state: State, held: Lease) -> None:
    """Of two instants until which the host asked to wait, the later one counts."""
    hosts.block(state, "shop", NOW + timedelta(seconds=60))
    hosts.block(state, "shop", NOW + timedelta(seconds=10))
    with state.read() as connection:
        assert hosts.blocked_until(connection, "shop") == NOW + timedelta(seconds=60)
        assert hosts.blocked_until(connection, "another") is None
