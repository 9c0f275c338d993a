"""Messages whose request's outcome is unknown are settled by asking Magento, not by sending again.

Unknown is a message that a run claimed and did not live to settle, or whose answer was lost. Magento applies a request
that arrived whole whatever becomes of the connection, so: what Magento shows already was sent; the rest is tried again
if an attempt is left.
"""

from __future__ import annotations

from typing import Any

from connector.state.queue.message import BatchResult
from connector.state.schema import FAILED, SENT
from entities.base import RunContext
from entities.events import AnswersFound
from tasks.decision_log import log_outcomes


async def settle_unknown(context: RunContext[Any]) -> None:
    """Ask Magento what it shows for every message whose outcome is unknown, and settle it. Sends nothing.

    A bulk that was left open is waited for first: what it carries is not there before.
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
    sent, failed = (sum(one.state == state for one in decided) for state in (SENT, FAILED))
    context.events.emit(AnswersFound(context.name, sent, failed))
