"""`a2m serve` was away for hours: each deployment runs once, and hundreds of late runs are skipped beside the work.

Without a server.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.states import Scheduled

from deployments import pool
from deployments import worker as worker_module
from deployments.late_runs import BY_A_SCHEDULE, NEWEST, PAGE
from deployments.serve import make_worker
from deployments.warm_processes import WarmProcesses

DEPLOYMENTS = [UUID(int=number) for number in range(1, 6)]
HOURS = 8


class Prefect:
    """The runs that wait, as Prefect's server answers about them; skipping one part takes a turn of the loop."""

    def __init__(self) -> None:
        self.waiting: dict[UUID, FlowRun] = {}
        self.skipped: set[UUID] = set()
        self.by_hand: list[UUID] = []

    def make(self, deployment: UUID, due: datetime, *, by_hand: bool = False) -> UUID:
        """Let a run wait."""
        made = FlowRun(
            id=uuid4(),
            flow_id=UUID(int=9),
            deployment_id=deployment,
            expected_start_time=due,
            state=Scheduled(scheduled_time=due),
            tags=[] if by_hand else [BY_A_SCHEDULE],
        )
        self.waiting[made.id] = made
        if by_hand:
            self.by_hand.append(made.id)
        return made.id

    async def read_flow_runs(self, *, limit: int, offset: int, **_filters: object) -> list[FlowRun]:
        """The newest first, as the worker asks for late ones."""
        late = [one for one in self.waiting.values() if one.tags]
        return sorted(late, key=lambda one: one.expected_start_time, reverse=True)[offset : offset + limit]

    async def get_scheduled_flow_runs_for_work_pool(
        self, *, work_queue_names: list[str], **_named: object
    ) -> list[WorkerFlowRunResponse]:
        """What somebody started goes first, then the oldest; a page at most."""
        found = [self.waiting[one] for one in self.by_hand if one in self.waiting]
        if work_queue_names != [pool.BY_HAND]:
            late = [one for one in self.waiting.values() if one.tags]
            found += sorted(late, key=lambda one: one.expected_start_time)
        return [
            WorkerFlowRunResponse(work_pool_id=uuid4(), work_queue_id=uuid4(), flow_run=one) for one in found[:PAGE]
        ]

    async def request(self, _method: str, _path: str, *, json: dict) -> SimpleNamespace:
        """Skip some."""
        await asyncio.sleep(0)
        for one in json["flow_runs"]["id"]["any_"]:
            self.skipped.add(UUID(one))
            del self.waiting[UUID(one)]
        return SimpleNamespace(raise_for_status=lambda: None)


@pytest.fixture
def prefect():
    """A server with runs of every minute of eight hours."""
    made = Prefect()
    for minute in range(HOURS * 60, 0, -1):
        for deployment in DEPLOYMENTS:
            made.make(deployment, datetime.now(UTC) - timedelta(minutes=minute))
    return made


async def test_each_deployment_runs_once(prefect, monkeypatch):
    """Five of 2,400 runs begin, the newest of each deployment, and the others are skipped. Meanwhile what becomes due
    and what is started by hand begins with the next poll.
    """
    worker, begun = make_worker(WarmProcesses()), []

    async def begin(flow_run_response):
        for one in flow_run_response:
            begun.append(one.flow_run.id)
            prefect.waiting.pop(one.flow_run.id)

    worker._client = prefect
    worker._work_pool = SimpleNamespace(id=uuid4(), is_paused=False)
    worker._has_successfully_synced = True
    monkeypatch.setattr(worker, "_submit_scheduled_flow_runs", begin)
    monkeypatch.setattr(worker_module, "SKIPPED_AFTER", 0)
    newest = sorted(prefect.waiting, key=lambda one: prefect.waiting[one].expected_start_time)[-5:]
    older = set(prefect.waiting) - set(newest)

    await worker.get_and_submit_flow_runs()
    assert set(begun) == set(newest)
    await asyncio.sleep(0.01)
    assert 0 < len(prefect.skipped) < len(older), "they are still being skipped"
    due = [prefect.make(one, datetime.now(UTC)) for one in DEPLOYMENTS]
    click = prefect.make(UUID(int=7), datetime.now(UTC), by_hand=True)
    await worker.get_and_submit_flow_runs()
    assert set(begun) == {*newest, *due, click}
    await worker._skipping
    await worker.get_and_submit_flow_runs()
    assert (set(begun), len(begun)) == ({*newest, *due, click}, 11)
    assert prefect.skipped == older
    assert prefect.waiting == {}


async def test_the_first_runs_have_prefects_server_for_themselves(prefect, monkeypatch):
    """Nothing is skipped while they begin, nor is a long list of late runs read: only the newest ones."""
    worker, begun, asked = make_worker(WarmProcesses()), [], []
    read = prefect.read_flow_runs

    async def begin(flow_run_response):
        begun.extend(one.flow_run.id for one in flow_run_response)

    async def read_flow_runs(*, limit: int, **named):
        asked.append(limit)
        return await read(limit=limit, **named)

    worker._client = prefect
    worker._work_pool = SimpleNamespace(id=uuid4(), is_paused=False)
    worker._has_successfully_synced = True
    monkeypatch.setattr(worker, "_submit_scheduled_flow_runs", begin)
    monkeypatch.setattr(prefect, "read_flow_runs", read_flow_runs)
    await worker.get_and_submit_flow_runs()
    for _turn in range(100):
        await asyncio.sleep(0)
    assert (len(begun), prefect.skipped, asked) == (5, set(), [NEWEST])
    worker._skipping.cancel()


async def test_what_runs_already_is_not_begun_again(prefect, monkeypatch):
    """Prefect's answer about hundreds of late runs is seconds old when it is there: a run that began meanwhile waits in
    it still. To begin it twice would end the skipping with an error.
    """
    worker, begun = make_worker(WarmProcesses()), []

    async def begin(flow_run_response):
        begun.extend(one.flow_run.id for one in flow_run_response)

    worker._client = prefect
    worker._work_pool = SimpleNamespace(id=uuid4(), is_paused=False)
    worker._has_successfully_synced = True
    monkeypatch.setattr(worker, "_submit_scheduled_flow_runs", begin)
    runs = sorted(prefect.waiting.values(), key=lambda one: one.expected_start_time)[-5:]
    prefect.waiting = {one.id: one for one in runs}
    worker._children = {one.id: object() for one in runs[:4]}
    await worker._begin(runs)
    await worker.get_and_submit_flow_runs()
    assert set(begun) == {runs[4].id}
