"""The deployment Housekeeping: delete old finished data in the state database and in Prefect, and end dead runs.

The section Housekeeping of the settings says what is old. In Prefect, only finished runs of our own deployments are
deleted; Prefect's server deletes its events itself (ADR 0013).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, State
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Completed, Failed

from app.effective_settings import effective_settings
from connector.clock import Clock, SystemClock
from connector.state.coordination import lease
from connector.state.engine import State as StateDatabase
from connector.state.faults import StateError
from connector.state.operator import retention
from flows.dead_runs import end_dead_runs
from settings import SettingsError

OUR_TAG = "a2m"
PAGE = 50
"""How many runs one request may delete; Prefect's limit."""
MOST_RUNS = 50_000
"""How many runs are deleted at once, so that the first time ends too: seven times the runs of a day."""


@dataclass(frozen=True)
class Deleted:
    """How much was deleted, and how many dead runs were `ended`. `runs`: None if no Prefect server is configured."""

    messages: int
    leftovers: int
    runs: int | None = None
    ended: int = 0

    def summary(self) -> str:
        """Return a sentence for people to read."""
        messages = f"{self.messages:,} message{'' if self.messages == 1 else 's'} in the log of requests"
        if self.runs is None:
            return f"{messages} deleted; no Prefect server is configured (PREFECT_API_URL), so no runs."
        runs = f"{self.runs:,} finished run{'' if self.runs == 1 else 's'} in Prefect"
        rest = "; there are more for the next time" if self.runs >= MOST_RUNS else ""
        dead = f" {self.ended:,} run{'' if self.ended == 1 else 's'} whose machine died ended." if self.ended else ""
        return f"{messages} and {runs} deleted{rest}.{dead}"


@flow(name="Housekeeping", persist_result=False)
async def housekeeping() -> State[Any]:
    """Delete requests that were settled long ago, and old finished runs of these deployments with their logs
    and tables. Nothing that waits, failed or was skipped, and nothing that records what Magento has. End runs that stay
    Pending or Running although their machine died.
    """
    try:
        return Completed(message=(await clean()).summary())
    except (SettingsError, StateError) as error:
        return Failed(message=str(error))
    except PrefectHTTPStatusError as error:
        return Failed(message=f"Prefect refuses to delete runs: {error}")


async def clean(*, with_prefect: bool = True, clock: Clock | None = None) -> Deleted:
    """Delete what is old by the settings. Raises `SettingsError`, `StateError`, and errors of Prefect's client."""
    clock = clock or SystemClock()
    with effective_settings() as now:
        kept_for = now.settings.housekeeping
        began = clock.now()
        deleted = await clean_state(now.state, clock, began - timedelta(days=kept_for.messages))
        with now.state.read() as connection:
            working = lease.runs_at_work(connection, began)
    if not with_prefect:
        return deleted
    async with get_client() as client:
        ended = await end_dead_runs(client, await _our_deployments(client), working, began)
        runs = await forget_runs(client, clock, began - timedelta(days=kept_for.runs))
    return Deleted(deleted.messages, deleted.leftovers, runs, ended)


async def clean_state(state: StateDatabase, clock: Clock, before: datetime) -> Deleted:
    """Delete in the state database what was finished before an instant. Raises `StateError`."""
    messages = await retention.forget_messages(state, clock, before)
    return Deleted(messages, await asyncio.to_thread(retention.forget_leftovers, state, clock.now()))


async def forget_runs(client: PrefectClient, clock: Clock, before: datetime) -> int:
    """Delete runs of our deployments that ended before an instant, with their artifacts, and return their number.

    Prefect deletes the logs of deleted runs.
    """
    deleted, ours = 0, await _our_deployments(client)
    old = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=ours),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=sorted(TERMINAL_STATES))),
        end_time=FlowRunFilterEndTime(before_=before),
    )
    while ours and deleted < MOST_RUNS:
        page = [run.id for run in await client.read_flow_runs(flow_run_filter=old, limit=PAGE)]
        number = await _delete(client, old, page) if page else 0
        if not number:
            break
        deleted += number
        await clock.sleep(retention.PAUSE)
    return deleted


async def _our_deployments(client: PrefectClient) -> list[UUID]:
    """Return the deployments with our tag and an entrypoint of ours. Deployments of others may have one of both."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[OUR_TAG]))
    found = await client.read_deployments(deployment_filter=tagged)
    return [deployment.id for deployment in found if (deployment.entrypoint or "").startswith("flows.")]


async def _delete(client: PrefectClient, old: FlowRunFilter, page: list[UUID]) -> int:
    """Delete these runs if `old` still matches them. First delete their artifacts, which would outlive them."""
    of_them = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=page))
    while artifacts := await client.read_artifacts(artifact_filter=of_them):
        for artifact in artifacts:
            try:
                await client.delete_artifact(artifact.id)
            except ObjectNotFound:
                continue  # deleted by somebody else
    these = old.model_copy(update={"id": FlowRunFilterId(any_=page)})
    body = {"flow_runs": these.model_dump(mode="json", exclude_none=True), "limit": PAGE}
    # Prefect's client has no method for this route yet
    answer = await client.request("POST", "/flow_runs/bulk_delete", json=body)  # type: ignore[arg-type]
    return len(answer.json()["deleted"])
