"""The work pool of `a2m serve`, and its work queue for runs that a person starts."""

from __future__ import annotations

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from app.deployment_names import POOL

TYPE = "a2m"
BY_HAND = "by-hand"
"""The work queue of deployments that people start. It has priority, so that nobody waits behind late runs."""


class WrongPool(Exception):
    """The work pool is of another type; the message says what to do."""


class Refused(Exception):
    """The Prefect server refuses a registration; the message says why."""


async def make_pool(client: PrefectClient, template: dict[str, object]) -> None:
    """Create the work pool if it does not exist. Raises `WrongPool`."""
    try:
        pool = await client.read_work_pool(POOL)
    except ObjectNotFound:
        await client.create_work_pool(WorkPoolCreate(name=POOL, type=TYPE, base_job_template=template))
        return
    if pool.type != TYPE:
        raise WrongPool(
            f"Prefect has a work pool {POOL} of the type {pool.type}, and this needs one of the type {TYPE}. "
            f"Delete it with: prefect work-pool delete {POOL}"
        )


async def make_queue(client: PrefectClient, pool: str) -> None:
    """Create the work queue for runs that people start, or correct its priority."""
    try:
        queue = await client.read_work_queue_by_name(BY_HAND, work_pool_name=pool)
    except ObjectNotFound:
        await client.create_work_queue(BY_HAND, work_pool_name=pool, priority=1)
        return
    if queue.priority != 1:
        await client.update_work_queue(queue.id, priority=1)
