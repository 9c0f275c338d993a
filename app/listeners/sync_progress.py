"""How far the running sync is: stored in its lease's row every few seconds, so that other processes can show it.

A sync that ends within the first seconds leaves nothing, so an idle run writes nothing. What is left to send is not
stored: it is what the queue holds when it is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime, timedelta

import msgspec

from app.threads import finished_in_a_thread
from connector.clock import Clock
from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import Connection, State
from connector.state.faults import StateError
from entities.events import (
    AnswersFound,
    ChunkQueued,
    Event,
    Listener,
    PageRead,
    ReadingEnded,
    RequestSettled,
    SyncEnded,
    SyncStarted,
)

SHOWN_EVERY = 2.0


class SyncProgress(msgspec.Struct, kw_only=True):
    """What a sync has done `at` some instant. `done`: messages that were sent or failed, since `sends_since`.
    `is_reading`: more may still be queued.
    """

    began_at: datetime
    at: datetime
    full: bool = False
    is_reading: bool = True
    read: int = 0
    queued: int = 0
    done: int = 0
    sends_since: datetime | None = None

    def share(self, left: int) -> float | None:
        """Return how much of it is done, of 1, with `left` messages in the queue; None while that is not known."""
        return None if self.is_reading or not self.done + left else self.done / (self.done + left)

    def time_left(self, left: int) -> timedelta | None:
        """Return how long sending the rest takes at the pace so far; None while that is not known."""
        if self.is_reading or not self.done or self.sends_since is None:
            return None
        return (self.at - self.sends_since) * (left / self.done)


def describe_progress(one: SyncProgress, left: int) -> str:
    """Return how far it is, as the command line prints it."""
    share, time_left = one.share(left), one.time_left(left)
    if share is None:
        return f"reading: {one.read:,} read, {one.queued:,} to send, {one.done:,} sent so far"
    rest = "" if time_left is None else f", about {max(round(time_left.total_seconds()), 1):,} s left"
    return f"{one.done:,} of {one.done + left:,} sent ({share:.0%}{rest})"


def read_progress(connection: Connection, now: datetime) -> dict[str, SyncProgress]:
    """Return the progress of the syncs that work now, by entity."""
    return {entity: as_progress(text) for entity, text in lease.progress_of_entities(connection, now).items()}


def as_progress(kept: str) -> SyncProgress:
    """Return progress as it was kept."""
    return msgspec.json.decode(kept, type=SyncProgress)


class ProgressKeeper:
    """Follows the events of a run, sync after sync."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: SyncProgress | None = None

    def listen(self, event: Event) -> None:
        """Count what happens."""
        if isinstance(event, SyncStarted):
            now = self._clock.now()
            self.current = SyncProgress(began_at=now, at=now, full=event.full)
        elif isinstance(event, SyncEnded):
            self.current = None
        elif self.current is not None:
            self._count(self.current, event)

    def _count(self, one: SyncProgress, event: Event) -> None:
        match event:
            case PageRead(records=records):
                one.read += records
            case ChunkQueued(queued=queued):
                one.queued += queued
            case ReadingEnded():
                one.is_reading = False
            case RequestSettled(sent=sent, failed=failed, seconds=seconds):
                one.done += sent + failed
                one.sends_since = one.sends_since or self._clock.now() - timedelta(seconds=seconds)
            case AnswersFound(sent=sent, failed=failed):
                one.done += sent + failed
            case _:
                return
        one.at = self._clock.now()


def progress_shown(
    state: State, held: Lease, clock: Clock, *, every: float = SHOWN_EVERY
) -> AbstractAsyncContextManager[Listener]:
    """Return the listener of a run whose progress is kept beside its lease while the body works."""
    shown: str | None = None

    def write(text: str | None) -> None:
        nonlocal shown
        if text != shown:
            lease.show_progress(state, held, text)
            shown = text

    return progress_kept(clock, write, every=every)


@asynccontextmanager
async def progress_kept(
    clock: Clock, write: Callable[[str | None], None], *, every: float = SHOWN_EVERY
) -> AsyncIterator[Listener]:
    """Yield a listener; while the body works, `write` is called every few seconds with how far it is, in a thread:
    a chunk that is committed meanwhile holds the database's lock for some tenths of a second, and requests go on.
    """
    keeper = ProgressKeeper(clock)
    showing = asyncio.create_task(_show(keeper, write, every))
    try:
        yield keeper.listen
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing


async def _show(keeper: ProgressKeeper, write: Callable[[str | None], None], every: float) -> None:
    while True:
        await asyncio.sleep(every)  # the real time: a clock that is handed in may stand still
        with suppress(StateError):  # a database that is away for a moment; nobody sends less for a figure
            text = None if keeper.current is None else msgspec.json.encode(keeper.current).decode()
            await finished_in_a_thread(write, text)
