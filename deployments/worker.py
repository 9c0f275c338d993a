"""The Prefect worker of the type a2m, started by `a2m serve` or by `prefect worker start --type a2m`.

It claims a run, and shortly before the run is due forks its process from a server that has imported the flows already
(ADR 0041). It skips late runs before each poll, ends runs that somebody cancels, and recovers runs whose process was
killed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import anyio
import httpx
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.exceptions import InfrastructureNotAvailable, InfrastructureNotFound, ObjectNotFound
from prefect.states import Cancelled, Scheduled
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult
from pydantic import PrivateAttr

from connector.state.coordination.process import Process, has_ended
from deployments import pool
from deployments.late_runs import NEWEST, NewestRuns, is_late, late_runs, newest_late_runs, skip
from deployments.orphans import as_infrastructure, from_infrastructure, recover_orphans
from deployments.prefetch import Prefetch, Prefetched
from deployments.run_process import RunOrder, run
from deployments.warm_processes import Child, WarmProcesses, send_signal

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Flow as APIFlow
    from prefect.client.schemas.objects import WorkPool
    from prefect.client.schemas.responses import DeploymentResponse

FORKED_EARLY = 3.0
"""Seconds before a run is due. Its process is ready in time even if five runs begin at once on a busy machine."""
GRACE = 30.0
"""Seconds between SIGTERM and SIGKILL."""
CHECKED_EVERY = 0.2
CANCELLED_WITHIN = 2.0
ORPHANS_EVERY = 60.0
PREFECT_ANSWERS_WITHIN = 10.0
SKIPPED_AFTER = 10.0
"""Seconds."""
OUTDATED = "The connector was updated while this worker runs. Restart it (a2m serve): its runs may crash until then."


class WarmConfiguration(BaseJobConfiguration):
    """The configuration of a run's process: in addition to Prefect's, the flow's entrypoint and the pull steps."""

    _entrypoint: str = PrivateAttr("")
    _pull_steps: list[dict[str, Any]] = PrivateAttr(default_factory=list)

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        flow: APIFlow | None = None,
        work_pool: WorkPool | None = None,
        worker_name: str | None = None,
        worker_id: UUID | None = None,
    ) -> None:
        """Add the entrypoint and the pull steps of the deployment."""
        super().prepare_for_flow_run(flow_run, deployment, flow, work_pool, worker_name, worker_id)
        if deployment is not None:
            self._entrypoint = deployment.entrypoint or ""
            self._pull_steps = list(deployment.pull_steps or [])

    def run_order(self, flow_run: FlowRun, prefetched: Prefetched) -> RunOrder:
        """Return what the run's process receives."""
        env = {name: value for name, value in self.env.items() if value is not None}
        return RunOrder(
            flow_run=flow_run.model_dump_json(),
            entrypoint=self._entrypoint,
            due=_due(flow_run).timestamp(),
            env=env,
            pull_steps=self._pull_steps,
            prefetched=prefetched,
        )


class WarmResult(BaseWorkerResult):
    """How a run's process ended."""


