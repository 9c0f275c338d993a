"""Runs whose process or worker was killed: they would stay Pending or Running for an hour.

A run whose process is gone becomes Crashed, so that it is run again. One that a worker held and never started waits to
be taken again.
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

HELD_FOR = timedelta(minutes=3)
"""A worker holds a run until it is due, and starts it then; on a busy machine Prefect answers late."""
_OPEN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def as_infrastructure(process: Process) -> str:
    """Return the process as Prefect keeps it beside the run."""
    return f"{process.machine}|{process.pid}|{process.started}"


def from_infrastructure(infrastructure: str | None) -> Process | None:
    """Return the process that Prefect keeps beside a run; None where it is of another kind."""
    parts = (infrastructure or "").split("|")
    if len(parts) != 3 or not parts[1].isdigit():
        return None
    return Process(parts[0], int(parts[1]), parts[2])


async def end_orphans(client: PrefectClient, pool: str, ours: Collection[UUID], now: datetime) -> list[FlowRun]:
    """Give the runs of the pool that nobody works on a state in which they go on; return them. `ours`: runs of this
    worker, which it watches itself.
    """
    found = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    ended = []
    for run in found:
        state = None if run.id in ours else state_of_orphan(run, now)
        if state is not None:
            await client.set_flow_run_state(run.id, state, force=True)
            ended.append(run)
    return ended


def state_of_orphan(run: FlowRun, now: datetime) -> State[None] | None:
    """Return the state that an open run gets because its process is gone, or because nobody ever started one; None
    while it may still be at work, or cannot be seen from here.
    """
    assert run.state is not None
    process = from_infrastructure(run.infrastructure_pid)
    if run.state.type is StateType.PENDING and run.infrastructure_pid is None:
        due = max(run.expected_start_time or run.state.timestamp, run.state.timestamp)
        return Scheduled(scheduled_time=run.expected_start_time) if now - due > HELD_FOR else None
    if process is None or not has_ended(process):
        return None
    if run.state.type is StateType.CANCELLING:
        return Cancelled(message="It was to be cancelled, and its process is gone.")
    return Crashed(message="Its process was killed, or its machine went down.")
