"""What a run may rely on, whatever the state database stores and how: the protocol `RunState`.

These tests know no tables. Values are queued, claimed, delivered and settled as the stages do it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.moment import NOW

from connector.model.failures import FailureCode
from connector.state.coordination import lease
from connector.state.coordination.lease import LEASE_SECONDS, Lease, LeaseLost
from connector.state.engine import State
from connector.state.operator import actions
from connector.state.queue.desired import Computed, DesiredValue, Queued
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.transitions import AttemptLimits, MessageState, Outcome, stored_as, transition
from connector.state.run_state import RunState as StateOfRun
from connector.state.sync.ledger import LedgerRow
from entities.run_state import RunState

LATER = NOW + timedelta(seconds=LEASE_SECONDS + 1)
PAUSE = timedelta(seconds=30)
ALL = ClaimSpec("shop", 100, [100])


@pytest.fixture
def run(state: State, held: Lease) -> RunState:
    """Return the state as a run of prices has it."""
    return StateOfRun(state, held)


@pytest.fixture
def next_run(state: State) -> Callable[[], RunState]:
    """Return a function that begins a run which takes over from one that was not heard of any more."""

    def begin() -> RunState:
        taken = lease.acquire(state, "price", "the next run", LATER)
        assert isinstance(taken, Lease)
        return StateOfRun(state, taken)

    return begin


def want(run: RunState, value: int | None, key: str = "A", **more: object) -> Queued:
    """Queue this desired value."""
    wanted = [DesiredValue(key, key, "", key, value, **more)]  # type: ignore[arg-type]
    return run.commit(Computed([key], wanted, None), NOW)


def confirm(run: RunState, value: int, key: str = "A") -> None:
    """Store this value as confirmed by Magento."""
    confirmed = [LedgerRow(key, "", key, key, value, None)]
    run.commit(Computed([key], [DesiredValue(key, key, "", key, value)], None, confirmed=confirmed), NOW)


def claim(run: RunState, spec: ClaimSpec = ALL, *, at: timedelta = timedelta(0)) -> list[Message]:
    """Claim the next request."""
    return run.settle([BatchResult([], then=spec)], NOW + at)[0]


def values(claimed: list[Message]) -> list[int | None]:
    return [one.value for one in claimed]


def settle(run: RunState, claimed: list[Message], outcome: Outcome, *, retry_count: int = 3) -> None:
    """Settle each message of a request with this outcome, as the transition table decides it."""
    outcomes = []
    for one in claimed:
        limits = AttemptLimits(retry_count, PAUSE)
        became = transition(MessageState.IN_REQUEST, outcome, attempts=one.attempts, limits=limits, now=NOW)
        cause = None if outcome in (Outcome.ACCEPTED, Outcome.SHOWN) else FailureCode.REFUSED_BY_MAGENTO
        stored = stored_as(became, outcome)
        outcomes.append(MessageOutcome(one, stored, cause, None, became.not_before, became.attempts))
    run.settle([BatchResult(outcomes)], NOW)


def failed(run: RunState) -> list[int | None]:
    return values(run.failed())


def is_over(run: RunState) -> bool:
    """Return whether no message is pending, being sent, or failed."""
    return run.next_due() is None and not run.in_doubt() and not run.failed()


def test_a_value_is_queued_claimed_and_confirmed(run: RunState) -> None:
    """A value that Magento does not show is claimed once, with its first attempt, and is over once it was accepted."""
    assert want(run, 10) == Queued(queued=1)
    assert run.due_count(NOW) == 1
    claimed = claim(run)
    assert [(one.value, one.attempts) for one in claimed] == [(10, 1)]
    assert claim(run) == []
    settle(run, claimed, Outcome.ACCEPTED)
    assert is_over(run)
    assert want(run, 10) == Queued()


def test_the_same_value_again_is_queued_once(run: RunState) -> None:
    """Queueing the value that is pending already changes nothing."""
    want(run, 10)
    assert want(run, 10) == Queued()
    assert values(claim(run)) == [10]


def test_the_newest_value_wins(run: RunState) -> None:
    """A value that was not sent yet is overwritten by a newer one."""
    want(run, 10)
    assert want(run, 11) == Queued(queued=1, superseded=1)
    assert values(claim(run)) == [11]


def test_a_value_that_is_reverted_before_it_was_sent_is_not_sent(run: RunState) -> None:
    """With 10 confirmed, 12 and then 10 desired, there is nothing to send."""
    confirm(run, 10)
    want(run, 12)
    assert want(run, 10) == Queued(superseded=1)
    assert is_over(run)


def test_a_newer_value_waits_for_the_request_of_the_older(run: RunState) -> None:
    """A key is never in two requests; the newer value is sent when the older one's request has ended."""
    want(run, 12)
    older = claim(run)
    assert want(run, 13) == Queued(queued=1)
    assert claim(run) == []
    settle(run, older, Outcome.ACCEPTED)
    assert values(claim(run)) == [13]