class WarmWorker(BaseWorker[WarmConfiguration, BaseVariables, WarmResult]):
    """Runs flows in processes that are forked shortly before they are due."""

    type = pool.TYPE
    job_configuration = WarmConfiguration
    job_configuration_variables = BaseVariables
    _description = "Runs the flows of the Acumatica → Magento connector in processes that have imported them already."
    _display_name = "Acumatica to Magento"

    def __init__(self, *args: Any, processes: WarmProcesses | None = None, **kwargs: Any) -> None:
        """Take the arguments of every Prefect worker, and what starts the processes; that is closed at the end."""
        super().__init__(*args, **kwargs)
        self.processes = processes or WarmProcesses()
        self._prefetch = Prefetch()
        self._children: dict[UUID, Child] = {}
        self._ending: set[UUID] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._late: list[FlowRun] = []
        self._newest = NewestRuns()
        self._skipping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the fork server and the background tasks."""
        try:
            await asyncio.to_thread(self.processes.warm_up)  # in a thread, so that signals are handled meanwhile
            await super().__aenter__()
        except BaseException:
            self.processes.close()
            raise
        self._in_background(self._end_cancelled_runs())
        self._in_background(self._recover_orphans())
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        """End everything that the worker started."""
        for task in self._background:
            task.cancel()
        try:
            await super().__aexit__(*exc_info)
        finally:
            self.processes.close()

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Poll for runs, without late runs that are superseded; these are skipped in the background.

        Errors of the server are only logged, because Prefect's own loop gives up after some failed polls.
        """
        try:
            now = datetime.now(UTC)
            self._late = await newest_late_runs(self.client, self._work_pool_name, now, at_most=NEWEST)
            superseded = self._newest.superseded(self._late)
            if superseded and not self._is_skipping():
                self._skipping = self._in_background(self._skip_late_runs())
            if self._is_skipping():  # a poll returns the oldest runs, after a long outage none of the newest
                await self._begin([run for run in self._late if run.id not in superseded])
            return await super().get_and_submit_flow_runs()
        except httpx.HTTPError as error:
            self._logger.warning("Prefect could not be asked for runs: %r", error)
            return []

    async def _get_scheduled_flow_runs(self) -> list[WorkerFlowRunResponse]:
        """Return the runs to claim. While late runs are skipped, these are only runs that people started.

        Otherwise each response would hold 200 late runs, and Prefect's server is busy skipping them.
        """
        if self._is_skipping():
            return await self._started_by_hand()
        responses, now = await super()._get_scheduled_flow_runs(), datetime.now(UTC)
        late = [response.flow_run for response in responses if is_late(response.flow_run, now)]
        excluded = {*self._newest.superseded([*self._late, *late]), *self._children}
        return [response for response in responses if response.flow_run.id not in excluded]

    async def _started_by_hand(self) -> list[WorkerFlowRunResponse]:
        if self._work_queues and pool.BY_HAND not in self._work_queues:
            return []
        soon = datetime.now(UTC) + timedelta(seconds=self._prefetch_seconds)
        return await self.client.get_scheduled_flow_runs_for_work_pool(
            work_pool_name=self._work_pool_name, work_queue_names=[pool.BY_HAND], scheduled_before=soon
        )

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Do nothing: nobody reads these labels.

        On SQLite, Prefect's server refuses this write while several runs begin ("database is locked"), and its client
        then waits for two seconds and more before the run may begin.
        """

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Do nothing: the run is Pending already, and this request would only rename that state."""

    def _is_skipping(self) -> bool:
        return self._skipping is not None and not self._skipping.done()

    async def _skip_late_runs(self) -> None:
        """Skip all superseded late runs, which takes minutes after a long outage.

        Other runs begin meanwhile. Skipping starts later, so that Prefect's server first serves these.
        """
        await anyio.sleep(SKIPPED_AFTER)
        try:
            late = await late_runs(self.client, self._work_pool_name, datetime.now(UTC))
            superseded = self._newest.superseded(late)
            await self._begin([run for run in late if run.id not in superseded])
            await skip(self.client, [run.id for run in late if run.id in superseded])
        except httpx.HTTPError as error:
            self._logger.warning("Late runs could not be skipped: %r", error)
            return
        if superseded:
            self._logger.warning(
                "Skipped %d late runs: newer ones of the same deployments do their work.", len(superseded)
            )

    async def _begin(self, runs: list[FlowRun]) -> None:
        """Begin these runs, except those that have begun since Prefect's response, which may be several seconds old."""
        if self._work_pool is None or self._work_pool.is_paused:
            return
        pool = self._work_pool.id
        await self._submit_scheduled_flow_runs(
            [
                WorkerFlowRunResponse(work_pool_id=pool, work_queue_id=run.work_queue_id or pool, flow_run=run)
                for run in runs
                if run.id not in self._children
            ]
        )

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Begin the run. If the worker is stopped before its process exists, schedule it for the next worker."""
        try:
            await super()._submit_run(flow_run)
        except asyncio.CancelledError:
            if flow_run.id not in self._children:
                waits: State[None] = Scheduled(scheduled_time=_due(flow_run))
                await self._set_at_the_end(flow_run.id, waits)
            raise

    async def run(
        self,
        flow_run: FlowRun,
        configuration: WarmConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> WarmResult:
        """Wait until shortly before the run is due, start its process, and wait for its end."""
        await anyio.sleep(max(0.0, _due(flow_run).timestamp() - FORKED_EARLY - time.time()))
        order = configuration.run_order(flow_run, await self._prefetch.read(self.client))
        child = self._children[flow_run.id] = self.processes.start(run, order)
        if self.processes.is_outdated:
            self.get_flow_run_logger(flow_run).warning(OUTDATED)
        identifier = as_infrastructure(child.process)
        if task_status is not None:
            task_status.started(identifier)
        try:
            while not child.has_ended():  # noqa: ASYNC110 - another process sets no event
                await anyio.sleep(CHECKED_EVERY)
            return WarmResult(identifier=identifier, status_code=await self._status_code(flow_run.id, child))
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await self._end(flow_run.id, child)
                await self._set_at_the_end(flow_run.id, Cancelled(message="What runs it was stopped."))
            raise
        finally:
            del self._children[flow_run.id]
            self._ending.discard(flow_run.id)

    async def kill_infrastructure(
        self, infrastructure_pid: str, configuration: WarmConfiguration, grace_seconds: int = int(GRACE)
    ) -> None:
        """End the process of a run that was cancelled before it began."""
        process = from_infrastructure(infrastructure_pid)
        if process is None or (is_over := has_ended(process)) is None:
            raise InfrastructureNotAvailable(f"The process {infrastructure_pid} cannot be seen from here.")
        if is_over:
            raise InfrastructureNotFound(f"The process {infrastructure_pid} has ended.")
        for run_id, child in self._children.items():
            if child.process == process:
                self._ending.add(run_id)
        await _end_process(process, float(grace_seconds))

    async def _status_code(self, run_id: UUID, child: Child) -> int:
        """Return 0, unless the run crashed: its process died without a final state."""
        code = child.exit_code()
        if code == 0:
            return 0
        try:
            state = (await self.client.read_flow_run(run_id)).state
        except ObjectNotFound:  # somebody deleted it
            return 0
        if state is not None and state.is_final():
            return 0
        if run_id in self._ending:
            await self._set_at_the_end(run_id, Cancelled(message="It was cancelled, and its process was ended."))
            return 0
        return code or 1

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _end(self, run_id: UUID, child: Child) -> None:
        self._ending.add(run_id)
        await _end_process(child.process, GRACE)

    async def _set_at_the_end(self, run_id: UUID, state: State[None]) -> None:
        """Set this state of a run, unless it has a final one.

        If Prefect's server does not answer in time, give up: the next worker recovers the run.
        """
        with anyio.move_on_after(PREFECT_ANSWERS_WITHIN, shield=True) as asking:
            try:
                known = (await self.client.read_flow_run(run_id)).state
                if known is not None and known.type is StateType.CANCELLING:
                    state = Cancelled(message="It was cancelled.")
                if known is None or not known.is_final():
                    await self.client.set_flow_run_state(run_id, state, force=True)
            except (httpx.HTTPError, ObjectNotFound) as error:
                self._logger.warning("The state of the run %s could not be set to %s: %r", run_id, state.name, error)
        if asking.cancelled_caught:
            self._logger.warning("The state of the run %s was not set to %s: no answer.", run_id, state.name)

    async def _end_cancelled_runs(self) -> None:
        """End the processes of runs that somebody cancels. Prefect's own worker only cancels runs that never began."""
        while True:
            await asyncio.sleep(CANCELLED_WITHIN)
            working = [run_id for run_id in self._children if run_id not in self._ending]
            if not working:
                continue
            cancelling = FlowRunFilter(
                id=FlowRunFilterId(any_=working),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
            )
            try:
                found = await self.client.read_flow_runs(flow_run_filter=cancelling)
            except httpx.HTTPError as error:
                self._logger.warning("Prefect could not be asked for runs to cancel: %r", error)
                continue
            for cancelled in found:
                if (child := self._children.get(cancelled.id)) is not None:
                    self._in_background(self._end(cancelled.id, child))

    async def _recover_orphans(self) -> None:
        while True:
            try:
                await pool.make_queue(self.client, self._work_pool_name)
                now, ours = datetime.now(UTC), {*self._children, *self._submitting_flow_run_ids}
                for orphan in await recover_orphans(self.client, self._work_pool_name, ours, now):
                    self._logger.warning("The run %s had lost its process: it continues.", orphan.name)
            except (httpx.HTTPError, ObjectNotFound) as error:
                self._logger.warning("Prefect could not be asked for runs that nobody works on: %r", error)
            await asyncio.sleep(ORPHANS_EVERY)


def _due(flow_run: FlowRun) -> datetime:
    return flow_run.next_scheduled_start_time or flow_run.expected_start_time or datetime.now(UTC)


async def _end_process(process: Process, grace: float) -> None:
    """End a process by SIGTERM, and by SIGKILL after `grace` seconds."""
    send_signal(process, signal.SIGTERM)
    ends_at = time.monotonic() + grace
    while has_ended(process) is False and time.monotonic() < ends_at:  # noqa: ASYNC110 - another process sets no event
        await anyio.sleep(CHECKED_EVERY)
    if has_ended(process) is False:
        send_signal(process, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
