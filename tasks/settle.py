"""Settle messages whose request has an unknown outcome by reading Magento, not by sending them again.

The outcome is unknown if a run claimed a message and did not live to settle it, or if the answer was lost. Magento
applies a request that arrived complete even if the connection breaks. So a value that Magento shows was sent; the
others are tried again if an attempt is left.
"""

from __future__ import annotations

from typing import Any

from connector.state.queue.message import BatchResult
from connector.state.schema import FAILED, SENT
from entities.base import RunContext
from entities.events import AnswersFound
from tasks.decision_log import log_outcomes


async def settle_unknown(context: RunContext[Any]) -> None:
    """Read from Magento what it shows for every message with an unknown outcome, and settle the message. Sends nothing.

    An open bulk is waited for first, because its values are not shown before it is processed.
    """
    await context.entity.before_settle(context)
    unknown = context.state.in_doubt()
    if not unknown:
        return
    async with context.shop.client() as client:
        decided = await context.entity.settle(context, client, unknown)
    now = context.clock.now()
    recheck_after = context.entity.recheck_after()
    recheck_at = None if recheck_after is None else now + recheck_after
    answered = BatchResult(decided, recheck_at)
    context.state.settle([answered], now)
    log_outcomes(context, answered)
    sent, failed = (sum(outcome.state == state for outcome in decided) for state in (SENT, FAILED))
    context.events.emit(AnswersFound(context.name, sent, failed))
