"""Every deployment in one process: one per entity, every minute; the lease keeps two runs from working at once.

There is no Prefect concurrency limit on purpose: the runner takes the slot ten seconds before a run is due, and each
run of more than about 50 s would cancel its successor (ADR 0003).
"""

from __future__ import annotations

import asyncio
import os
import sys

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from flows.inventory import inventory
from flows.price import price

EVERY_MINUTE = "* * * * *"
POLL_SECONDS = 2.0


async def deployments() -> list[RunnerDeployment]:
    """One deployment per entity; flows are named by module, never by path."""
    return [
        await flow.ato_deployment(
            name=flow.name,
            cron=EVERY_MINUTE,
            description=flow.description,
            tags=["a2m"],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for flow in (price, inventory)
    ]


def serve_all() -> None:
    """Register the deployments and run what is due until the process is told to stop."""
    os.environ["PYTHONSAFEPATH"] = "1"  # runs are processes of their own and must not import from the current folder
    asyncio.run(_serve())


async def _serve() -> None:
    runner = Runner(name="a2m", query_seconds=POLL_SECONDS, pause_on_shutdown=False)
    served = await deployments()
    for deployment in served:
        await runner.aadd_deployment(deployment)
    print("Serving", ", ".join(one.name for one in served), file=sys.stderr)  # noqa: T201
    await runner.start()
