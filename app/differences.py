"""What Magento shows and what it must show, side by side: the last stage of the sync of `a2m reconcile`.

The sync worked on a state that knows nothing of what Magento confirmed, so it asked for all of it, and sent nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from connector.model.difference import Difference
from connector.state.queue import messages
from entities.base import RunContext


class Compared(msgspec.Struct, frozen=True):
    """How many places were compared, and those that differ; `why_not`: why nothing could be compared."""

    entity: str
    places: int
    differences: list[Difference]
    why_not: str | None = None


async def compare(context: RunContext[Any], began: datetime) -> Compared:
    """Compare after a sync that queued what differs and sent nothing. Raises a `MagentoFault`."""
    with context.state.read() as connection:
        waiting = messages.pending(connection, context.name)
        unsent = messages.failed(connection, context.name)
    failed = [
        Difference(
            one.key,
            one.source,
            sku=one.sku or one.key,
            acumatica="",
            magento="",
            why=one.reason or "failed",
            cause=one.cause or "",
        )
        for one in unsent
    ]
    compared, differing = await context.entity.differences(context, waiting, began)
    return Compared(context.name, compared, [*failed, *differing])
