"""Every transition of a message, decided by one pure function.

A message is one desired value of a target. Its states, and the outcomes that lead from one to the other::

                  claimed                 accepted, shown
    ┌──▶ open ─────────────▶ in request ──────────────────▶ closed
    │    │ ▲                  │      │
    │    │ └──────────────────┘      │ refused, left out, out of attempts
    │    │  temporary, not shown,    ▼
    │    │  not sent, waits         failed, skipped ──┐ confirmed, linked: closed
    │    └───────────────────────────▶                │
    │       rejected, skipped by hand                 │
    └─────────────────────────────────────────────────┘
        a newer value; the same one where only that was waited for (`reopens`)

`newer` means that the target has a newer desired value than the one of the outcome. The outcome of the older value then
changes nothing: the newer value is open and has all of its attempts. `stored_as` returns the state that is stored in
`targets`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from connector.state.schema import FAILED, PENDING, SENDING, SENT, SKIPPED, SUPERSEDED


class MessageState(StrEnum):
    """The state of a message."""

    OPEN = "open"
    IN_REQUEST = "in_request"
    FAILED = "failed"
    SKIPPED = "skipped"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What happened to a message.

    In order: the outcomes of a request, of reading Magento after a request without an answer, of computing, and the
    actions of an operator.
    """

    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LEFT_OUT = "left_out"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    WAITS = "waits"

    SHOWN = "shown"
    NOT_SHOWN = "not_shown"

    WANTED = "wanted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    REJECTED_AND_LEFT_OUT = "rejected_and_left_out"

    SENT_AGAIN = "sent_again"
    SKIPPED_BY_HAND = "skipped_by_hand"
    LINKED = "linked"


class AttemptLimits(NamedTuple):
    """How often a value is tried, and the pause before its next attempt or before its wait is checked again."""

    retry_count: int = 1
    pause: timedelta = timedelta(0)


class Transition(NamedTuple):
    """The next state of a message, the attempts that count, and the time before which it is not tried."""

    state: MessageState
    attempts: int = 0
    not_before: datetime | None = None


class NoTransition(Exception):
    """The outcome is impossible for a message in this state."""


OF_REQUESTS = frozenset(
    {
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.LEFT_OUT,
        Outcome.TEMPORARY,
        Outcome.NOT_SENT,
        Outcome.WAITS,
        Outcome.SHOWN,
        Outcome.NOT_SHOWN,
    }
)
"""Outcomes that end a request's part in a message; `UNKNOWN` does not."""
_ENDS = {
    Outcome.ACCEPTED: MessageState.CLOSED,
    Outcome.SHOWN: MessageState.CLOSED,
    Outcome.REFUSED: MessageState.FAILED,
    Outcome.LEFT_OUT: MessageState.SKIPPED,
}
_BY_HAND = {
    Outcome.SENT_AGAIN: (MessageState.FAILED, (MessageState.FAILED, MessageState.SKIPPED)),
    Outcome.SKIPPED_BY_HAND: (MessageState.SKIPPED, (MessageState.OPEN, MessageState.FAILED, MessageState.SKIPPED)),
    Outcome.LINKED: (MessageState.CLOSED, (MessageState.OPEN, MessageState.FAILED, MessageState.SKIPPED)),
}
"""Operator actions: the next state, and the states in which they are allowed. Sending again only marks the message: the
next sync reads the record again.
"""


def transition(
    state: MessageState,
    outcome: Outcome,
    *,
    newer: bool = False,
    attempts: int = 0,
    limits: AttemptLimits = AttemptLimits(),
    now: datetime | None = None,
    reopens: bool = False,
) -> Transition:
    """Return the next state of a message. Raises `NoTransition`.

    newer: the target has a newer desired value. attempts: the attempts of the value of the outcome. reopens: the
    message failed or was skipped only until the next sync, which opens it again.
    """
    if outcome in _BY_HAND:
        became, allowed = _BY_HAND[outcome]
        if state not in allowed:
            raise NoTransition(f"{state} and {outcome}")
        return Transition(became, attempts)
    if outcome is Outcome.CLAIMED:
        if state is not MessageState.OPEN:
            raise NoTransition(f"{state} and {outcome}")
        return Transition(MessageState.IN_REQUEST, attempts + 1)
    if outcome is Outcome.UNKNOWN or outcome in OF_REQUESTS:
        if state is not MessageState.IN_REQUEST:
            raise NoTransition(f"{state} and {outcome}")
        return _of_request(outcome, newer, attempts, limits, now)
    return _of_computing(state, outcome, newer=newer, attempts=attempts, reopens=reopens)


