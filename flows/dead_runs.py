"""Runs whose machine died stay Pending or Running in Prefect for ever: nobody is left to end them.

A run of ours is dead when it has been in such a state for an hour and holds no lease: one that works renews a lease,
and nothing else that it does takes so long. Its state becomes Crashed with the reason, under a name of its own, so that
it is not started again: the schedule has gone on meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed

DEAD_AFTER = timedelta(hours=1)
ENDED = "MachineDied"
"""The state's name. An automation that starts crashed runs again expects *Crashed*."""
PAGE = 200
_OPEN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def end_dead_runs(client: PrefectClient, ours: Sequence[UUID], working: Collection[str], now: datetime) -> int:
    """End the dead runs of these deployments; return how many. `working` are the runs that hold a lease."""
    if not ours:
        return 0
    open_ones = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=list(ours)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN)),
    )
    ended, checked = 0, 0
    while page := await client.read_flow_runs(
        flow_run_filter=open_ones, sort=FlowRunSort.START_TIME_ASC, limit=PAGE, offset=checked
    ):
        for run in page:
            if str(run.id) in working or not _is_dead(run, now):
                checked += 1
                continue
            await client.set_flow_run_state(run.id, Crashed(name=ENDED, message=_why(run)), force=True)
            ended += 1
    return ended


def _is_dead(run: FlowRun, now: datetime) -> bool:
    return run.state is not None and now - run.state.timestamp > DEAD_AFTER


def _why(run: FlowRun) -> str:
    state = run.state
    assert state is not None
    since = f"{state.timestamp:%Y-%m-%d %H:%M:%S} UTC"
    if state.type is StateType.PENDING:
        return (
            f"It should have started, but has not since {since}: the process that should start it was killed, "
            "or its machine went down."
        )
    return (
        f"It is {state.type.value.lower()} since {since} and works on nothing: its process was killed, or its machine "
        "went down. Nothing is lost: later runs have carried its work on."
    )
