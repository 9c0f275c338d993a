"""The work pool that `a2m serve` keeps and works on, and its queue for runs that somebody starts."""

from __future__ import annotations

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from app.deployment_names import POOL

TYPE = "a2m"
BY_HAND = "by-hand"
"""The queue of the deployments that are started by hand. It goes first: a click is not stuck behind what is late."""


class WrongPool(Exception):
    """The work pool is of another type; the message says what to do."""


class Refused(Exception):
    """The Prefect server refuses what is registered; the message says what."""


async def make_pool(client: PrefectClient, template: dict[str, object]) -> None:
    """Make the work pool if there is none. Raises `WrongPool`."""
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
    """Have the queue for what is started by hand, and let it go first."""
    try:
        queue = await client.read_work_queue_by_name(BY_HAND, work_pool_name=pool)
    except ObjectNotFound:
        await client.create_work_queue(BY_HAND, work_pool_name=pool, priority=1)
        return
    if queue.priority != 1:
        await client.update_work_queue(queue.id, priority=1)
