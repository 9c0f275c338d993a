"""An entity's run inside Prefect: what every entity's flow does, and what Prefect shows of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State as PrefectState
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from connector.queue.faults import StateError
from flows.credentials import from_blocks
from flows.in_force import InForce, in_force, is_outdated, read
from flows.run import Outcome, work_on
from flows.stages import in_prefect
from settings import Saved, Settings, SettingsError


async def run_entity(entity: str, *, full: bool, key: str | None) -> PrefectState[Any]:
    """One run: gives its final state. Settings are read anew for each run, and by its next look when others are saved
    meanwhile.
    """
    try:
        secrets = await from_blocks()
        with in_force(needs_both_systems=True, secrets=secrets) as now:
            outcome = await work_on(
                entity,
                now.settings,
                now.state,
                stages=in_prefect,
                due_at=_due_at(),
                holder=f"run {flow_run.name or 'by hand'}",
                full=full,
                key=key,
                said=get_run_logger().info,
                newer_settings=_saved_after(now, secrets),
            )
    except (SettingsError, StateError) as error:
        return Failed(message=str(error))
    await _show(entity, outcome)
    return _final_state(outcome)


def _saved_after(now: InForce, secrets: Saved) -> Callable[[], Settings | None]:
    """Gives the settings that were saved since they were last asked for; none if nobody saved any."""

    def newer() -> Settings | None:
        nonlocal now
        if not is_outdated(now):
            return None
        now = read(now.state, needs_both_systems=True, secrets=secrets)
        return now.settings

    return newer


def _due_at() -> datetime | None:
    """When a scheduled run was due; none for one that was started by hand.

    Prefect's own kind of instant (pendulum's) does not calculate with the others', so it is made a plain one.
    """
    scheduled = flow_run.scheduled_start_time
    if scheduled is None or "auto-scheduled" not in (flow_run.tags or []):
        return None
    return datetime.fromtimestamp(scheduled.timestamp(), UTC)


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
        return Completed(name="AlreadyRunning" if outcome.held_by else "NothingToDo", message=said)
    if outcome.tally.failed:
        return Completed(name="CompletedWithFailures", message=said)
    return Completed(message=said)