def _of_request(
    outcome: Outcome, newer: bool, attempts: int, limits: AttemptLimits, now: datetime | None
) -> Transition:
    if outcome is Outcome.UNKNOWN:
        return Transition(MessageState.IN_REQUEST, attempts)
    if newer:
        return Transition(MessageState.OPEN)
    if outcome in _ENDS:
        return Transition(_ENDS[outcome], attempts)
    later = None if now is None else now + limits.pause
    if outcome is Outcome.NOT_SENT:
        return Transition(MessageState.OPEN, attempts - 1)
    if outcome is Outcome.WAITS:  # attempts before the wait must not count against those after it
        return Transition(MessageState.OPEN, min(attempts - 1, 1), later)
    if attempts >= limits.retry_count:
        return Transition(MessageState.FAILED, attempts)
    return Transition(MessageState.OPEN, attempts, later if outcome is Outcome.TEMPORARY else None)


def _of_computing(state: MessageState, outcome: Outcome, *, newer: bool, attempts: int, reopens: bool) -> Transition:
    stays = Transition(state, attempts)
    if state is MessageState.IN_REQUEST:
        return stays  # a newer desired value is handled when the request has ended
    if outcome is Outcome.CONFIRMED:
        return Transition(MessageState.CLOSED)
    if outcome is Outcome.REJECTED_AND_LEFT_OUT:
        return Transition(MessageState.SKIPPED)
    if outcome is Outcome.REJECTED:  # skipped by a person: stays skipped until its value changes
        return stays if state is MessageState.SKIPPED and not newer else Transition(MessageState.FAILED)
    if newer:
        return Transition(MessageState.OPEN)
    is_put_aside = state in (MessageState.FAILED, MessageState.SKIPPED)
    return Transition(MessageState.OPEN) if is_put_aside and reopens else stays


_STORED = {
    PENDING: MessageState.OPEN,
    SENDING: MessageState.IN_REQUEST,
    FAILED: MessageState.FAILED,
    SKIPPED: MessageState.SKIPPED,
    SENT: MessageState.CLOSED,
    SUPERSEDED: MessageState.CLOSED,
}
_AS_STORED = {
    MessageState.OPEN: PENDING,
    MessageState.IN_REQUEST: SENDING,
    MessageState.FAILED: FAILED,
    MessageState.SKIPPED: SKIPPED,
}
_IS_IN_MAGENTO = (Outcome.ACCEPTED, Outcome.SHOWN, Outcome.LINKED)


def state_of(stored: str) -> MessageState:
    """Return the state of a message that is stored as `stored`."""
    return _STORED[stored]


def stored_as(became: Transition, outcome: Outcome, *, newer: bool = False) -> str:
    """Return the state to store for the value of the outcome; superseded if the target has a newer desired value."""
    if became.state is MessageState.CLOSED or (newer and became.state is MessageState.OPEN):
        return SENT if outcome in _IS_IN_MAGENTO else SUPERSEDED
    return _AS_STORED[became.state]


def overtaken(stored: str) -> str:
    """Return the state to log for a value of a request if its target has a newer desired value."""
    return stored if state_of(stored) in (MessageState.CLOSED, MessageState.IN_REQUEST) else SUPERSEDED


def allowed_from(outcome: Outcome) -> tuple[str, ...]:
    """Return the stored states in which an operator action is allowed."""
    return tuple(stored for stored, state in _STORED.items() if state in _BY_HAND[outcome][1])
