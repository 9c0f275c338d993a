"""Every deployment in one process: one per entity, every minute; the lease keeps two runs from working at once.

There is no Prefect concurrency limit on purpose: the runner takes the slot ten seconds before a run is due, and each
run of more than about 50 s would cancel its successor (ADR 0003).
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from flows.inventory import inventory
from flows.price import price

EVERY_MINUTE = "* * * * *"
POLL_SECONDS = 2.0


class ForeignModules(Exception):
    """The folder of the command holds a `settings` or `tasks` of its own, which would be taken for ours."""


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


def refuse_foreign_modules() -> None:
    """Raise `ForeignModules` when `settings`, `tasks` or `flows` come from elsewhere than this distribution."""
    home = Path(__file__).resolve().parents[1]
    for name in ("settings", "tasks", "flows", "connector"):
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or origin.parents[1] != home:
            raise ForeignModules(
                f"The module {name!r} comes from {origin}, not from this connector: start a2m in another folder, "
                "or remove that module from PYTHONPATH."
            )


def serve_all() -> None:
    """Register the deployments and run what is due until the process is told to stop."""
    refuse_foreign_modules()
    os.environ["PYTHONSAFEPATH"] = "1"  # runs are processes of their own and must not import from the current folder
    asyncio.run(_serve())


async def _serve() -> None:
    runner = Runner(name="a2m", query_seconds=POLL_SECONDS, pause_on_shutdown=False)
    served = await deployments()
    for deployment in served:
        await runner.aadd_deployment(deployment)
    print("Serving", ", ".join(one.name for one in served), file=sys.stderr)  # noqa: T201
    await runner.start()
