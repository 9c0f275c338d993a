"""Failed messages as a person handles them: found by entity, failure code and text, then sent again or skipped.

A person names a message by its id, which is only compared here. What was overtaken meanwhile is no longer among the
failed ones, and is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.state.engine import Connection, State
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.message import Message

PAGE_SIZE = 50
MOST_SKIPPED = 500
"""Each message is skipped in a transaction of its own; of more, a run in Prefect takes care."""


@dataclass(frozen=True)
class Choice:
    """Which failed messages are meant: of an entity, with a failure code, with a text in their key or reason. What is
    empty chooses all. `ids`: only these.
    """

    entity: str = ""
    code: str = ""
    text: str = ""
    ids: Collection[str] | None = None

    def has(self, one: Message) -> bool:
        """Return whether the message is one of those."""
        wanted = self.text.strip().casefold()
        return (
            (self.ids is None or one.has_id(self.ids))
            and (not self.code or (one.cause or "") == self.code)
            and (not wanted or wanted in f"{one.sku or ''} {one.key} {one.source} {one.reason or ''}".casefold())
        )


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


def chosen(connection: Connection, choice: Choice) -> list[Message]:
    """Return the failed messages that are meant, by key."""
    return [one for one in messages.failed(connection, choice.entity or None) if choice.has(one)]


def page_of(found: Sequence[Message], number: int) -> Page:
    """Return one page of them; the last one where there are not so many."""
    number = max(1, min(number, -(-len(found) // PAGE_SIZE)))
    return Page(found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, len(found))


def send_again(state: State, choice: Choice, now: datetime) -> Counter[str]:
    """Have the next sync read their newest state and send it; return how many there are of each entity."""
    with state.read() as connection:
        found = chosen(connection, choice)
    actions.send_again(state, found, now)
    return Counter(one.entity for one in found)


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
