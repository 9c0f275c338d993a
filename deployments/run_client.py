"""The client with which a run's process speaks to Prefect: it asks for nothing that the process knows.

Prefect's engine first writes the flow's version and its retries into the run, and reads the run again once it is
Running. With five runs at once, which one server answers in turn, that is half of what they wait for before they begin.
The worker has read the run already, no flow of ours is retried by the engine, and the version is that of the connector.
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
        """Take the run as the worker has read it."""
        super().__init__(
            PREFECT_API_URL.value() or "",
            auth_string=PREFECT_API_AUTH_STRING.value(),
            api_key=PREFECT_API_KEY.value(),
        )
        self.for_the_engine = run.model_copy(update={"deployment_id": None})
        """Prefect's engine watches by a thread and a websocket of each deployment's run whether it is suspended: ours
        never are. It changes the state of this object as it sets states.
        """
        self._of = {"deployment_id": run.deployment_id}

    async def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """Return this process's run as it is known here; any other is asked for."""
        if flow_run_id != self.for_the_engine.id:
            return await super().read_flow_run(flow_run_id)
        return self.for_the_engine.model_copy(update=self._of)

    async def update_flow_run(self, flow_run_id: UUID, *given: Any, **changes: Any) -> Any:
        """Change the run, unless it is only said that it has no retries, which it has not anyway."""
        policy = changes.get("empirical_policy")
        if set(changes) == {"flow_version", "empirical_policy"} and _has_no_retries(policy):
            return None
        return await super().update_flow_run(flow_run_id, *given, **changes)

    async def set_flow_run_state(
        self, flow_run_id: UUID | str, state: State[Any], force: bool = False
    ) -> OrchestrationResult[Any]:
        """Set the state; of this process's run it is known then how often it has run."""
        result = await super().set_flow_run_state(flow_run_id, state, force=force)
        is_ours = flow_run_id == self.for_the_engine.id
        if is_ours and result.status is SetStateStatus.ACCEPT and state.type is StateType.RUNNING:
            self.for_the_engine.run_count += 1
        return result


def _has_no_retries(policy: FlowRunPolicy | None) -> bool:
    return policy is not None and not policy.retries


@contextmanager
def in_a_run(*, csrf: bool) -> Iterator[None]:
    """Prefect's settings in a run: its engine sends no heartbeats, and a client asks for tokens only where the server
    has them.
    """
    asks = csrf and get_current_settings().client.csrf_support_enabled
    with settings_with(flows={"heartbeat_frequency": None}, client={"csrf_support_enabled": asks}):
        yield


@asynccontextmanager
async def client_of(run: FlowRun) -> AsyncIterator[RunClient]:
    """Let Prefect's engine, and what asks for a client within the run, use one client that knows the run."""
    client = RunClient(run)
    async with AsyncClientContext.model_construct(client=client):
        yield client
