"""The common part of every entity's flow: one run inside Prefect, and its final state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from prefect.client.schemas.objects import State as PrefectState
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from app.effective_settings import AppContext, is_outdated, read
from app.record_keys import resolve_keys
from app.run.request import RunEnvironment, RunRequest, RunResult
from app.run.work import work_on
from connector.clock import Clock, SystemClock
from connector.state.coordination import wakeups
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.engine import State
from connector.state.faults import StateError
from connector.state.operator import actions
from connector.state.sync import refresh_requests
from flows.artifacts import (
    NEEDS_ATTENTION,
    as_in_prefect,
    describe_causes,
    failed_rows,
    log_failed,
    name_run,
    show_summary,
    show_table,
)
from flows.credentials import from_blocks
from flows.preparation import settings_of_the_run
from flows.progress import progress_of
from flows.run_log import logging_to_the_run
from flows.stages import in_prefect
from settings import Saved, Settings, SettingsError

RERUNS = 3
FIRST_PAUSE = 15.0
OUTLASTS_THE_DEAD = LEASE_SECONDS + 5.0
"""Seconds for which a run that replaces another waits for the lease: a killed run holds it until it expires."""


async def run_entity(
    entity: str, *, full: bool, key: str | None, rerun: int = 0, clock: Clock | None = None
) -> PrefectState[Any]:
    """Do one run and return its final state.

    Settings are read for each run, and again by a sync if newer ones were saved meanwhile.

    A run in which messages failed, or that gave up, ends as *NeedsAttention*. A run in which none failed is Completed,
    even if failed messages are left from before: a failure that waits for a week must not be 1,440 red runs a day.

    `rerun` counts how often the automation Run again has started a failed run again. Each re-run waits longer, and
    after `RERUNS` of them it gives up.
    """
    if rerun > RERUNS:
        text = f"{entity} was run again {RERUNS} times and still fails; the next scheduled run tries on its own."
        await name_run(text)
        return Failed(name=NEEDS_ATTENTION, message=text)
    again = f"Re-run {rerun} of {RERUNS}. " if rerun else ""
    if rerun:
        await name_run(f"{entity}: re-run {rerun} of {RERUNS}, after a pause of {pause_before(rerun):g} s")
        await (clock or SystemClock()).sleep(pause_before(rerun))
    try:
        outcome = await sync_in_prefect(entity, full=full, key=key, replaces=rerun > 0 or _is_retried())
    except (SettingsError, StateError) as error:
        return Failed(message=as_in_prefect(f"{again}{error}"))
    text = outcome.summary()
    text_names_entity = outcome.fault is None and outcome.stopped is not None
    name = text if text_names_entity else f"{entity}: {text}"
    await name_run(f"{name} (re-run {rerun} of {RERUNS})" if rerun else name)
    return _final_state(outcome, again)


def pause_before(rerun: int) -> float:
    """Return how many seconds a re-run waits: twice as long each time."""
    return float(FIRST_PAUSE * 2 ** (rerun - 1))


async def sync_in_prefect(
    entity: str, *, full: bool = False, key: str | None = None, once: bool = False, replaces: bool = False
) -> RunResult:
    """Run the entity, and show in Prefect what happened. Raises `SettingsError` and `StateError`.

    If another run works on the entity, a run that a person started requests a sync from that one. A run that `replaces`
    one that may have died first waits until that one's lease has expired.
    """
    secrets = await from_blocks()
    outcome = RunResult(entity)
    with logging_to_the_run(), settings_of_the_run(secrets) as now:
        due_at = _due_at()
        async with progress_of(outcome) as progress:
            request = RunRequest(
                entity,
                full=full,
                key=key,
                once=once,
                due_at=due_at,
                lease_wait=OUTLASTS_THE_DEAD if replaces else None,
                holder=f"run {flow_run.name or 'by hand'}",
                run_id=str(flow_run.id) if flow_run.id else None,
            )
            environment = RunEnvironment(
                stages=in_prefect, newer_settings=_saved_after(now, secrets), listeners=[progress]
            )
            await work_on(request, now.settings, now.state, environment, outcome)
        if outcome.held_by is not None and due_at is None:
            _request_sync(now, entity, full=full, key=key)
            outcome.stopped = f"{entity} is being worked on by {outcome.held_by}, which syncs again at once."
        await _show(now, outcome)
        if outcome.fault is None and outcome.stopped is None and not outcome.counters.failed:
            outcome.waiting_failed = _count_failed(now.state, entity)
    return outcome


def _count_failed(state: State, entity: str) -> int:
    with state.read() as connection:
        return sum(group.how_many for group in actions.groups(connection, entity))


def _request_sync(here: AppContext, entity: str, *, full: bool, key: str | None) -> None:
    """Ask the run that holds the lease to sync again: everything that changed, everything, or one record."""
    state, now = here.state, datetime.now(UTC)
    if key is None:
        wakeups.ask(state, [entity], now, full=full)
        return
    keys = resolve_keys(state, here.settings, entity, key)
    with state.write() as connection:
        refresh_requests.add(connection, entity, keys, now)


def _saved_after(now: AppContext, secrets: Saved) -> Callable[[], Settings | None]:
    """Return a function that returns settings saved since its last call, or None."""

    def newer() -> Settings | None:
        nonlocal now
        if not is_outdated(now):
            return None
        now = read(now.state, needs_both_systems=True, secrets=secrets)
        return now.settings

    return newer


def _due_at() -> datetime | None:
    """Return when a scheduled run was due; None for a run that a person started, also by Retry in Prefect's UI.

    Prefect's pendulum object does not mix with standard datetimes in arithmetic, so it is converted.
    """
    scheduled = flow_run.scheduled_start_time
    if scheduled is None or "auto-scheduled" not in (flow_run.tags or []) or _is_retried():
        return None
    return datetime.fromtimestamp(scheduled.timestamp(), UTC)


def _is_retried() -> bool:
    return (flow_run.run_count or 0) > 1


async def _show(now: AppContext, outcome: RunResult) -> None:
    """Create the run's tables and summary. An idle run creates nothing."""
    entity, counters = outcome.counters.entity, outcome.counters
    failed = outcome.failed
    what_to_do = "Fix the cause, then send them again with the deployment Reprocess Failed Messages."
    text = f"**{entity}: {len(failed):,} failed in this run.** {what_to_do}\n\n{describe_causes(failed)}"
    await show_table(f"{entity}-failed", failed_rows(failed), text)
    log_failed(failed)
    notes = [{"key": key, "reason": reason} for key, reason in outcome.remarks.notes]
    await show_table(
        f"{entity}-not-sent",
        notes,
        f"{entity}: records that were left alone by a setting, changed on the way to Magento, or that wait for long.",
    )
    if counters.sent or counters.failed or counters.requests or outcome.failed:
        await show_summary(now.state, now.settings, entity)


def _final_state(outcome: RunResult, again: str = "") -> PrefectState[Any]:
    text = as_in_prefect(again + " ".join([outcome.summary(), *outcome.remarks.summary()]))
    if outcome.fault is not None:
        return Failed(message=text)
    if outcome.stopped is not None:
        return Completed(name="AlreadyRunning" if outcome.held_by else "NothingToDo", message=text)
    if outcome.counters.failed:
        return Failed(name=NEEDS_ATTENTION, message=text)
    return Completed(message=text)