def test_the_same_value_while_it_is_in_a_request_changes_nothing(run: RunState) -> None:
    """A value that is being sent is not sent twice."""
    want(run, 12)
    older = claim(run)
    assert want(run, 12) == Queued()
    settle(run, older, Outcome.ACCEPTED)
    assert is_over(run)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.TEMPORARY, Outcome.NOT_SENT, Outcome.NOT_SHOWN])
def test_an_outcome_of_the_older_value_changes_nothing_of_the_newer(run: RunState, outcome: Outcome) -> None:
    """12 is being sent, 13 is desired, and 12 does not arrive: there is no failure, and 13 is sent at once with all its
    attempts.
    """
    want(run, 12)
    older = claim(run)
    want(run, 13)
    settle(run, older, outcome, retry_count=1)
    assert failed(run) == []
    newer = claim(run)
    assert [(one.value, one.attempts) for one in newer] == [(13, 1)]
    settle(run, newer, Outcome.ACCEPTED)
    assert is_over(run)


def test_a_value_that_is_reverted_while_another_is_in_flight_is_sent(run: RunState) -> None:
    """With 10 confirmed, 12 being sent and 10 desired again, Magento shows 12 once it was accepted, so 10 is sent."""
    confirm(run, 10)
    want(run, 12)
    in_flight = claim(run)
    want(run, 10)
    settle(run, in_flight, Outcome.ACCEPTED)
    assert values(claim(run)) == [10]


@pytest.mark.parametrize("outcome", [Outcome.SHOWN, Outcome.NOT_SHOWN])
def test_a_value_that_is_reverted_after_an_unknown_outcome_is_sent(
    run: RunState, next_run: Callable[[], RunState], outcome: Outcome
) -> None:
    """With 10 confirmed, the outcome of 12 unknown and 10 desired again, 12 may still be applied later, whatever
    Magento shows when it is asked.
    """
    confirm(run, 10)
    want(run, 12)
    claim(run)
    later = next_run()
    want(later, 10)
    assert values(later.in_doubt()) == [12]
    assert claim(later) == []
    settle(later, later.in_doubt(), outcome)
    assert failed(later) == []
    assert values(claim(later)) == [10]


def test_a_value_of_a_run_that_died_is_in_doubt(run: RunState, next_run: Callable[[], RunState]) -> None:
    """Its attempt is used: a value that Magento does not show is sent as the second attempt, one that it shows counts
    as sent.
    """
    want(run, 10, "A")
    want(run, 20, "B")
    claim(run)
    later = next_run()
    a, b = later.in_doubt()
    assert [(one.key, one.attempts) for one in (a, b)] == [("A", 1), ("B", 1)]
    assert claim(later) == []
    settle(later, [a], Outcome.SHOWN)
    settle(later, [b], Outcome.NOT_SHOWN)
    assert [(one.key, one.attempts) for one in claim(later)] == [("B", 2)]


