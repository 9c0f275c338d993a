"""Customers go from Acumatica to Magento."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.entity import run_entity


@flow(name="customer", persist_result=False)
async def customer(full: bool = False, key: str = "", rerun: int = 0) -> State[Any]:
    """Send Magento every customer of the chosen classes that it does not show yet.

    Args:
        full: Read every customer instead of those that changed since the last sync.
        key: Only this customer: its Acumatica customer id, or its e-mail.
        rerun: Counted by the automation Run again; leave it at 0.
    """
    return await run_entity("customer", full=full, key=key.strip() or None, rerun=rerun)
