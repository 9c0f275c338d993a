"""Stage 5, confirm: settle what is still in doubt after the push, and report what failed.

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
    """Run the stage: settle messages without an answer. Return the messages that failed from `since` on, at
    most 1,000.
    """
    await settle_unknown(context)
    failed = [message for message in context.state.failed() if message.changed_at >= since]
    example = {message.cause or "": message.sku or message.key for message in reversed(failed)}
    for code, count in Counter(message.cause or "" for message in failed).most_common():
        context.events.emit(MessagesFailed(context.name, code, count, example[code]))
    return failed[:ROWS_SHOWN]
