"""What Prefect adds to a sync: the same sync with its stages as task runs inside a flow run, on a server of its own."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from app.run.request import RunEnvironment, RunRequest
from app.run.work import work_on
from connector.state.engine import open_state
from flows.stages import in_prefect
from settings import load_settings
from tasks.sync import DIRECT_STAGES


def sync(database: str, sections: dict[str, Any], *, with_prefect: bool) -> dict[str, float]:
    """One sync of prices inside a flow run; its stages are task runs, or plain functions."""
    from prefect import flow
    from prefect.testing.utilities import prefect_test_harness

    settings = load_settings(**sections)
    state = open_state(f"sqlite:///{database}")

    @flow(log_prints=False)
    async def measured() -> dict[str, float]:
        began, cpu = time.perf_counter(), time.process_time()
        stages = in_prefect if with_prefect else (lambda _retry_count: DIRECT_STAGES)
        outcome = await work_on(RunRequest("price", once=True), settings, state, RunEnvironment(stages=stages))
        assert outcome.fault is None and outcome.stopped is None, outcome.summary()
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}

    with prefect_test_harness(server_startup_timeout=120):
        return asyncio.run(measured())
