"""End runs whose machine died: otherwise they stay Pending or Running in Prefect for ever.

A run is dead if it has been in such a state for an hour and holds no lease: a working run renews its lease, and nothing
else that it does takes so long. Its state becomes Crashed, with a state name of its own so that the run is not started
again: later runs have done its work.
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
"""The state's name. The automation that runs crashed runs again only matches the name *Crashed*."""
PAGE = 200
_OPEN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def end_dead_runs(client: PrefectClient, ours: Sequence[UUID], working: Collection[str], now: datetime) -> int:
    """End the dead runs of these deployments and return their number. `working`: the ids of runs that hold a lease."""
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
