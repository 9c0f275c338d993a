"""The lease of a run: acquire it, renew it while the run works, check it before each write, release it."""

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
    """Return the entity's lease, or its holder if it is still held after `wait` seconds.

    If the holder has died, wait until its lease expires, because nothing else will release it. `on_wait` is called with
    a message when the wait begins and when the holder changes.
    """
    gives_up_at = clock.now() + timedelta(seconds=wait)
    current_holder: str | None = None
    while True:
        answer = lease.acquire(state, entity, holder, clock.now(), run_id=run_id)
        if isinstance(answer, Lease):
            return answer
        waits_until = max(gives_up_at, answer.expires_at) if answer.died else gives_up_at
        if clock.now() >= waits_until:
            return answer
        if answer.describe() != current_holder:
            current_holder = answer.describe()
            seconds = (waits_until - clock.now()).total_seconds()
            on_wait(f"Waiting up to {seconds:,.0f} s for {entity}, which is being worked on by {current_holder}.")
        await clock.sleep(CHECKED_EVERY)


def lease_check(state: State, run_lease: Lease, clock: Clock) -> Callable[[], None]:
    """Return a function for a run to call before each write to Magento.

    If the heartbeat can have missed renewals since the last call, for example because the machine was suspended, the
    function renews the lease, or raises `LeaseLost` if another run holds it. Otherwise it does not query the database.
    """
    checked_at = clock.now()

    def check() -> None:
        nonlocal checked_at
        now = clock.now()
        if now - checked_at > timedelta(seconds=RENEWED_EVERY):
            lease.renew(state, run_lease, now)
        checked_at = now

    return check


@asynccontextmanager
async def heartbeat(
    state: State, run_lease: Lease, clock: Clock, *, every: float = RENEWED_EVERY
) -> AsyncIterator[None]:
    """Renew the lease every `every` seconds while the body runs, and release it at the end.

    If the lease is lost, the body's next write to the state database is refused.
    """
    renewing = asyncio.create_task(_renew(state, run_lease, clock, every))
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError, lease.LeaseLost):
            await renewing
        lease.release(state, run_lease)


async def _renew(state: State, run_lease: Lease, clock: Clock, every: float) -> None:
    while True:
        await asyncio.sleep(every)  # real time: an injected clock may stand still
        with suppress(StateError):  # the database may be unavailable for a moment: the lease outlasts several renewals
            await finished_in_a_thread(lease.renew, state, run_lease, clock.now())
