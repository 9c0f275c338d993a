"""Failed messages: find them by entity, failure code and text, and send them again or skip them.

A message that has been superseded meanwhile is no longer failed, and is left alone.
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
"""Up to so many matches of a text are read at once and sorted here, instead of page by page in the database."""
MOST_SKIPPED = 500
"""How many messages the workspace skips at once, because each is a transaction. A run in Prefect skips any number."""


@dataclass(frozen=True)
class Page:
    """One page of the chosen messages: its rows, its number (from 1), and the total number of messages."""

    rows: Sequence[Message]
    number: int
    total: int

    @property
    def first(self) -> int:
        """The position of the page's first message, from 1."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """The position of the page's last message."""
        return self.first + len(self.rows) - 1


@dataclass(frozen=True)
class Skipped:
    """How many messages were skipped, and the reasons why others could not be."""

    count: int
    left: Sequence[str]


def page_of(connection: Connection, choice: FailedChoice, number: int) -> Page:
    """Return one page of the chosen messages, sorted by key, or the last page if there are fewer.

    Only the page is read, however many messages there are. A text must be searched for in every failed message; if it
    has few matches, that is done only once.
    """
    if choice.text:
        few = messages.some_failed(connection, choice, FEW)
        if len(few) < FEW:
            found = sorted(messages.of_targets(connection, few), key=lambda row: (row.key, row.source, row.target))
            number = _within(number, len(found))
            return Page(found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, len(found))
    total = messages.count_failed(connection, choice)
    number = _within(number, total)
    rows = messages.chosen_failed(connection, choice, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return Page(rows, number, total)


def _within(number: int, total: int) -> int:
    return max(1, min(number, -(-total // PAGE_SIZE)))


def send_again(state: State, choice: FailedChoice, now: datetime) -> list[Message]:
    """Make the chosen messages due again and return them. The next sync reads their newest state and sends that."""
    with state.read() as connection:
        chosen = messages.chosen_failed(connection, choice)
    actions.send_again(state, chosen, now)
    return chosen


def audit_names(chosen: Sequence[Message]) -> list[Named]:
    """Return the messages in the form in which the audit log stores them."""
    return [Named(row.target, row.seq, row.entity, row.key, row.source) for row in chosen]


def current_states(connection: Connection, chosen: Sequence[Named], chosen_at: datetime) -> Counter[str]:
    """Return how many messages of an earlier action are in which state now."""
    as_they_were = [
        Message(
            target=name.target,
            seq=name.seq,
            entity=name.entity,
            key=name.key,
            source=name.source,
            acumatica_key="",
            sku=None,
            value=None,
            in_stock=None,
            state=FAILED,
            attempts=0,
            cause=None,
            reason=None,
            changed_at=chosen_at,
        )
        for name in chosen
    ]
    return Counter(message.state for message in messages.became_of(connection, as_they_were))


def skip(state: State, chosen: Sequence[Message], reason: str, now: datetime) -> Skipped:
    """Skip the messages and store the reason with each."""
    count, left = 0, []
    for message in chosen:
        try:
            actions.skip(state, message, reason, now)
        except actions.NotPossibleByHand as refused:
            left.append(str(refused))
        else:
            count += 1
    return Skipped(count, left)
