"""Recover runs whose process or worker was killed. Otherwise they would stay Pending or Running for an hour.

A run whose process has ended becomes Crashed, so that it is run again. A run that a worker claimed and never started is
scheduled again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed, Scheduled

from connector.state.coordination.process import Process, has_ended

CLAIM_EXPIRES_AFTER = timedelta(minutes=3)
"""How long after its due time a claimed run may still be unstarted; on a busy machine Prefect answers late."""
_OPEN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def as_infrastructure(process: Process) -> str:
    """Return the process as the text that Prefect stores with the run."""
    return f"{process.machine}|{process.pid}|{process.started}"


def from_infrastructure(infrastructure: str | None) -> Process | None:
    """Return the process from the text that Prefect stores with the run; None for another kind of infrastructure."""
    parts = (infrastructure or "").split("|")
    if len(parts) != 3 or not parts[1].isdigit():
        return None
    return Process(parts[0], int(parts[1]), parts[2])


async def recover_orphans(client: PrefectClient, pool: str, ours: Collection[UUID], now: datetime) -> list[FlowRun]:
    """Set the state of the pool's orphaned runs so that they run again or end; return them.

    `ours` are the runs of this worker, which watches them itself.
    """
    found = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    recovered = []
    for run in found:
        state = None if run.id in ours else state_of_orphan(run, now)
        if state is not None:
            await client.set_flow_run_state(run.id, state, force=True)
            recovered.append(run)
    return recovered


def state_of_orphan(run: FlowRun, now: datetime) -> State[None] | None:
    """Return the new state of an open run if its process has ended or was never started.

    Return None if the run may still be working, or if its process is on another machine.
    """
    assert run.state is not None
    process = from_infrastructure(run.infrastructure_pid)
    if run.state.type is StateType.PENDING and run.infrastructure_pid is None:
        due = max(run.expected_start_time or run.state.timestamp, run.state.timestamp)
        return Scheduled(scheduled_time=run.expected_start_time) if now - due > CLAIM_EXPIRES_AFTER else None
    if process is None or not has_ended(process):
        return None
    if run.state.type is StateType.CANCELLING:
        return Cancelled(message="It was to be cancelled, and its process is gone.")
    return Crashed(message="Its process was killed, or its machine went down.")
