"""A worker that was started before the connector was updated says so in the log of each run that it starts."""

import asyncio
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from connector.state.coordination.process import this_process
from deployments.worker import OUTDATED, WarmWorker


class NothingPrefetched:
    """Nothing was prefetched."""

    async def read(self, _client):
        return None


@pytest.mark.parametrize("is_outdated", [True, False])
def test_runs_of_an_outdated_worker_are_told_to_restart_it(monkeypatch, caplog, is_outdated):
    """Only theirs: the code of the fork server is newer than the worker's."""
    child = SimpleNamespace(process=this_process(), has_ended=lambda: True, exit_code=lambda: 0)
    worker = WarmWorker(work_pool_name="a2m")
    worker._prefetch, worker._client = NothingPrefetched(), SimpleNamespace()
    worker.processes = SimpleNamespace(is_outdated=is_outdated, start=lambda *_given: child)
    monkeypatch.setattr(worker, "get_flow_run_logger", lambda _flow_run: logging.getLogger("of the run"))
    flow_run = FlowRun(id=uuid4(), flow_id=uuid4(), expected_start_time=datetime.now(UTC))
    configuration = SimpleNamespace(run_order=lambda *_given: None)
    with caplog.at_level("WARNING", "of the run"):
        asyncio.run(worker.run(flow_run, configuration))
    assert (OUTDATED in caplog.messages) is is_outdated
