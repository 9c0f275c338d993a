"""A run of one entity, as every entity's flow and the command line start it.

The run takes its entity's lease, looks for as long as its life lasts, and ends in a state that says in words what
happened.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as PrefectState
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from connector.acumatica.errors import AcumaticaFault
from connector.clock import Clock, SystemClock
from connector.magento.errors import MagentoFault
from connector.queue import by_hand, entities
from connector.queue.engine import State, open_state
from connector.queue.faults import StateError
from connector.queue.lease import Held, LeaseLost
from connector.queue.messages import Message
from flows.keep_lease import kept, take_lease
from flows.life import live
from flows.stages import in_prefect
from flows.wiring import Run, working
from settings import Settings, SettingsError, load_settings
from tasks.look import PLAIN, Stages, look
from tasks.push import ShopUnreachable
from tasks.registry import DOCUMENTS
from tasks.shop import NotPossible
from tasks.tally import Report, Tally
from tasks.warehouses import refuse_unknown_warehouses

LEASE_WAIT = 15.0
FAULTS = (AcumaticaFault, MagentoFault, ShopUnreachable, NotPossible, LeaseLost, StateError)


class Outcome:
    """What a run did: its counts, what failed, what a person should know, and the fault that ended it, if one did."""

    def __init__(self, entity: str) -> None:
        self.tally = Tally(entity)
        self.report = Report()
        self.failed: list[Message] = []
        self.fault: str | None = None
        self.stopped: str | None = None

    def in_words(self) -> str:
        """One sentence for the run's final state."""
        return self.fault or self.stopped or self.tally.in_words()


async def run_entity(entity: str, *, full: bool, key: str | None) -> PrefectState[Any]:
    """One run inside Prefect: gives its final state. Settings are read anew for each run."""
    try:
        settings = load_settings(needs_both_systems=True)
        state = open_state(settings.database_url)
    except (SettingsError, StateError) as error:
        return Failed(message=str(error))
    try:
        scheduled = flow_run.scheduled_start_time
        due_at = scheduled if scheduled is not None and _is_scheduled() else None
        outcome = await work_on(
            entity,
            settings,
            state,
            stages=in_prefect(settings.queue.retry_count),
            due_at=due_at,
            holder=f"run {flow_run.name or 'by hand'}",
            full=full,
            key=key,
            said=get_run_logger().info,
        )
    finally:
        state.close()
    await _show(entity, outcome)
    return _final_state(outcome)


def _is_scheduled() -> bool:
    return bool(flow_run.run_count is not None and "auto-scheduled" in (flow_run.tags or []))


async def work_on(
    entity: str,
    settings: Settings,
    state: State,
    *,
    stages: Stages = PLAIN,
    clock: Clock | None = None,
    due_at: datetime | None = None,
    holder: str | None = None,
    full: bool = False,
    key: str | None = None,
    once: bool = False,
    said: Callable[[str], object] = lambda _said: None,
) -> Outcome:
    """One run of an entity. Never raises what a person can mend: the outcome carries it in words.

    `due_at` is when a scheduled run was due: its life counts from then, and it waits a while for the lease.
    """
    clock = clock or SystemClock()
    outcome = Outcome(entity)
    started = clock.now()
    with state.read() as connection:
        known = entities.read(connection, entity)
    if not getattr(settings.active, entity):
        outcome.stopped = f"{entity} is not active: nothing is sent (Individual Sync Status)."
        return outcome
    if known.paused:
        outcome.stopped = f"{entity} is paused; resume it with: a2m resume {entity}"
        return outcome
    who = holder or f"{os.environ.get('USER', 'somebody')} on {socket.gethostname()}, process {os.getpid()}"
    held = await take_lease(state, entity, who, clock, wait=0.0 if due_at is None else LEASE_WAIT)
    if isinstance(held, Held):
        outcome.stopped = f"{entity} is being worked on by {held.holder}; nothing was done here."
        return outcome
    begins = due_at or started
    ends_at = begins + timedelta(seconds=settings.queue.check_process_time)
    since = entities.first_active(state, entity, started)
    run = Run(entity, settings, state, held, clock, outcome.tally, outcome.report, ends_at, since, said)
    try:
        async with kept(state, held, clock), working(run) as work:
            wants_full = full

            async def one_look() -> None:
                nonlocal wants_full
                found = await look_once(run, work, stages, full=wants_full, key=key)
                outcome.failed, wants_full = found or outcome.failed, False
                await work.acumatica.rest()

            if once or key is not None:
                await one_look()
            else:
                await live(
                    one_look,
                    clock,
                    due_at=begins,
                    check_process_time=settings.queue.check_process_time,
                    process_sleep_time=settings.queue.process_sleep_time,
                )
    except FAULTS as error:
        outcome.fault = str(error)
    return outcome


async def look_once(run: Run, work: Any, stages: Stages, *, full: bool, key: str | None) -> list[Message]:
    """One look. It is a full one after a setting changed that every value depends on, and once a day by itself."""
    if key is not None:
        return await look(work, stages, keys=run.keys_of(key))
    asked_failed = await _look_at_what_was_asked_for(run, work, stages)
    with run.state.read() as connection:
        known = entities.read(connection, run.entity)
    settled_with = run.fingerprint()
    settings_changed = known.computed_with != settled_with
    if settings_changed and run.entity == "inventory":
        await refuse_unknown_warehouses(work)
    full = full or settings_changed or _full_look_is_due(run, known)
    failed = await look(work, stages, full=full)
    if settings_changed:
        entities.computed_with(run.state, run.held, settled_with)
    return [*asked_failed, *failed]


async def _look_at_what_was_asked_for(run: Run, work: Any, stages: Stages) -> list[Message]:
    """What a person wants sent again, or an event named, goes first: its newest state is read and sent."""
    with run.state.read() as connection:
        wanted = by_hand.asked_for(connection, run.entity)
    if not wanted:
        return []
    failed = await look(work, stages, keys=list(wanted))
    by_hand.answered(run.state, run.entity, wanted)
    return failed


def _full_look_is_due(run: Run, known: entities.EntityState) -> bool:
    """Once a day for values, because Acumatica does not tell what was deleted; most documents are read so only once."""
    if run.entity in DOCUMENTS and not DOCUMENTS[run.entity].full_looks:
        return False
    every = timedelta(hours=run.settings.queue.full_look_every)
    return known.last_full_look_at is None or run.clock.now() - known.last_full_look_at >= every


async def _show(entity: str, outcome: Outcome) -> None:
    if outcome.failed:
        await acreate_table_artifact(
            key=f"{entity}-failed",
            table=[
                {"key": one.key, "source": one.source, "attempts": one.attempts, "reason": one.reason}
                for one in outcome.failed
            ],
            description=f"{entity}: messages that failed in this run, with the reason.",
        )
    if outcome.report.notes:
        await acreate_table_artifact(
            key=f"{entity}-not-sent",
            table=[{"key": key, "reason": reason} for key, reason in outcome.report.notes],
            description=f"{entity}: records that were left alone by a setting.",
        )


def _final_state(outcome: Outcome) -> PrefectState[Any]:
    said = " ".join([outcome.in_words(), *outcome.report.waits])
    if outcome.fault is not None:
        return Failed(message=said)
    if outcome.stopped is not None:
        name = "AlreadyRunning" if "worked on by" in said else "NothingToDo"
        return Completed(name=name, message=said)
    if outcome.tally.failed:
        return Completed(name="CompletedWithFailures", message=said)
    return Completed(message=said)
