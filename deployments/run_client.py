"""The Prefect client of a run's process. It makes no request for what the process knows (ADR 0065).

Prefect's engine first writes the flow's version and retries into the run, and reads the run again once it is Running.
When five runs begin at once, that is half of their waiting time. It is not needed: the worker has read the run already,
no flow of ours is retried by the engine, and the version is that of the connector.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, FlowRunPolicy, State, StateType
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.context import AsyncClientContext
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY, PREFECT_API_URL, get_current_settings

from deployments.prefect_settings import settings_with


class RunClient(PrefectClient):
    """Prefect's client in the process of one run."""

    def __init__(self, run: FlowRun) -> None:
        """Create the client for a run as the worker has read it."""
        super().__init__(
            PREFECT_API_URL.value() or "",
            auth_string=PREFECT_API_AUTH_STRING.value(),
            api_key=PREFECT_API_KEY.value(),
        )
        self.for_the_engine = run.model_copy(update={"deployment_id": None})
        """The run without its deployment. For a deployment's run, Prefect's engine starts a thread and a websocket that
        watch for suspension, and ours are never suspended. The engine updates the state of this object.
        """
        self._deployment = {"deployment_id": run.deployment_id}

    async def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """Return this process's run without a request; request any other run."""
        if flow_run_id != self.for_the_engine.id:
            return await super().read_flow_run(flow_run_id)
        return self.for_the_engine.model_copy(update=self._deployment)

    async def update_flow_run(self, flow_run_id: UUID, *args: Any, **changes: Any) -> Any:
        """Update the run, unless the update only writes the flow's version and that it has no retries."""
        policy = changes.get("empirical_policy")
        if set(changes) == {"flow_version", "empirical_policy"} and _has_no_retries(policy):
            return None
        return await super().update_flow_run(flow_run_id, *args, **changes)

    async def set_flow_run_state(
        self, flow_run_id: UUID | str, state: State[Any], force: bool = False
    ) -> OrchestrationResult[Any]:
        """Set the state of a run. For this process's run, count how often it was Running."""
        result = await super().set_flow_run_state(flow_run_id, state, force=force)
        is_ours = flow_run_id == self.for_the_engine.id
        if is_ours and result.status is SetStateStatus.ACCEPT and state.type is StateType.RUNNING:
            self.for_the_engine.run_count += 1
        return result


def _has_no_retries(policy: FlowRunPolicy | None) -> bool:
    return policy is not None and not policy.retries


@contextmanager
def in_a_run(*, csrf: bool) -> Iterator[None]:
    """Apply Prefect's settings for a run: no heartbeats of the engine, and CSRF tokens only if the server has them."""
    uses_csrf = csrf and get_current_settings().client.csrf_support_enabled
    with settings_with(flows={"heartbeat_frequency": None}, client={"csrf_support_enabled": uses_csrf}):
        yield


@asynccontextmanager
async def client_of(run: FlowRun) -> AsyncIterator[RunClient]:
    """Yield a `RunClient` that Prefect's engine and everything else in the run uses as its client."""
    client = RunClient(run)
    async with AsyncClientContext.model_construct(client=client):
        yield client
