"""Stage 5, confirm: what is still in doubt after the push is settled, and what failed is reported.

Input: the outcomes that the push stored. Output: the failed messages of this sync, with Magento's own reason.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from connector.state.queue.message import Message
from entities.base import RunContext
from entities.events import MessagesFailed
from tasks.settle import settle_unknown

ROWS_SHOWN = 1_000


async def confirm(context: RunContext[Any], since: datetime) -> list[Message]:
    """Run the stage: settle what has no answer yet; return the messages that failed from `since` on, capped."""
    await settle_unknown(context)
    failed = [one for one in context.state.failed() if one.changed_at >= since]
    example = {one.cause or "": one.sku or one.key for one in reversed(failed)}
    for code, count in Counter(one.cause or "" for one in failed).most_common():
        context.events.emit(MessagesFailed(context.name, code, count, example[code]))
    return failed[:ROWS_SHOWN]
