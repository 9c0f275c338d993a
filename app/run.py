"""A run of one entity, as every entity's flow and the command line start it; it knows no Prefect.

The run takes its entity's lease, looks for as long as its life lasts, and says in words what happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.composition import Run, working
from app.event_log import log_event
from app.lease_holder import LONG_PATIENCE, kept, somebody, take_lease
from app.poll_loop import StopPolling, poll_loop
from connector.acumatica.full_licence import PATIENCE
from connector.clock import Clock, SystemClock
from connector.errors import ConnectorError
from connector.magento.errors import TemporaryFault
from connector.state.coordination import wakeups as wakes
from connector.state.coordination.lease import LeaseHolder, LeaseLost
from connector.state.coordination.wakeups import Wake
from connector.state.engine import State
from connector.state.faults import StateError
from connector.state.operator import actions as by_hand
from connector.state.queue.messages import Message
from connector.state.sync import entities
from entities import retry_after as told_to_wait
from entities.counters import Counters, Report
from entities.events import Events, Listener, RunFailed, Waiting
from entities.registry import ENTITIES
from entities.warehouses import refuse_unknown_branch
from settings import Settings, SettingsError, as_on_the_screen
from tasks.sync import DIRECT_STAGES, Stages, look

LEASE_WAIT = 15.0
HEARS_EVERY = 0.25
"""Seconds: how often a run that pauses asks whether a look is wanted now, which is one read of the state database."""
FAULTS = (ConnectorError, SettingsError)
"""What a person can mend or wait for; anything else is a mistake in the connector."""


class RunResult:
    """What a run did: its counts, what failed, what a person should know, and the fault that ended it, if one did."""

    def __init__(self, entity: str) -> None:
        self.counters = Counters(entity)
        self.report = Report()
        self.failed: list[Message] = []
        self.fault: str | None = None
        self.stopped: str | None = None
        self.held_by: str | None = None

    def in_words(self) -> str:
        """One sentence for the run's final state."""
        return self.fault or self.stopped or self.counters.in_words()


@dataclass
class RunRequest:
    """What a run was started for: everything or one key, one look or a life of them."""

    full: bool
    key: str | None
    once: bool
    looked_at: datetime


async def work_on(
    entity: str,
    settings: Settings,
    state: State,
    *,
    stages: Callable[[int], Stages] = lambda _retry_count: DIRECT_STAGES,
    clock: Clock | None = None,
    due_at: datetime | None = None,
    holder: str | None = None,
    run_id: str | None = None,
    full: bool = False,
    key: str | None = None,
    once: bool = False,
    lease_wait: float | None = None,
    listeners: Sequence[Listener] = (),
    newer_settings: Callable[[], Settings | None] = lambda: None,
    licence_of: State | None = None,
    outcome: RunResult | None = None,
) -> RunResult:
    """One run of an entity. Never raises what a person can mend: the outcome carries it in words.

    `due_at` is when a scheduled run was due: its life counts from then, and it waits a while for the lease. Any run
    waits for as long as `lease_wait` says instead. `listeners` hear what happens, beside the log.
    `stages` makes the stages for a Retry Count. `newer_settings` are asked for before every look; where there are some,
    the run goes on with them. `licence_of` is the state in which the licence is shared, where it is another one.
    `outcome` is filled while the run works, for whoever shows how far it is.
    """
    clock = clock or SystemClock()
    outcome = outcome or RunResult(entity)
    events = Events(log_event, *listeners)
    started = clock.now()
    outcome.stopped = _why_not(state, settings, entity)
    if outcome.stopped is not None:
        return outcome
    who = holder or somebody()
    usual_wait = 0.0 if due_at is None else LEASE_WAIT
    wait = usual_wait if lease_wait is None else lease_wait

    def waits(message: str) -> None:
        events.emit(Waiting(entity, message))

    held = await take_lease(state, entity, who, clock, wait=wait, run_id=run_id, said=waits)
    if isinstance(held, LeaseHolder):
        outcome.held_by = held.holder
        outcome.stopped = f"{entity} is being worked on by {held.in_words()}; nothing was done here."
        return outcome
    begins = due_at or started
    since = entities.first_active(state, entity, started)
    wanted = RunRequest(full, key, once or key is not None, started)
    latest: Settings | None = settings
    try:
        async with kept(state, held, clock):
            while latest is not None:
                ends_at = begins + timedelta(seconds=latest.queue.check_process_time)
                run = Run(
                    entity,
                    latest,
                    state,
                    held,
                    clock,
                    outcome.counters,
                    outcome.report,
                    ends_at,
                    since,
                    events,
                    licence_state=licence_of or state,
                    patience=LONG_PATIENCE if wanted.once else PATIENCE,
                )
                chosen = stages(latest.queue.retry_count)
                latest = await _looks(run, outcome, wanted, chosen, begins, newer_settings)
    except FAULTS as error:
        outcome.fault = as_on_the_screen(str(error))
        events.emit(RunFailed(entity, outcome.fault))
        if not isinstance(error, LeaseLost):
            _remember_fault(state, entity, clock, outcome.fault)
    except Exception as error:
        _remember_fault(state, entity, clock, f"The run died of a mistake in the connector: {error!r}")
        raise
    return outcome


