"""A run of one entity, as every entity's flow and the command line start it; it knows no Prefect.

The run takes its entity's lease, syncs until its time is over, and reports what happened.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.fingerprint import is_elsewhere
from app.listeners.counting import counting
from app.listeners.event_log import log_event
from app.listeners.sync_progress import progress_shown
from app.listeners.tracing import run_traced
from app.record_keys import UnknownKey, did_you_mean, known_keys
from app.run.context import Run, run_context
from app.run.lease import acquire_lease, heartbeat
from app.run.poll_loop import StopPolling, poll_loop
from app.run.request import RunEnvironment, RunRequest, RunResult, limits_of
from app.this_process import describe_this_process
from connector.clock import Clock
from connector.errors import ConnectorError
from connector.magento.errors import TemporaryFault
from connector.model.failures import DECIDED_BY_SETTINGS
from connector.state.coordination import wakeups
from connector.state.coordination.lease import LeaseHolder, LeaseLost
from connector.state.coordination.wakeups import Wakeup
from connector.state.engine import State
from connector.state.faults import SchemaUnknown, StateError
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.sync import entities, refresh_requests
from entities import retry_after
from entities.base import RunContext
from entities.events import Events, RunFailed, Waiting
from entities.registry import ENTITIES
from entities.warehouses import refuse_unknown_branch
from settings import Settings, SettingsError, as_on_the_screen
from tasks.sync import Stages, run_sync

_NO_ID = "2147483647"
"""The largest id that Magento can have: nothing has it."""
WAKEUP_POLL_SECONDS = 0.5
"""How often a pausing run checks whether a sync was requested, which is one read of the state database."""
FAULTS = (ConnectorError, SettingsError)
"""What a person can fix or wait for; anything else is a bug in the connector."""


async def work_on(
    request: RunRequest,
    settings: Settings,
    state: State,
    environment: RunEnvironment | None = None,
    result: RunResult | None = None,
) -> RunResult:
    """Run an entity until its time is over. What a person can fix is not raised: it is the result's `fault`.

    `result` is filled while the run works, so that progress can be shown.
    """
    environment, entity = environment or RunEnvironment(), request.entity
    result, clock = result or RunResult(entity), environment.clock
    listeners = (counting(result.counters), log_event, *environment.listeners)
    events = Events(*listeners)
    started_at = clock.now()
    result.stopped = _why_not(state, settings, entity)
    if result.stopped is not None:
        return result
    lease = await acquire_lease(
        state,
        entity,
        request.holder or describe_this_process(),
        clock,
        wait=limits_of(request, settings, started_at).lease_wait,
        run_id=request.run_id,
        on_wait=lambda message: events.emit(Waiting(entity, message)),
    )
    if isinstance(lease, LeaseHolder):
        result.held_by = lease.holder
        result.stopped = f"{entity} is being worked on by {lease.describe()}; nothing was done here."
        return result
    since = entities.first_active(state, entity, started_at)
    to_do = _ToDo(request.full, started_at)
    latest: Settings | None = settings
    try:
        async with (
            heartbeat(state, lease, clock),
            progress_shown(state, lease, clock) as progress,
            run_traced(entity, clock, request.run_id) as tracing,
        ):
            while latest is not None:
                limits = limits_of(request, latest, started_at)
                shown = Events(*listeners, progress, *tracing)
                run = Run(
                    request,
                    settings=latest,
                    state=state,
                    lease=lease,
                    environment=environment,
                    limits=limits,
                    active_since=since,
                    events=shown,
                    result=result,
                )
                latest = await _syncs(run, to_do)
    except UnknownKey as error:
        result.unknown_key = result.fault = str(error)
    except FAULTS as error:
        result.fault = as_on_the_screen(str(error))
        events.emit(RunFailed(entity, result.fault))
        if not isinstance(error, (LeaseLost, SchemaUnknown)):
            _remember_fault(state, entity, clock, result.fault)
    except Exception as error:
        text = _describe_bug(error)
        events.emit(RunFailed(entity, text))
        _remember_fault(state, entity, clock, text)
        raise
    return result


def _describe_bug(error: Exception) -> str:
    """Return what failed and where. The exception's own text is left out: it may hold a customer's data, and this goes
    into the log, the state database and bug reports.
    """
    *_, raised_in = traceback.extract_tb(error.__traceback__)
    place = f"{Path(raised_in.filename).name}, line {raised_in.lineno}"
    return (
        f"The run failed because of a bug in the connector: {type(error).__name__} in {place}. "
        "Please report it, with what a2m doctor collects."
    )


@dataclass
class _ToDo:
    """Whether the next sync has to read everything, and when the last one began."""

    full: bool
    synced_at: datetime


def _remember_fault(state: State, entity: str, clock: Clock, fault: str) -> None:
    with suppress(StateError):  # it may be the fault itself, which the result reports
        entities.remember_fault(state, entity, clock.now(), fault)


def _why_not(state: State, settings: Settings, entity: str) -> str | None:
    """Return why nothing of the entity is sent now; None if it is."""
    if not getattr(settings.active, entity):
        return f"{entity} is not active: nothing is sent (Individual Sync Status)."
    with state.read() as connection:
        paused = entities.read(connection, entity).paused
    return f"{entity} is paused; resume it with: a2m resume {entity}" if paused else None


async def _syncs(run: Run, to_do: _ToDo) -> Settings | None:
    """Sync until the run's time is over, the entity is paused or settings were saved; return those settings."""
    newer: Settings | None = None
    stages = run.environment.stages(run.settings.queue.retry_count)
    async with run_context(run) as context:
        await refuse_unknown_branch(context)

        async def one_sync() -> None:
            nonlocal newer
            newer = run.environment.newer_settings()
            if newer is not None or _why_not(run.state, run.settings, run.entity) is not None:
                raise StopPolling
            to_do.synced_at = run.clock.now()
            if await retry_after.may_ask(context):
                try:
                    found = await sync_once(run, context, stages, full=to_do.full)
                    run.result.failed, to_do.full = found or run.result.failed, False
                except TemporaryFault as fault:
                    if not retry_after.block_until_retry_after(context, fault):
                        raise
            await context.acumatica.rest()

        if run.request.is_one_sync():
            with suppress(StopPolling):
                await one_sync()
        else:
            await _poll(one_sync, run, to_do)
    return newer


