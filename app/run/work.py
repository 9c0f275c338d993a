"""A run of one entity, as its flow and the command line start it. It does not depend on Prefect.

The run acquires the entity's lease, syncs until its time is over, and returns what happened.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.fingerprint import target_changed
from app.listeners.counting import counting_listener
from app.listeners.event_log import log_event
from app.listeners.sync_progress import progress_in_lease
from app.listeners.tracing import traced_run
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

_UNUSED_ID = "2147483647"
"""The largest id that Magento's integer columns allow; no document has it."""
WAKEUP_POLL_SECONDS = 0.5
"""How often a pausing run checks whether a sync was requested. A check is one read of the state database."""
FAULTS = (ConnectorError, SettingsError)
"""Errors that a person can fix or that pass. Any other exception is a bug in the connector."""


async def work_on(
    request: RunRequest,
    settings: Settings,
    state: State,
    environment: RunEnvironment | None = None,
    result: RunResult | None = None,
) -> RunResult:
    """Run an entity until its time is over, and return the result.

    Errors in `FAULTS` are not raised: they become the result's `fault`. A `result` that is passed in is filled while
    the run works, so that the caller can show progress.
    """
    environment, entity = environment or RunEnvironment(), request.entity
    result, clock = result or RunResult(entity), environment.clock
    listeners = (counting_listener(result.counters), log_event, *environment.listeners)
    events = Events(*listeners)
    started_at = clock.now()
    result.stopped = _reason_to_stop(state, settings, entity)
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
    active_since = entities.first_active(state, entity, started_at)
    next_sync = _NextSync(request.full, started_at)
    current_settings: Settings | None = settings
    try:
        async with (
            heartbeat(state, lease, clock),
            progress_in_lease(state, lease, clock) as progress,
            traced_run(entity, clock, request.run_id) as tracing,
        ):
            while current_settings is not None:
                run = Run(
                    request,
                    settings=current_settings,
                    state=state,
                    lease=lease,
                    environment=environment,
                    limits=limits_of(request, current_settings, started_at),
                    active_since=active_since,
                    events=Events(*listeners, progress, *tracing),
                    result=result,
                )
                current_settings = await _sync_with_these_settings(run, next_sync)
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
    """Return the exception's type and place.

    Its text is left out, because it may hold a customer's data and this message goes to the log, the state database and
    bug reports.
    """
    *_, raised_in = traceback.extract_tb(error.__traceback__)
    place = f"{Path(raised_in.filename).name}, line {raised_in.lineno}"
    return (
        f"The run failed because of a bug in the connector: {type(error).__name__} in {place}. "
        "Please report it, with what a2m doctor collects."
    )


@dataclass
class _NextSync:
    """Whether the next sync is a full one, and when the previous one began."""

    full: bool
    previous_at: datetime


def _remember_fault(state: State, entity: str, clock: Clock, fault: str) -> None:
    with suppress(StateError):  # the state database may be the fault itself; the result reports it
        entities.remember_fault(state, entity, clock.now(), fault)


def _reason_to_stop(state: State, settings: Settings, entity: str) -> str | None:
    """Return why the entity is not synced now, or None if it is."""
    if not getattr(settings.active, entity):
        return f"{entity} is not active: nothing is sent (Individual Sync Status)."
    with state.read() as connection:
        paused = entities.read(connection, entity).paused
    return f"{entity} is paused; resume it with: a2m resume {entity}" if paused else None


async def _sync_with_these_settings(run: Run, next_sync: _NextSync) -> Settings | None:
    """Sync until the run's time is over, the entity is paused, or newer settings were saved; return the newer ones."""
    newer: Settings | None = None
    stages = run.environment.stages(run.settings.queue.retry_count)
    async with run_context(run) as context:
        await refuse_unknown_branch(context)

        async def one_sync() -> None:
            nonlocal newer
            newer = run.environment.newer_settings()
            if newer is not None or _reason_to_stop(run.state, run.settings, run.entity) is not None:
                raise StopPolling
            next_sync.previous_at = run.clock.now()
            if await retry_after.may_ask(context):
                try:
                    failed = await sync_once(run, context, stages, full=next_sync.full)
                    run.result.failed, next_sync.full = failed or run.result.failed, False
                except TemporaryFault as fault:
                    if not retry_after.block_until_retry_after(context, fault):
                        raise
            await context.acumatica.rest()

        if run.request.is_one_sync():
            with suppress(StopPolling):
                await one_sync()
        else:
            await _poll(one_sync, run, next_sync)
    return newer


