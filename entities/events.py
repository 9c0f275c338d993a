"""The events of a run, as small frozen structs, and their listeners.

The stages emit events. The listeners are those of `app.listeners` (counts, log, progress, spans), Prefect's progress
bar and the command line. There is an event for a sync, a page, a chunk, a request or a kind of failure, never one per
record: there are tens of thousands of values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from entities.counters import Counters


class SyncStarted(msgspec.Struct, frozen=True):
    """A sync begins. `keys`: the number of records it was asked for; None if it reads whatever changed."""

    entity: str
    full: bool
    keys: int | None


class PageRead(msgspec.Struct, frozen=True):
    """A page of a feed came from Acumatica."""

    entity: str
    feed: str
    records: int


class ChunkQueued(msgspec.Struct, frozen=True):
    """A chunk of computed records was queued; the counts are those of its messages."""

    entity: str
    records: int
    queued: int
    failed: int
    superseded: int


class ReadingEnded(msgspec.Struct, frozen=True):
    """Everything that a sync reads has been read and queued."""

    entity: str


class RequestSettled(msgspec.Struct, frozen=True):
    """A request to Magento is over and its outcomes are stored. Messages that were neither sent nor failed are sent
    again.
    """

    entity: str
    messages: int
    sent: int
    failed: int
    seconds: float


class AnswersFound(msgspec.Struct, frozen=True):
    """Messages without an answer were decided by asking Magento what it shows."""

    entity: str
    sent: int
    failed: int


class MessagesFailed(msgspec.Struct, frozen=True):
    """Messages that failed in a sync with the same code. `example`: the key of one of them."""

    entity: str
    code: str
    count: int
    example: str


class SyncEnded(msgspec.Struct, frozen=True):
    """A sync is over; `counters` are its own and not those of the whole run."""

    entity: str
    full: bool
    counters: Counters


class RunFailed(msgspec.Struct, frozen=True):
    """A fault of the whole run ended it."""

    entity: str
    message: str


class Progress(msgspec.Struct, frozen=True):
    """How far the run has come."""

    message: str


class Waiting(msgspec.Struct, frozen=True):
    """What the run waits for: another run, or Acumatica's licence."""

    entity: str
    message: str


Event: TypeAlias = (
    SyncStarted
    | PageRead
    | ChunkQueued
    | ReadingEnded
    | RequestSettled
    | AnswersFound
    | MessagesFailed
    | SyncEnded
    | RunFailed
    | Progress
    | Waiting
)
Listener: TypeAlias = Callable[[Event], object]


class Events:
    """Sends each event to all listeners, in their order."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def emit(self, event: Event) -> None:
        """Send the event to all listeners."""
        for listener in self._listeners:
            listener(event)
