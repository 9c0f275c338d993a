"""Stage 2, compute: what Magento must show for the pulled records, and where it does not show it yet."""

from __future__ import annotations

from typing import Any

from connector.state.queue.desired import Computed
from entities.base import RunContext
from entities.pulled import Pulled


async def compute(context: RunContext[Any], pulled: Pulled) -> Computed:
    """Return what has to be stored and queued for one chunk of pulled records, as the entity computes it."""
    return await context.entity.compute(context, pulled)