def test_a_run_that_lost_its_lease_changes_nothing(run: RunState, next_run: Callable[[], RunState]) -> None:
    """It can neither queue nor claim nor settle; the run that holds the lease settles what it left."""
    want(run, 10)
    claimed = claim(run)
    later = next_run()
    for write in (
        lambda: want(run, 11),
        lambda: claim(run),
        lambda: settle(run, claimed, Outcome.ACCEPTED),
        lambda: settle(run, claimed, Outcome.REFUSED),
        lambda: run.check_again(["A"]),
        lambda: run.remember_sync(NOW, "done", did_nothing=False, full=False),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert values(later.in_doubt()) == [10]
    assert failed(later) == []


def test_an_outcome_counts_once(run: RunState) -> None:
    """A second outcome of a settled request does not change the request that followed it."""
    want(run, 10)
    first = claim(run)
    settle(run, first, Outcome.NOT_SHOWN)
    second = claim(run)
    settle(run, first, Outcome.REFUSED)
    settle(run, first, Outcome.ACCEPTED)
    assert failed(run) == []
    assert [one.attempts for one in run.in_doubt()] == [2]
    settle(run, second, Outcome.ACCEPTED)
    assert is_over(run)


def test_a_refused_value_stays_failed_until_another_is_wanted(run: RunState) -> None:
    """The same value is not queued again, another one is."""
    want(run, 10)
    settle(run, claim(run), Outcome.REFUSED)
    assert failed(run) == [10]
    assert want(run, 10) == Queued()
    assert claim(run) == []
    want(run, 11)
    assert failed(run) == []
    assert [(one.value, one.attempts) for one in claim(run)] == [(11, 1)]


def test_a_failure_is_over_once_magento_shows_the_value(run: RunState) -> None:
    """It does not matter how Magento got the value."""
    want(run, 10)
    settle(run, claim(run), Outcome.REFUSED)
    confirm(run, 10)
    assert is_over(run)


def test_a_temporary_fault_pauses_its_message_alone(run: RunState) -> None:
    """The message is due after its pause, with one attempt used, and fails once no attempt is left."""
    want(run, 10, "A")
    want(run, 20, "B")
    a, b = claim(run)
    settle(run, [a], Outcome.TEMPORARY)
    settle(run, [b], Outcome.ACCEPTED)
    assert run.next_due() == NOW + PAUSE
    assert run.all_due(NOW + PAUSE) == NOW + PAUSE
    assert claim(run, at=PAUSE - timedelta(seconds=1)) == []
    again = claim(run, at=PAUSE)
    assert [(one.key, one.attempts) for one in again] == [("A", 2)]
    settle(run, again, Outcome.TEMPORARY, retry_count=2)
    assert failed(run) == [10]


def test_an_attempt_that_never_left_is_given_back(run: RunState) -> None:
    """When the whole connection was down, no message loses an attempt."""
    want(run, 10)
    settle(run, claim(run), Outcome.NOT_SENT)
    assert [one.attempts for one in claim(run)] == [1]


def test_what_may_have_been_applied_is_read_again(run: RunState) -> None:
    """Its record is due once a late request can no longer be applied, and not before."""
    confirm(run, 5)
    want(run, 10)
    [one] = claim(run)
    run.settle([BatchResult([MessageOutcome(one, "sent")], recheck_at=LATER)], NOW)
    assert run.records_due(NOW.date(), NOW) == []
    assert run.records_due(NOW.date(), LATER) == ["A"]


def test_what_a_lost_run_had_under_way_is_read_again(run: RunState, next_run: Callable[[], RunState]) -> None:
    """A run reports this without its lease; the run that works now compares when the request cannot arrive any more."""
    confirm(run, 5)
    want(run, 10)
    claimed = claim(run)
    later = next_run()
    settle(later, later.in_doubt(), Outcome.SHOWN)
    run.abandon(claimed, NOW, LATER)
    assert later.records_due(NOW.date(), LATER) == ["A"]


def test_several_requests_are_settled_and_claimed_in_one_commit(run: RunState) -> None:
    """Each sender gets its own claim, sorted by key; it is empty if nothing is left or none was requested."""
    for key in "ABCDE":
        want(run, 10, key)
    size_two = ClaimSpec("shop", 2, [1])
    claims = run.settle([BatchResult([], then=size_two), BatchResult([]), BatchResult([], then=size_two)], NOW)
    assert [[one.key for one in part] for part in claims] == [["A", "B"], [], ["C", "D"]]
    outcomes = [BatchResult([MessageOutcome(one, "sent") for one in part], then=size_two) for part in claims]
    assert [[one.key for one in part] for part in run.settle(outcomes, NOW)] == [["E"], [], []]


def test_a_request_that_magento_has_accepted_in_part(run: RunState) -> None:
    """Accepted messages are over; the others stay in the request until they have an outcome."""
    for key in "ABC":
        want(run, 10, key)
    claimed = claim(run)
    run.settle([BatchResult([], sent=claimed[:2])], NOW)
    assert [one.key for one in run.in_doubt()] == ["C"]
    run.settle([BatchResult([], sent=claimed)], NOW)
    assert is_over(run)


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REFUSED])
def test_a_second_result_of_a_request(run: RunState, outcome: Outcome) -> None:
    """A request that is settled already is not changed."""
    want(run, 10)
    claimed = claim(run)
    settle(run, claimed, outcome)
    run.settle([BatchResult([], sent=claimed)], NOW)
    assert failed(run) == ([] if outcome is Outcome.ACCEPTED else [10])


def test_a_message_that_is_sent_at_the_second_attempt(run: RunState) -> None:
    """It is over, and nothing of its first attempt is left."""
    want(run, 10)
    settle(run, claim(run), Outcome.TEMPORARY)
    run.settle([BatchResult([], sent=claim(run, at=PAUSE))], NOW)
    assert is_over(run)
    want(run, 11)
    assert [(one.value, one.attempts, one.cause) for one in claim(run)] == [(11, 1, None)]