async def _poll(one_sync: Callable[[], Awaitable[None]], run: Run, next_sync: _NextSync) -> None:
    async def pause(seconds: float) -> None:
        until = run.clock.now() + timedelta(seconds=seconds)
        while (left := (until - run.clock.now()).total_seconds()) > 0 and not sync_requested():
            await run.clock.sleep(min(WAKEUP_POLL_SECONDS, left))

    def sync_requested() -> bool:
        with run.state.read() as connection:
            return wakeups.sync_requested(connection, run.entity, next_sync.previous_at)

    await poll_loop(
        one_sync,
        run.clock,
        due_at=run.limits.begins_at,
        check_process_time=run.settings.queue.check_process_time,
        process_sleep_time=run.settings.queue.process_sleep_time,
        pause=pause,
    )


async def sync_once(run: Run, context: RunContext[Any], stages: Stages, *, full: bool) -> list[Message]:
    """Sync once, and return the messages that failed.

    It is a full sync if `full` is set, if one was requested, after a change of a setting on which every value depends,
    and for most entities once a day.
    """
    if run.request.key is not None:
        return await _sync_key(run, context, stages, run.request.key)
    with run.state.read() as connection:
        stored = entities.read(connection, run.entity)
        wakeup = wakeups.read(connection, run.entity)
    fingerprint = run.fingerprint()
    settings_changed = stored.computed_with != fingerprint
    if target_changed(stored.computed_with, fingerprint):
        entities.forget_confirmed(run.state, run.lease)
    full = full or settings_changed or _full_sync_is_due(run, stored) or _full_sync_is_requested(wakeup, stored)
    await context.entity.refuse_settings(context, full=full, changed=settings_changed)
    if settings_changed:
        _requeue_by_settings(run)
    failed_keys = await _sync_requested_keys(run, context, stages)
    failed = await run_sync(context, stages, full=full)
    if run.request.full and not (context.counters.reads or context.counters.requests):
        await _probe_magento(context)
    if settings_changed:
        entities.computed_with(run.state, run.lease, fingerprint)
    return [*failed_keys, *failed]


def _requeue_by_settings(run: Run) -> None:
    """Send messages again whose code depends on settings, failed or left out: the change may have fixed the cause."""
    with run.state.read() as connection:
        set_aside = messages.put_aside(connection, run.entity, DECIDED_BY_SETTINGS)
    if set_aside:
        actions.send_again(run.state, set_aside, run.clock.now())


async def _sync_key(run: Run, context: RunContext[Any], stages: Stages, typed: str) -> list[Message]:
    """Sync the record that a person named. Raises `UnknownKey` if no stored and no Acumatica record matches."""
    is_known = bool(known_keys(run.state, run.entity, typed))
    failed = await run_sync(context, stages, keys=run.resolve_keys(typed), compare=True)
    if run.result.counters.pulled or failed or is_known:
        return failed
    raise UnknownKey(
        f"Acumatica has no {run.entity} {typed.strip()!r}, or the settings do not choose it."
        + did_you_mean(run.state, run.entity, typed)
    )


async def _probe_magento(context: RunContext[Any]) -> None:
    """Request a document that cannot exist, so that a requested full sync fails if Magento refuses the credentials."""
    sides = context.entity.link_sides
    if sides is not None:
        async with context.shop.client() as client:
            await sides.in_magento(client, _UNUSED_ID)


async def _sync_requested_keys(run: Run, context: RunContext[Any], stages: Stages) -> list[Message]:
    """Sync the records that a person or a push notification requested, from their newest state. Return what failed."""
    with run.state.read() as connection:
        requests = refresh_requests.of_entity(connection, run.entity)
    if not requests:
        return []
    failed = await run_sync(context, stages, keys=list(requests))
    refresh_requests.remove(run.state, run.entity, requests)
    return failed


def _full_sync_is_requested(wakeup: Wakeup, stored: entities.EntityState) -> bool:
    """Return whether a full sync was requested after the last one."""
    asked_at, last = wakeup.full_asked_at, stored.last_full_sync_at
    return asked_at is not None and (last is None or asked_at > last)


def _full_sync_is_due(run: Run, stored: entities.EntityState) -> bool:
    """Return whether the regular full sync is due, for entities of which Acumatica does not report every change."""
    if not ENTITIES[run.entity].has_daily_full_sync:
        return False
    every = timedelta(hours=run.settings.queue.full_sync_interval)
    return stored.last_full_sync_at is None or run.clock.now() - stored.last_full_sync_at >= every
