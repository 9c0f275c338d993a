"""The transition table decides every state of a message with every event that can occur in it."""

from datetime import timedelta
from itertools import product

import pytest
from support.moment import NOW

from connector.state.queue.transitions import (
    OF_REQUESTS,
    AttemptLimits,
    MessageState,
    NoTransition,
    Outcome,
    Transition,
    allowed_from,
    overtaken,
    state_of,
    stored_as,
    transition,
)
from connector.state.schema import STATES

OPEN, IN_REQUEST, FAILED, SKIPPED, CLOSED = MessageState
LIMITS = AttemptLimits(3, timedelta(seconds=30))
LATER = NOW + LIMITS.pause
NOTHING = None
"""It cannot happen."""

O = Outcome  # noqa: E741 - short, so that the table can be read
OF_STATE: dict[MessageState, dict[tuple[Outcome, bool], Transition | None]] = {
    # what became of a request: with the value that is still wanted, and with one that was overtaken meanwhile
    IN_REQUEST: {
        (O.CLAIMED, False): NOTHING,
        (O.ACCEPTED, False): Transition(CLOSED, 2),
        (O.REFUSED, False): Transition(FAILED, 2),
        (O.LEFT_OUT, False): Transition(SKIPPED, 2),
        (O.TEMPORARY, False): Transition(OPEN, 2, LATER),
        (O.UNKNOWN, False): Transition(IN_REQUEST, 2),
        (O.NOT_SENT, False): Transition(OPEN, 1),
        (O.WAITS, False): Transition(OPEN, 1, LATER),
        (O.SHOWN, False): Transition(CLOSED, 2),
        (O.NOT_SHOWN, False): Transition(OPEN, 2),
        (O.WANTED, False): Transition(IN_REQUEST, 2),
        (O.CONFIRMED, False): Transition(IN_REQUEST, 2),
        (O.REJECTED, False): Transition(IN_REQUEST, 2),
        (O.REJECTED_AND_LEFT_OUT, False): Transition(IN_REQUEST, 2),
        (O.SENT_AGAIN, False): NOTHING,
        (O.SKIPPED_BY_HAND, False): NOTHING,
        (O.LINKED, False): NOTHING,
        (O.CLAIMED, True): NOTHING,
        **{(one, True): Transition(OPEN) for one in OF_REQUESTS},
        (O.UNKNOWN, True): Transition(IN_REQUEST, 2),
        (O.WANTED, True): Transition(IN_REQUEST, 2),
        (O.CONFIRMED, True): Transition(IN_REQUEST, 2),
        (O.REJECTED, True): Transition(IN_REQUEST, 2),
        (O.REJECTED_AND_LEFT_OUT, True): Transition(IN_REQUEST, 2),
        (O.SENT_AGAIN, True): NOTHING,
        (O.SKIPPED_BY_HAND, True): NOTHING,
        (O.LINKED, True): NOTHING,
    },
    OPEN: {
        (O.CLAIMED, False): Transition(IN_REQUEST, 3),
        (O.WANTED, False): Transition(OPEN, 2),
        (O.CONFIRMED, False): Transition(CLOSED),
        (O.REJECTED, False): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, False): Transition(SKIPPED),
        (O.SKIPPED_BY_HAND, False): Transition(SKIPPED, 2),
        (O.LINKED, False): Transition(CLOSED, 2),
        (O.CLAIMED, True): Transition(IN_REQUEST, 3),
        (O.WANTED, True): Transition(OPEN),
        (O.CONFIRMED, True): Transition(CLOSED),
        (O.REJECTED, True): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, True): Transition(SKIPPED),
        (O.SKIPPED_BY_HAND, True): Transition(SKIPPED, 2),
        (O.LINKED, True): Transition(CLOSED, 2),
    },
    FAILED: {
        (O.WANTED, False): Transition(FAILED, 2),
        (O.CONFIRMED, False): Transition(CLOSED),
        (O.REJECTED, False): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, False): Transition(SKIPPED),
        (O.SENT_AGAIN, False): Transition(FAILED, 2),
        (O.SKIPPED_BY_HAND, False): Transition(SKIPPED, 2),
        (O.LINKED, False): Transition(CLOSED, 2),
        (O.WANTED, True): Transition(OPEN),
        (O.CONFIRMED, True): Transition(CLOSED),
        (O.REJECTED, True): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, True): Transition(SKIPPED),
        (O.SENT_AGAIN, True): Transition(FAILED, 2),
        (O.SKIPPED_BY_HAND, True): Transition(SKIPPED, 2),
        (O.LINKED, True): Transition(CLOSED, 2),
    },
    SKIPPED: {
        (O.WANTED, False): Transition(SKIPPED, 2),
        (O.CONFIRMED, False): Transition(CLOSED),
        (O.REJECTED, False): Transition(SKIPPED, 2),
        (O.REJECTED_AND_LEFT_OUT, False): Transition(SKIPPED),
        (O.SENT_AGAIN, False): Transition(FAILED, 2),
        (O.SKIPPED_BY_HAND, False): Transition(SKIPPED, 2),
        (O.LINKED, False): Transition(CLOSED, 2),
        (O.WANTED, True): Transition(OPEN),
        (O.CONFIRMED, True): Transition(CLOSED),
        (O.REJECTED, True): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, True): Transition(SKIPPED),
        (O.SENT_AGAIN, True): Transition(FAILED, 2),
        (O.SKIPPED_BY_HAND, True): Transition(SKIPPED, 2),
        (O.LINKED, True): Transition(CLOSED, 2),
    },
    CLOSED: {
        (O.WANTED, False): Transition(CLOSED, 2),
        (O.CONFIRMED, False): Transition(CLOSED),
        (O.REJECTED, False): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, False): Transition(SKIPPED),
        (O.WANTED, True): Transition(OPEN),
        (O.CONFIRMED, True): Transition(CLOSED),
        (O.REJECTED, True): Transition(FAILED),
        (O.REJECTED_AND_LEFT_OUT, True): Transition(SKIPPED),
    },
}


