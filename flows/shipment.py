"""Shipments and drop-shipments go from Acumatica to Magento."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.entity import run_entity


@flow(name="shipment", persist_result=False)
async def shipment(full: bool = False, key: str = "", rerun: int = 0) -> State[Any]:
    """Create in Magento every shipment that is due and not there yet, each once.

    Args:
        full: Read every shipment since FROM instead of what changed since the last sync.
        key: Only this shipment: its number, or "Receipt" and the number of a drop-ship receipt.
        rerun: Counted by the automation Run again; leave it at 0.
    """
    return await run_entity("shipment", full=full, key=key.strip() or None, rerun=rerun)
