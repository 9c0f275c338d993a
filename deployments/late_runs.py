"""Skip late scheduled runs: after an outage there are hundreds, and the newest of each deployment does the work of all.

Skipped runs become Cancelled, with the state name *Skipped* and a reason. Runs that a person started are never skipped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

SKIPPED = "Skipped"
REASON = "A newer run of this deployment was due as well, and does the work of this one."
BY_A_SCHEDULE = "auto-scheduled"
"""The tag that Prefect's scheduler gives its runs."""
PAGE = 200
"""The most runs that Prefect returns at once."""
NEWEST = 30
"""How many of the newest late runs each poll reads; the last run of every schedule is among them."""
AT_ONCE = 10
"""How many runs one request skips. Prefect's server needs time for each, and other requests wait meanwhile."""
_WAITING = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))


async def late_runs(client: PrefectClient, pool: str, now: datetime) -> list[FlowRun]:
    """Return the scheduled runs that are due and have not started, the newest first."""
    found: list[FlowRun] = []
    while page := await newest_late_runs(client, pool, now, after=len(found)):
        found += page
        if len(page) < PAGE:
            break
    return found


async def newest_late_runs(
    client: PrefectClient, pool: str, now: datetime, after: int = 0, at_most: int = PAGE
) -> list[FlowRun]:
    """Return up to `at_most` of the late runs, the newest first, without the first `after`."""
    late = FlowRunFilter(
        state=_WAITING,
        tags=FlowRunFilterTags(all_=[BY_A_SCHEDULE]),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=now),
    )
    in_pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
    sort = FlowRunSort.EXPECTED_START_TIME_DESC
    return await client.read_flow_runs(
        flow_run_filter=late, work_pool_filter=in_pool, sort=sort, limit=at_most, offset=after
    )


class NewestRuns:
    """Remembers the newest due run of each deployment, which supersedes all earlier ones, even after it has started."""

    def __init__(self) -> None:
        self._newest: dict[tuple[UUID | None, str], tuple[datetime, UUID]] = {}

    def superseded(self, late: Sequence[FlowRun]) -> set[UUID]:
        """Return the runs for which there is a newer one of the same deployment with the same parameters."""
        for run in late:
            self._newest[_work(run)] = max(_due(run), self._newest.get(_work(run), _due(run)))
        return {run.id for run in late if _due(run) < self._newest[_work(run)]}


def is_late(run: FlowRun, now: datetime) -> bool:
    """Return whether the run was scheduled and is due."""
    return BY_A_SCHEDULE in run.tags and _due(run)[0] < now


def _work(run: FlowRun) -> tuple[UUID | None, str]:
    return run.deployment_id, json.dumps(run.parameters, sort_keys=True, default=str)


def _due(run: FlowRun) -> tuple[datetime, UUID]:
    due = run.expected_start_time
    assert due is not None  # a schedule gave it one
    return due, run.id


async def skip(client: PrefectClient, runs: Sequence[UUID]) -> None:
    """Skip these runs, as far as they have not started."""
    for start in range(0, len(runs), AT_ONCE):
        await _skip(client, list(runs[start : start + AT_ONCE]))


async def _skip(client: PrefectClient, runs: list[UUID]) -> None:
    these = FlowRunFilter(id=FlowRunFilterId(any_=runs), state=_WAITING)  # another worker may have started one
    body: dict[str, Any] = {
        "flow_runs": these.model_dump(mode="json", exclude_none=True),
        "state": {"type": "CANCELLED", "name": SKIPPED, "message": REASON},
        "force": True,
        "limit": AT_ONCE,
    }
    # Prefect's client has no method for this route yet
    answer = await client.request("POST", "/flow_runs/bulk_set_state", json=body)  # type: ignore[arg-type]
    answer.raise_for_status()
