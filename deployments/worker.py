"""The worker of the type a2m, which `a2m serve` is, and `prefect worker start --type a2m` too.

It holds a run until it is due and forks its process from a server that has imported the flows already. Before each poll
it skips late runs; it ends what somebody cancels, and gives runs whose process was killed a state in which they go on.
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
from deployments.asked_ahead import Answers, AskedAhead
from deployments.late_runs import NEWEST, NewestRuns, is_late, late_runs, newest_late_runs, skip
from deployments.orphans import as_infrastructure, end_orphans, from_infrastructure
from deployments.run_process import RunOrder, run
from deployments.warm_processes import Child, WarmProcesses, tell

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Flow as APIFlow
    from prefect.client.schemas.objects import WorkPool
    from prefect.client.schemas.responses import DeploymentResponse

FORKED_EARLY = 3.0
"""Seconds before a run is due: its process is ready by then, and waits, also where five begin on a busy machine."""
GRACE = 30.0
"""Seconds between SIGTERM and SIGKILL."""
LOOKED_AT_EVERY = 0.2
CANCELLED_WITHIN = 2.0
ORPHANS_EVERY = 60.0
PREFECT_ANSWERS_WITHIN = 10.0
SKIPPED_AFTER = 10.0
"""Seconds."""
OUTDATED = "The connector was updated while this worker runs. Restart it (a2m serve): its runs may crash until then."


class WarmConfiguration(BaseJobConfiguration):
    """What a run's process needs to know, beside its environment: where the flow is, and what is done before it."""

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
        """Take over what the deployment says."""
        super().prepare_for_flow_run(flow_run, deployment, flow, work_pool, worker_name, worker_id)
        if deployment is not None:
            self._entrypoint = deployment.entrypoint or ""
            self._pull_steps = list(deployment.pull_steps or [])

    def run_order(self, flow_run: FlowRun, ahead: Answers) -> RunOrder:
        """Return what the run's process gets."""
        env = {name: value for name, value in self.env.items() if value is not None}
        return RunOrder(
            flow_run=flow_run.model_dump_json(),
            entrypoint=self._entrypoint,
            due=_due(flow_run).timestamp(),
            env=env,
            pull_steps=self._pull_steps,
            ahead=ahead,
        )


class WarmResult(BaseWorkerResult):
    """How a run's process ended."""