async def _poll(one_sync: Callable[[], Awaitable[None]], run: Run, to_do: _ToDo) -> None:
    async def pause(seconds: float) -> None:
        until = run.clock.now() + timedelta(seconds=seconds)
        while (left := (until - run.clock.now()).total_seconds()) > 0 and not sync_requested():
            await run.clock.sleep(min(WAKEUP_POLL_SECONDS, left))

    def sync_requested() -> bool:
        with run.state.read() as connection:
            return wakeups.sync_requested(connection, run.entity, to_do.synced_at)

    await poll_loop(
        one_sync,
        run.clock,
        due_at=run.limits.begins_at,
        check_process_time=run.settings.queue.check_process_time,
        process_sleep_time=run.settings.queue.process_sleep_time,
        pause=pause,
    )


async def sync_once(run: Run, context: RunContext[Any], stages: Stages, *, full: bool) -> list[Message]:
    """Sync once, and return the messages that failed. It is a full sync after a change of a setting that every value
    depends on, and for most entities once a day.
    """
    if run.request.key is not None:
        return await _sync_one(run, context, stages, run.request.key)
    with run.state.read() as connection:
        known = entities.read(connection, run.entity)
        woken = wakeups.read(connection, run.entity)
    settled_with = run.fingerprint()
    settings_changed = known.computed_with != settled_with
    if is_elsewhere(known.computed_with, settled_with):
        entities.forget_confirmed(run.state, run.lease)
    full = full or settings_changed or _full_sync_is_due(run, known) or _is_asked_for(woken, known)
    await context.entity.refuse_settings(context, full=full, changed=settings_changed)
    if settings_changed:
        _send_again_by_settings(run)
    failed_keys = await _sync_requested_keys(run, context, stages)
    failed = await run_sync(context, stages, full=full)
    if run.request.full and not (context.counters.reads or context.counters.requests):
        await _ask_something(context)
    if settings_changed:
        entities.computed_with(run.state, run.lease, settled_with)
    return [*failed_keys, *failed]


def _send_again_by_settings(run: Run) -> None:
    """Send messages again whose code depends on settings, failed or left out: the changed one may be the cause."""
    with run.state.read() as connection:
        found = messages.put_aside(connection, run.entity, DECIDED_BY_SETTINGS)
    if found:
        actions.send_again(run.state, found, run.clock.now())


async def _sync_one(run: Run, context: RunContext[Any], stages: Stages, typed: str) -> list[Message]:
    """Send the record that somebody typed. Raises `UnknownKey` where neither system ever showed it to us."""
    is_known = bool(known_keys(run.state, run.entity, typed))
    failed = await run_sync(context, stages, keys=run.keys_of(typed), compare=True)
    if run.result.counters.pulled or failed or is_known:
        return failed
    raise UnknownKey(
        f"Acumatica has no {run.entity} {typed.strip()!r}, or the settings do not choose it."
        + did_you_mean(run.state, run.entity, typed)
    )


async def _ask_something(context: RunContext[Any]) -> None:
    """Ask Magento for a document that cannot exist, so that a full sync on request fails where Magento refuses us."""
    sides = context.entity.link_sides
    if sides is not None:
        async with context.shop.client() as client:
            await sides.in_magento(client, _NO_ID)


async def _sync_requested_keys(run: Run, context: RunContext[Any], stages: Stages) -> list[Message]:
    """Send first what a person wants sent again or an event named: its newest state is read. Return what failed."""
    with run.state.read() as connection:
        wanted = refresh_requests.of_entity(connection, run.entity)
    if not wanted:
        return []
    failed = await run_sync(context, stages, keys=list(wanted))
    refresh_requests.remove(run.state, run.entity, wanted)
    return failed


def _is_asked_for(woken: Wakeup, known: entities.EntityState) -> bool:
    """Return whether a full sync was asked for since the last one."""
    asked_at, last = woken.full_asked_at, known.last_full_sync_at
    return asked_at is not None and (last is None or asked_at > last)


def _full_sync_is_due(run: Run, known: entities.EntityState) -> bool:
    """Return whether it is due, as it is once a day for entities of which Acumatica does not report every change."""
    if not ENTITIES[run.entity].has_daily_full_sync:
        return False
    every = timedelta(hours=run.settings.queue.full_sync_interval)
    return known.last_full_sync_at is None or run.clock.now() - known.last_full_sync_at >= every
