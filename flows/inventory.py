"""Quantities go from Acumatica to Magento."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.entity import run_entity


@flow(name="inventory", persist_result=False)
async def inventory(full: bool = False, key: str = "", rerun: int = 0) -> State[Any]:
    """Send Magento every quantity that it does not show yet.

    Args:
        full: Read every item and quantity instead of what changed since the last sync.
        key: Only this item: its SKU, or its Acumatica inventory id.
        rerun: Counted by the automation Run again; leave it at 0.
    """
    return await run_entity("inventory", full=full, key=key.strip() or None, rerun=rerun)
