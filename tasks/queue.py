"""Stage 3, queue: commit a chunk's messages, its records and its cursors in one transaction.

Input: a computed chunk. Output: pending messages, only for places where Magento does not show the value yet.
"""

from __future__ import annotations

import asyncio
from operator import attrgetter
from typing import Any

import msgspec

from connector.state.queue.desired import Computed, Queued
from entities.base import RunContext
from entities.events import ChunkQueued
from settings import as_on_the_screen
from tasks.decision_log import log_queued


async def queue(context: RunContext[Any], computed: Computed) -> Queued:
    """Run the stage: commit the chunk. Raises `LeaseLost`."""
    if any("A2M_" in reason for reason in filter(None, map(attrgetter("reason"), computed.wanted))):
        wanted = [
            want if want.reason is None else msgspec.structs.replace(want, reason=as_on_the_screen(want.reason))
            for want in computed.wanted
        ]
        computed = msgspec.structs.replace(computed, wanted=wanted)
    done = await asyncio.to_thread(context.state.commit, computed, context.clock.now())
    log_queued(context, computed, done)
    records = len(computed.acumatica_keys)
    context.events.emit(ChunkQueued(context.name, records, done.queued, done.failed, done.superseded))
    return done
