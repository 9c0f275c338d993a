"""A run holds its entity's lease while it works, and is stopped when it loses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from app.threads import finished_in_a_thread
from connector.clock import Clock
from connector.state.coordination import lease
from connector.state.coordination.lease import LEASE_SECONDS, Lease, LeaseHolder
from connector.state.engine import State
from connector.state.faults import StateError

RENEWED_EVERY = LEASE_SECONDS / 4
CHECKED_EVERY = 1.0


async def acquire_lease(
    state: State,
    entity: str,
    holder: str,
    clock: Clock,
    *,
    wait: float,
    run_id: str | None = None,
    on_wait: Callable[[str], object] = lambda _message: None,
) -> Lease | LeaseHolder:
    """Return the entity's lease, or who holds it still after `wait` seconds. A holder that has died is waited for until
    its lease ends: nothing else will release it. `on_wait` gets a message at once about who is waited for.
    """
    gives_up = clock.now() + timedelta(seconds=wait)
    waits_for: str | None = None
    while True:
        answer = lease.acquire(state, entity, holder, clock.now(), run_id=run_id)
        if isinstance(answer, Lease):
            return answer
        last = max(gives_up, answer.expires_at) if answer.died else gives_up
        if clock.now() >= last:
            return answer
        if answer.describe() != waits_for:
            waits_for = answer.describe()
            seconds = (last - clock.now()).total_seconds()
            on_wait(f"Waiting up to {seconds:,.0f} s for {entity}, which is being worked on by {waits_for}.")
        await clock.sleep(CHECKED_EVERY)


def lease_check(state: State, held: Lease, clock: Clock) -> Callable[[], None]:
    """Return what a run calls before each write to Magento: it raises `LeaseLost` where the process was asleep and
    another one took over; if none did, it takes the lease again. The database is asked only after a pause in which that
    can have happened.
    """
    checked_at = clock.now()

    def check() -> None:
        nonlocal checked_at
        now = clock.now()
        if now - checked_at > timedelta(seconds=RENEWED_EVERY):
            lease.renew(state, held, now)
        checked_at = now

    return check


@asynccontextmanager
async def heartbeat(state: State, held: Lease, clock: Clock, *, every: float = RENEWED_EVERY) -> AsyncIterator[None]:
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
        lease.release(state, held)


async def _renew(state: State, held: Lease, clock: Clock, every: float) -> None:
    while True:
        await asyncio.sleep(every)  # the real time: a clock that is handed in may stand still
        with suppress(StateError):  # a database that is away for a moment: the lease outlasts several renewals
            await finished_in_a_thread(lease.renew, state, held, clock.now())