class WarmWorker(BaseWorker[WarmConfiguration, BaseVariables, WarmResult]):
    """Runs flows in processes that are forked when they are due."""

    type = pool.TYPE
    job_configuration = WarmConfiguration
    job_configuration_variables = BaseVariables
    _description = "Runs the flows of the Acumatica → Magento connector in processes that have imported them already."
    _display_name = "Acumatica to Magento"

    def __init__(self, *given: Any, processes: WarmProcesses | None = None, **named: Any) -> None:
        """Take what every worker of Prefect takes, and the processes for runs, which it ends at its own end."""
        super().__init__(*given, **named)
        self.processes = processes or WarmProcesses()
        self._asked = AskedAhead()
        self._children: dict[UUID, Child] = {}
        self._told_to_end: set[UUID] = set()
        self._watching: set[asyncio.Task[None]] = set()
        self._late: list[FlowRun] = []
        self._newest = NewestRuns()
        self._skipping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Have the fork server and the queue, and watch."""
        try:
            await asyncio.to_thread(self.processes.warm_up)  # so that a signal is heard meanwhile
            await super().__aenter__()
        except BaseException:
            self.processes.close()
            raise
        self._beside(self._cancel_what_is_cancelling())
        self._beside(self._find_orphans())
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        """End everything that it started."""
        for one in self._watching:
            one.cancel()
        try:
            await super().__aexit__(*exc_info)
        finally:
            self.processes.close()

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Poll; late runs that a newer one makes needless are left out, and skipped meanwhile. A server that is away is
        waited for: Prefect's own loop gives up after some failed polls.
        """
        try:
            now = datetime.now(UTC)
            self._late = await newest_late_runs(self.client, self._work_pool_name, now, at_most=NEWEST)
            needless = self._newest.superseded(self._late)
            if needless and not self._is_skipping():
                self._skipping = self._beside(self._skip_late_runs())
            if self._is_skipping():  # a poll shows the oldest, and after a long outage none of the newest
                await self._begin([one for one in self._late if one.id not in needless])
            return await super().get_and_submit_flow_runs()
        except httpx.HTTPError as error:
            self._logger.warning("Prefect could not be asked for runs: %r", error)
            return []

    async def _get_scheduled_flow_runs(self) -> list[WorkerFlowRunResponse]:
        """While late runs are skipped, only what is started by hand is asked for: each answer would hold 200 late ones,
        and Prefect's server has enough to do.
        """
        if self._is_skipping():
            return await self._started_by_hand()
        found, now = await super()._get_scheduled_flow_runs(), datetime.now(UTC)
        late = [one.flow_run for one in found if is_late(one.flow_run, now)]
        left_out = {*self._newest.superseded([*self._late, *late]), *self._children}
        return [one for one in found if one.flow_run.id not in left_out]

    async def _started_by_hand(self) -> list[WorkerFlowRunResponse]:
        if self._work_queues and pool.BY_HAND not in self._work_queues:
            return []
        soon = datetime.now(UTC) + timedelta(seconds=self._prefetch_seconds)
        return await self.client.get_scheduled_flow_runs_for_work_pool(
            work_pool_name=self._work_pool_name, work_queue_names=[pool.BY_HAND], scheduled_before=soon
        )

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Leave them out: nobody reads them. Prefect's server refuses this write where several runs begin at once on
        SQLite ("database is locked"), and its client then waits for two seconds and more before the run may begin.
        """

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Leave it out as well: the run is Pending already, and Prefect's server takes as long for a name of that state
        as for any other one.
        """

    def _is_skipping(self) -> bool:
        return self._skipping is not None and not self._skipping.done()

    async def _skip_late_runs(self) -> None:
        """All of them, which takes minutes after a long outage; runs begin meanwhile, and the first ones have Prefect's
        server for themselves.
        """
        await anyio.sleep(SKIPPED_AFTER)
        try:
            late = await late_runs(self.client, self._work_pool_name, datetime.now(UTC))
            needless = self._newest.superseded(late)
            await self._begin([one for one in late if one.id not in needless])
            await skip(self.client, [one.id for one in late if one.id in needless])
        except httpx.HTTPError as error:
            self._logger.warning("Late runs could not be skipped: %r", error)
            return
        if needless:
            self._logger.warning(
                "Skipped %d late runs: newer ones of the same deployments do their work.", len(needless)
            )

    async def _begin(self, runs: list[FlowRun]) -> None:
        """Begin what has not begun since Prefect was asked: the answer may be several seconds old."""
        if self._work_pool is None or self._work_pool.is_paused:
            return
        pool = self._work_pool.id
        await self._submit_scheduled_flow_runs(
            [
                WorkerFlowRunResponse(work_pool_id=pool, work_queue_id=one.work_queue_id or pool, flow_run=one)
                for one in runs
                if one.id not in self._children
            ]
        )

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Begin the run; one whose process is not there yet when the worker is stopped is scheduled again, for the next
        worker.
        """
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
        """Hold the run until it is due, fork its process, and wait for its end."""
        await anyio.sleep(max(0.0, _due(flow_run).timestamp() - FORKED_EARLY - time.time()))
        order = configuration.run_order(flow_run, await self._asked.answers(self.client))
        child = self._children[flow_run.id] = self.processes.start(run, order)
        if self.processes.is_outdated:
            self.get_flow_run_logger(flow_run).warning(OUTDATED)
        identifier = as_infrastructure(child.process)
        if task_status is not None:
            task_status.started(identifier)
        try:
            while not child.has_ended():  # noqa: ASYNC110 - another process sets no event
                await anyio.sleep(LOOKED_AT_EVERY)
            return WarmResult(identifier=identifier, status_code=await self._status_code(flow_run.id, child))
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await self._end(flow_run.id, child)
                await self._set_at_the_end(flow_run.id, Cancelled(message="What runs it was stopped."))
            raise
        finally:
            del self._children[flow_run.id]
            self._told_to_end.discard(flow_run.id)

    async def kill_infrastructure(
        self, infrastructure_pid: str, configuration: WarmConfiguration, grace_seconds: int = int(GRACE)
    ) -> None:
        """End the process of a run that has not begun."""
        process = from_infrastructure(infrastructure_pid)
        if process is None or (gone := has_ended(process)) is None:
            raise InfrastructureNotAvailable(f"The process {infrastructure_pid} cannot be seen from here.")
        if gone:
            raise InfrastructureNotFound(f"The process {infrastructure_pid} has ended.")
        for run_id, child in self._children.items():
            if child.process == process:
                self._told_to_end.add(run_id)
        await _end_process(process, float(grace_seconds))

    async def _status_code(self, run_id: UUID, child: Child) -> int:
        """0 unless the run crashed: its process died and left no final state."""
        code = child.exit_code()
        if code == 0:
            return 0
        try:
            state = (await self.client.read_flow_run(run_id)).state
        except ObjectNotFound:  # somebody deleted it
            return 0
        if state is not None and state.is_final():
            return 0
        if run_id in self._told_to_end:
            await self._set_at_the_end(run_id, Cancelled(message="It was cancelled, and its process was ended."))
            return 0
        return code or 1

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return task

    async def _end(self, run_id: UUID, child: Child) -> None:
        self._told_to_end.add(run_id)
        await _end_process(child.process, GRACE)

    async def _set_at_the_end(self, run_id: UUID, state: State[None]) -> None:
        """Give a run that has no final state this one. A Prefect server that does not answer is not waited for: the
        next worker finds the run.
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

    async def _cancel_what_is_cancelling(self) -> None:
        """Prefect's own worker cancels only runs that never began."""
        while True:
            await asyncio.sleep(CANCELLED_WITHIN)
            mine = [run_id for run_id in self._children if run_id not in self._told_to_end]
            if not mine:
                continue
            cancelling = FlowRunFilter(
                id=FlowRunFilterId(any_=mine),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
            )
            try:
                found = await self.client.read_flow_runs(flow_run_filter=cancelling)
            except httpx.HTTPError as error:
                self._logger.warning("Prefect could not be asked for runs to cancel: %r", error)
                continue
            for one in found:
                if (child := self._children.get(one.id)) is not None:
                    self._beside(self._end(one.id, child))

    async def _find_orphans(self) -> None:
        while True:
            try:
                await pool.make_queue(self.client, self._work_pool_name)
                now, ours = datetime.now(UTC), {*self._children, *self._submitting_flow_run_ids}
                for one in await end_orphans(self.client, self._work_pool_name, ours, now):
                    self._logger.warning("The run %s had lost its process: it continues.", one.name)
            except (httpx.HTTPError, ObjectNotFound) as error:
                self._logger.warning("Prefect could not be asked for runs that nobody works on: %r", error)
            await asyncio.sleep(ORPHANS_EVERY)


def _due(flow_run: FlowRun) -> datetime:
    return flow_run.next_scheduled_start_time or flow_run.expected_start_time or datetime.now(UTC)


async def _end_process(process: Process, grace: float) -> None:
    """SIGTERM, and after a while SIGKILL."""
    tell(process, signal.SIGTERM)
    ends_at = time.monotonic() + grace
    while has_ended(process) is False and time.monotonic() < ends_at:  # noqa: ASYNC110 - another process sets no event
        await anyio.sleep(LOOKED_AT_EVERY)
    if has_ended(process) is False:
        tell(process, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
