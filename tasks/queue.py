"""Stage 3, queue: a chunk's messages, its records and its cursors are kept in one transaction.

Comes in: a computed chunk. Goes out: pending messages, only where Magento does not show the value yet.
"""

from __future__ import annotations

import asyncio

from connector.queue.chunk import Computed, Queued, commit_chunk
from tasks.work import Work


async def queue(work: Work, computed: Computed) -> Queued:
    """The stage: commit the chunk. Raises `LeaseLost`."""
    done = await asyncio.to_thread(commit_chunk, work.state, work.lease, computed, work.clock.now())
    tally = work.tally
    tally.changed += done.queued + done.failed
    tally.queued += done.queued
    tally.failed += done.failed
    tally.superseded += done.superseded
    return done
