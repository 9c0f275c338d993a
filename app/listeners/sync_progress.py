"""Store the progress of a sync in the row of its lease every few seconds, so that other processes can show it.

A sync that ends within the first seconds stores nothing, so an idle run writes nothing. What is left to send is not
stored: the reader takes it from the queue.
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

STORED_EVERY = 2.0
"""Seconds."""


class SyncProgress(msgspec.Struct, kw_only=True):
    """What a sync has done up to an instant, `at`.

    done: messages that were sent or failed since `sends_since`. is_reading: more messages may still be queued.
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
        """Return the share that is done, from 0 to 1, with `left` messages in the queue; None while it is unknown."""
        return None if self.is_reading or not self.done + left else self.done / (self.done + left)

    def time_left(self, left: int) -> timedelta | None:
        """Return how long sending the rest takes at the pace so far; None while it is unknown."""
        if self.is_reading or not self.done or self.sends_since is None:
            return None
        return (self.at - self.sends_since) * (left / self.done)


def describe_progress(progress: SyncProgress, left: int) -> str:
    """Return the progress as the command line prints it. `left`: messages in the queue."""
    share, time_left = progress.share(left), progress.time_left(left)
    if share is None:
        return f"reading: {progress.read:,} read, {progress.queued:,} to send, {progress.done:,} sent so far"
    rest = "" if time_left is None else f", about {max(round(time_left.total_seconds()), 1):,} s left"
    return f"{progress.done:,} of {progress.done + left:,} sent ({share:.0%}{rest})"


def read_progress(connection: Connection, now: datetime) -> dict[str, SyncProgress]:
    """Return the progress of the syncs that run now, by entity."""
    return {entity: decode_progress(stored) for entity, stored in lease.progress_of_entities(connection, now).items()}


def decode_progress(stored: str) -> SyncProgress:
    """Return the progress that was stored as JSON."""
    return msgspec.json.decode(stored, type=SyncProgress)


class ProgressTracker:
    """Follows the events of a run; `current` is the progress of its current sync, None between two syncs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: SyncProgress | None = None

    def listen(self, event: Event) -> None:
        """Update the progress by an event."""
        if isinstance(event, SyncStarted):
            now = self._clock.now()
            self.current = SyncProgress(began_at=now, at=now, full=event.full)
        elif isinstance(event, SyncEnded):
            self.current = None
        elif self.current is not None:
            self._count(self.current, event)

    def _count(self, progress: SyncProgress, event: Event) -> None:
        match event:
            case PageRead(records=records):
                progress.read += records
            case ChunkQueued(queued=queued):
                progress.queued += queued
            case ReadingEnded():
                progress.is_reading = False
            case RequestSettled(sent=sent, failed=failed, seconds=seconds):
                progress.done += sent + failed
                progress.sends_since = progress.sends_since or self._clock.now() - timedelta(seconds=seconds)
            case AnswersFound(sent=sent, failed=failed):
                progress.done += sent + failed
            case _:
                return
        progress.at = self._clock.now()


def progress_in_lease(
    state: State, run_lease: Lease, clock: Clock, *, every: float = STORED_EVERY
) -> AbstractAsyncContextManager[Listener]:
    """Return a context manager that yields a listener and stores the progress in the lease's row meanwhile."""
    stored: str | None = None

    def write(text: str | None) -> None:
        nonlocal stored
        if text != stored:
            lease.show_progress(state, run_lease, text)
            stored = text

    return progress_written(clock, write, every=every)


@asynccontextmanager
async def progress_written(
    clock: Clock, write: Callable[[str | None], None], *, every: float = STORED_EVERY
) -> AsyncIterator[Listener]:
    """Yield a listener and call `write` every few seconds with the progress as JSON, or None between two syncs.

    `write` runs in a thread, because a chunk that is being committed holds the database's lock for some tenths of a
    second. Requests go on meanwhile.
    """
    tracker = ProgressTracker(clock)
    writing = asyncio.create_task(_write_repeatedly(tracker, write, every))
    try:
        yield tracker.listen
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing


async def _write_repeatedly(tracker: ProgressTracker, write: Callable[[str | None], None], every: float) -> None:
    while True:
        await asyncio.sleep(every)  # real time: an injected clock may stand still
        with suppress(StateError):  # the database may be locked for a moment; progress must not stop the run
            text = None if tracker.current is None else msgspec.json.encode(tracker.current).decode()
            await finished_in_a_thread(write, text)
