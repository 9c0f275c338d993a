"""Failed messages as a person handles them: found by entity, failure code and text, then sent again or skipped.

A person names a message by its id, which is only compared here. What was overtaken meanwhile is no longer among the
failed ones, and is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.state.engine import Connection, State
from connector.state.operator import actions
from connector.state.operator.audit import Named
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.queue.messages import FailedChoice
from connector.state.schema import FAILED

PAGE_SIZE = 50
FEW = 500
"""So many are read at once, and sorted here."""
MOST_SKIPPED = 500
"""Each message is skipped in a transaction of its own; of more, a run in Prefect takes care."""


@dataclass(frozen=True)
class Page:
    """A part of what was chosen: its messages, its number from 1 on, and how many there are in all."""

    rows: Sequence[Message]
    number: int
    total: int

    @property
    def first(self) -> int:
        """The place of its first message."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """The place of its last message."""
        return self.first + len(self.rows) - 1


@dataclass(frozen=True)
class Skipped:
    """How many messages were skipped, and why others were not."""

    count: int
    left: Sequence[str]


def page_of(connection: Connection, choice: FailedChoice, number: int) -> Page:
    """Return one page of what is chosen, by key; the last one where there are not so many. However many there are, only
    one page is read. A text is searched for in every failed message, and only once where few have it.
    """
    if choice.text:
        few = messages.some_failed(connection, choice, FEW)
        if len(few) < FEW:
            found = sorted(messages.of_targets(connection, few), key=lambda one: (one.key, one.source, one.target))
            number = _within(number, len(found))
            return Page(found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, len(found))
    total = messages.count_failed(connection, choice)
    number = _within(number, total)
    rows = messages.chosen_failed(connection, choice, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return Page(rows, number, total)


def _within(number: int, total: int) -> int:
    return max(1, min(number, -(-total // PAGE_SIZE)))


def send_again(state: State, choice: FailedChoice, now: datetime) -> list[Message]:
    """Have the next sync read their newest state and send it; return them."""
    with state.read() as connection:
        found = messages.chosen_failed(connection, choice)
    actions.send_again(state, found, now)
    return found


def named(found: Sequence[Message]) -> list[Named]:
    """Return the messages as the audit keeps them."""
    return [Named(one.target, one.seq, one.entity, one.key, one.source) for one in found]


def became_of(connection: Connection, chosen: Sequence[Named], then: datetime) -> Counter[str]:
    """Return how many of the messages that a person chose then are in which state by now."""
    as_they_were = [
        Message(
            target=one.target,
            seq=one.seq,
            entity=one.entity,
            key=one.key,
            source=one.source,
            acumatica_key="",
            sku=None,
            value=None,
            in_stock=None,
            state=FAILED,
            attempts=0,
            cause=None,
            reason=None,
            changed_at=then,
        )
        for one in chosen
    ]
    return Counter(one.state for one in messages.became_of(connection, as_they_were))


def skip(state: State, found: Sequence[Message], reason: str, now: datetime) -> Skipped:
    """Leave them out, with the reason."""
    count, left = 0, []
    for one in found:
        try:
            actions.skip(state, one, reason, now)
        except actions.NotPossibleByHand as why:
            left.append(str(why))
        else:
            count += 1
    return Skipped(count, left)