@pytest.mark.parametrize(("state", "outcome", "newer"), list(product(MessageState, Outcome, (False, True))))
def test_every_combination(state: MessageState, outcome: Outcome, newer: bool) -> None:
    """A transition that is not in the table is impossible, and raises an error."""
    expected = OF_STATE[state].get((outcome, newer))
    if expected is NOTHING:
        with pytest.raises(NoTransition):
            transition(state, outcome, newer=newer, attempts=2, limits=LIMITS, now=NOW)
    else:
        assert transition(state, outcome, newer=newer, attempts=2, limits=LIMITS, now=NOW) == expected


@pytest.mark.parametrize("outcome", [O.TEMPORARY, O.NOT_SHOWN])
def test_the_last_attempt(outcome: Outcome) -> None:
    """A temporary fault is tried as often as Retry Count says; then the message fails. Another value has all its
    attempts.
    """
    spent = transition(IN_REQUEST, outcome, attempts=3, limits=LIMITS, now=NOW)
    assert spent == Transition(FAILED, 3)
    assert transition(IN_REQUEST, outcome, newer=True, attempts=3, limits=LIMITS, now=NOW) == Transition(OPEN)


@pytest.mark.parametrize("outcome", [O.NOT_SENT, O.WAITS, O.UNKNOWN])
def test_what_uses_no_attempt_does_not_fail_at_the_last_one(outcome: Outcome) -> None:
    """A lost connection, a wait and a lost answer are not failures, however many attempts were made."""
    became = transition(IN_REQUEST, outcome, attempts=3, limits=LIMITS, now=NOW)
    assert became.state in (OPEN, IN_REQUEST)
    assert became.attempts <= 3


def test_a_wait_leaves_one_attempt_at_most() -> None:
    """Magento may have the document; attempts of days ago do not count when the wait is over."""
    left = [transition(IN_REQUEST, O.WAITS, attempts=n, limits=LIMITS, now=NOW).attempts for n in (1, 2, 3, 9)]
    assert left == [0, 1, 1, 1]


@pytest.mark.parametrize("state", [FAILED, SKIPPED])
def test_what_only_waited_for_its_newest_state_opens_with_the_same_value(state: MessageState) -> None:
    """This holds for an unknown SKU whose product exists by now, and for a message that a person sends again."""
    assert transition(state, O.WANTED, attempts=3, reopens=True) == Transition(OPEN)


def test_ten_confirmed_twelve_in_flight_and_ten_wanted_again() -> None:
    """A target in a request is not closed by the value that Magento showed before. If 12 is refused, the desired 10 is
    pending.
    """
    assert transition(IN_REQUEST, O.CONFIRMED, newer=True, attempts=1).state is IN_REQUEST
    assert transition(IN_REQUEST, O.REFUSED, newer=True, attempts=1, limits=LIMITS) == Transition(OPEN)


@pytest.mark.parametrize(
    ("stored", "state"),
    [("pending", OPEN), ("sending", IN_REQUEST), ("failed", FAILED), ("skipped", SKIPPED), ("sent", CLOSED)],
)
def test_todays_rows_have_a_state(stored: str, state: MessageState) -> None:
    """Both final states of messages, sent and superseded, are closed."""
    assert state_of(stored) is state
    assert state_of("superseded") is CLOSED
    assert {state_of(one) for one in STATES} == set(MessageState)


@pytest.mark.parametrize("outcome", [*sorted(OF_REQUESTS), O.UNKNOWN])
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_superseded_row(outcome: Outcome, attempts: int) -> None:
    """Whether this is noticed before or after its outcome was decided, it is stored alike: sent, superseded or still in
    a request.
    """
    alone = transition(IN_REQUEST, outcome, attempts=attempts, limits=LIMITS, now=NOW)
    with_newer = transition(IN_REQUEST, outcome, newer=True, attempts=attempts, limits=LIMITS, now=NOW)
    assert overtaken(stored_as(alone, outcome)) == stored_as(with_newer, outcome, newer=True)


def test_what_a_person_may_do_is_what_the_table_allows() -> None:
    """The conditions of the statements are derived from the table."""
    assert set(allowed_from(O.SENT_AGAIN)) == {"failed", "skipped"}
    assert set(allowed_from(O.SKIPPED_BY_HAND)) == {"pending", "failed", "skipped"}
    assert set(allowed_from(O.LINKED)) == {"pending", "failed", "skipped"}
