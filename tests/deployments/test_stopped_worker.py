"""A run that the worker has taken and not begun when it is stopped is there for the next worker."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelling, Completed, Pending
from prefect.workers.base import BaseWorker

from deployments.worker import WarmWorker

DUE = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Client:
    """Prefect's client: knows one run, and takes states for it."""

    def __init__(self, state):
        self.state, self.taken = state, []

    async def read_flow_run(self, _run_id):
        return SimpleNamespace(state=self.state)

    async def set_flow_run_state(self, _run_id, state, force):
        assert force
        self.taken.append(state)


async def stopped_while_it_begins(client, monkeypatch, children=()):
    """Stop a worker that waits for one of Prefect's answers on the way to the run's process."""

    async def never(_worker, _flow_run):
        await asyncio.Event().wait()

    monkeypatch.setattr(BaseWorker, "_submit_run", never)
    worker, flow_run = WarmWorker(work_pool_name="a2m"), FlowRun(id=uuid4(), flow_id=uuid4(), expected_start_time=DUE)
    worker._client = client
    worker._children = dict.fromkeys([flow_run.id] if children else [])
    begins = asyncio.create_task(worker._submit_run(flow_run))
    await asyncio.sleep(0)
    begins.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begins


def test_a_pending_run_without_a_process_is_scheduled_again(monkeypatch):
    """For the time at which it was due; else it would stay Pending for three minutes of the next worker."""
    client = Client(Pending())
    asyncio.run(stopped_while_it_begins(client, monkeypatch))
    (state,) = client.taken
    assert (state.type, state.state_details.scheduled_time) == (StateType.SCHEDULED, DUE)


def test_a_run_that_somebody_cancelled_meanwhile_does_not_come_back(monkeypatch):
    """It becomes Cancelled."""
    client = Client(Cancelling())
    asyncio.run(stopped_while_it_begins(client, monkeypatch))
    assert [state.type for state in client.taken] == [StateType.CANCELLED]


@pytest.mark.parametrize(("state", "children"), [(Completed(), False), (Pending(), True)])
def test_a_run_that_has_ended_or_has_a_process_keeps_its_state(monkeypatch, state, children):
    """Who waits for the process says how it ended."""
    client = Client(state)
    asyncio.run(stopped_while_it_begins(client, monkeypatch, children))
    assert client.taken == []
