"""A run holds its entity's lease while it works, and is stopped when it loses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from connector.clock import Clock
from connector.queue import lease
from connector.queue.engine import State
from connector.queue.faults import StateError
from connector.queue.lease import LEASE_SECONDS, Held, Lease

RENEWED_EVERY = LEASE_SECONDS / 4
_ASKED_EVERY = 1.0


async def take_lease(state: State, entity: str, holder: str, clock: Clock, *, wait: float) -> Lease | Held:
    """The entity's lease, or who holds it still after `wait` seconds."""
    gives_up = clock.now() + timedelta(seconds=wait)
    while True:
        answer = lease.take(state, entity, holder, clock.now())
        if isinstance(answer, Lease) or clock.now() >= gives_up:
            return answer
        await clock.sleep(_ASKED_EVERY)


def still_held(state: State, held: Lease, clock: Clock) -> Callable[[], None]:
    """What a run calls before each write to Magento: it raises `LeaseLost` where the process was asleep and another one
    took over; if none did, it has the lease anew. The database is asked only after a pause in which that can have
    happened.
    """
    asked_at = clock.now()

    def check() -> None:
        nonlocal asked_at
        now = clock.now()
        if now - asked_at > timedelta(seconds=RENEWED_EVERY):
            lease.renew(state, held, now)
        asked_at = now

    return check


@asynccontextmanager
async def kept(state: State, held: Lease, clock: Clock, *, every: float = RENEWED_EVERY) -> AsyncIterator[None]:
    """Renew the lease every so many seconds while the body works, and let it go at the end.

    A lease that is lost is found out by the body's next write, which is refused.
    """
    renewing = asyncio.create_task(_renew(state, held, clock, every))
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError, lease.LeaseLost):
            await renewing
        lease.let_go(state, held)


async def _renew(state: State, held: Lease, clock: Clock, every: float) -> None:
    while True:
        await asyncio.sleep(every)  # the real time: a clock that is handed in may stand still
        with suppress(StateError):  # a database that is away for a moment: the lease outlasts several renewals
            lease.renew(state, held, clock.now())
