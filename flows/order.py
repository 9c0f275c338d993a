"""Orders go from Acumatica to Magento."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.entity import run_entity


@flow(name="order", persist_result=False)
async def order(full: bool = False, key: str = "", rerun: int = 0) -> State[Any]:
    """Create in Magento every order that was made in Acumatica, and let all others follow Acumatica's status.

    Args:
        full: Read every order since FROM instead of what changed since the last sync.
        key: Only this order: its type and number, such as "SO 000123".
        rerun: Counted by the automation Run again; leave it at 0.
    """
    return await run_entity("order", full=full, key=key.strip() or None, rerun=rerun)