def _remember_fault(state: State, entity: str, clock: Clock, fault: str) -> None:
    with suppress(StateError):  # it may be the fault itself, and the outcome tells it
        entities.remember_fault(state, entity, clock.now(), fault)


def _why_not(state: State, settings: Settings, entity: str) -> str | None:
    """Why nothing of the entity is sent now; none if it is."""
    if not getattr(settings.active, entity):
        return f"{entity} is not active: nothing is sent (Individual Sync Status)."
    with state.read() as connection:
        paused = entities.read(connection, entity).paused
    return f"{entity} is paused; resume it with: a2m resume {entity}" if paused else None


async def _looks(
    run: Run,
    outcome: RunResult,
    wanted: RunRequest,
    stages: Stages,
    begins: datetime,
    newer_settings: Callable[[], Settings | None],
) -> Settings | None:
    """Look until the run's life is over, the entity is paused, or other settings were saved: gives those."""
    newer: Settings | None = None
    async with working(run) as context:
        await refuse_unknown_branch(context)

        async def one_look() -> None:
            nonlocal newer
            newer = newer_settings()
            if newer is not None or _why_not(run.state, run.settings, run.entity) is not None:
                raise StopPolling
            wanted.looked_at = run.clock.now()
            if await told_to_wait.may_ask(context):
                try:
                    found = await look_once(run, context, stages, full=wanted.full, key=wanted.key)
                    outcome.failed, wanted.full = found or outcome.failed, False
                except TemporaryFault as fault:
                    if not told_to_wait.kept(context, fault):
                        raise
            await context.acumatica.rest()

        if wanted.once:
            with suppress(StopPolling):
                await one_look()
        else:
            await _live(one_look, run, wanted, begins)
    return newer


async def _live(one_look: Callable[[], Awaitable[None]], run: Run, wanted: RunRequest, begins: datetime) -> None:
    async def pause(seconds: float) -> None:
        until = run.clock.now() + timedelta(seconds=seconds)
        while (left := (until - run.clock.now()).total_seconds()) > 0 and not sync_requested():
            await run.clock.sleep(min(HEARS_EVERY, left))

    def sync_requested() -> bool:
        with run.state.read() as connection:
            return wakes.sync_requested(connection, run.entity, wanted.looked_at)

    await poll_loop(
        one_look,
        run.clock,
        due_at=begins,
        check_process_time=run.settings.queue.check_process_time,
        process_sleep_time=run.settings.queue.process_sleep_time,
        pause=pause,
    )


async def look_once(run: Run, context: Any, stages: Stages, *, full: bool, key: str | None) -> list[Message]:
    """One look. It is a full one after a setting changed that every value depends on, and once a day by itself."""
    if key is not None:
        return await look(context, stages, keys=run.keys_of(key), compare=True)
    asked_failed = await _look_at_what_was_asked_for(run, context, stages)
    with run.state.read() as connection:
        known = entities.read(connection, run.entity)
        woken = wakes.read(connection, run.entity)
    settled_with = run.fingerprint()
    settings_changed = known.computed_with != settled_with
    full = full or settings_changed or _full_look_is_due(run, known) or _is_asked_for(woken, known)
    await context.entity.refuse_settings(context, full=full, changed=settings_changed)
    failed = await look(context, stages, full=full)
    if settings_changed:
        entities.computed_with(run.state, run.held, settled_with)
    return [*asked_failed, *failed]


async def _look_at_what_was_asked_for(run: Run, context: Any, stages: Stages) -> list[Message]:
    """What a person wants sent again, or an event named, goes first: its newest state is read and sent."""
    with run.state.read() as connection:
        wanted = by_hand.asked_for(connection, run.entity)
    if not wanted:
        return []
    failed = await look(context, stages, keys=list(wanted))
    by_hand.answered(run.state, run.entity, wanted)
    return failed


def _is_asked_for(woken: Wake, known: entities.EntityState) -> bool:
    """Whether a full look was asked for since the last one."""
    asked_at, last = woken.full_asked_at, known.last_full_look_at
    return asked_at is not None and (last is None or asked_at > last)


def _full_look_is_due(run: Run, known: entities.EntityState) -> bool:
    """Once a day for values, because Acumatica does not tell what was deleted; most documents are read so only once."""
    if not ENTITIES[run.entity].has_daily_full_sync:
        return False
    every = timedelta(hours=run.settings.queue.full_sync_interval)
    return known.last_full_look_at is None or run.clock.now() - known.last_full_look_at >= every