def test_while_more_is_queued_only_whole_requests_are_claimed(run: RunState) -> None:
    """So n messages are sent in ⌈n / batch⌉ requests."""
    for key in "ABC":
        want(run, 10, key)
    assert [one.key for one in claim(run, ClaimSpec("shop", 2, [1], whole=True))] == ["A", "B"]
    assert claim(run, ClaimSpec("shop", 2, [1], whole=True)) == []
    assert [one.key for one in claim(run, ClaimSpec("shop", 2, [1]))] == ["C"]


def test_stock_outs_are_sent_first(run: RunState) -> None:
    """With that setting, a quantity of 0 is claimed before all others."""
    want(run, 10, "A")
    want(run, 0, "B")
    assert [one.key for one in claim(run, ClaimSpec("shop", 1, [1], stock_outs_first=True))] == ["B"]


def test_nothing_is_claimed_while_the_host_is_blocked(run: RunState) -> None:
    """A later instant that is stored already stays."""
    want(run, 10)
    run.block_host("shop", NOW + PAUSE)
    run.block_host("shop", NOW + timedelta(seconds=1))
    assert run.blocked_until("shop") == NOW + PAUSE
    assert claim(run, at=PAUSE - timedelta(seconds=1)) == []
    assert values(claim(run, at=PAUSE)) == [10]


def test_a_skipped_value_stays_out_until_another_is_wanted(state: State, run: RunState) -> None:
    """Only that value is skipped; a newer one is sent all the same."""
    want(run, 10)
    settle(run, claim(run), Outcome.REFUSED)
    actions.skip(state, run.failed()[0], "not sold any more", NOW)
    assert is_over(run)
    assert want(run, 10) == Queued()
    want(run, 11)
    assert values(claim(run)) == [11]


def test_a_value_in_a_request_is_not_skipped(state: State, run: RunState) -> None:
    """Its outcome is not known yet."""
    want(run, 10)
    [one] = claim(run)
    with pytest.raises(actions.NotPossibleByHand):
        actions.skip(state, one, "not sold any more", NOW)
    settle(run, [one], Outcome.ACCEPTED)
    assert is_over(run)


def test_a_failed_value_that_is_sent_again_goes_with_all_its_attempts(state: State, run: RunState) -> None:
    """It stays failed until the next sync has read the present value."""
    want(run, 10)
    settle(run, claim(run), Outcome.REFUSED)
    assert actions.send_again(state, run.failed(), NOW) == 1
    assert [one.cause for one in run.failed()] == [FailureCode.SEND_AGAIN]
    want(run, 10)
    assert [(one.value, one.attempts) for one in claim(run)] == [(10, 1)]


def test_a_link_by_hand_settles_what_failed(state: State, run: RunState) -> None:
    """The document that was made by hand is confirmed as the desired one."""
    want(run, 10, document=b"{}")
    settle(run, claim(run), Outcome.REFUSED)
    actions.link(state, "price", "A", "A", "17", NOW)
    assert is_over(run)
    assert want(run, 10, document=b"{}") == Queued()


def test_what_cannot_be_sent_is_a_failure_of_its_own(run: RunState) -> None:
    """It supersedes an older pending value, and is over once the record can be sent."""
    want(run, 10)
    assert want(run, None, cause=FailureCode.NO_SKU, reason="none") == Queued(failed=1, superseded=1)
    assert claim(run) == []
    assert want(run, None, cause=FailureCode.NO_SKU, reason="none") == Queued()
    assert want(run, 10) == Queued(queued=1, superseded=1)
    assert values(claim(run)) == [10]


@pytest.mark.parametrize("unwanted", [{"value": None, "cause": FailureCode.NO_SKU, "reason": "none"}, None])
def test_a_value_in_a_request_that_is_not_desired_any_more_is_not_tried_again(
    run: RunState, unwanted: dict[str, object] | None
) -> None:
    """12 is being sent, then the record cannot be sent or has no value: 12, which did not arrive, is not sent once
    more.
    """
    want(run, 12)
    in_flight = claim(run)
    if unwanted is None:
        run.commit(Computed(["A"], [], None), NOW)
    else:
        want(run, **unwanted)  # type: ignore[arg-type]
    settle(run, in_flight, Outcome.NOT_SHOWN)
    assert claim(run) == []
    want(run, 12)
    assert values(claim(run)) == [12]
