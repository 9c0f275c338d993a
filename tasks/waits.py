"""Messages that wait for something outside the queue: when they are checked again, and what is reported of them.

Waiting documents are read together, in one search, before any of them is claimed singly, so that a thousand unpaid
orders cost a few requests an hour. Those that still have to wait continue to wait; the others are claimed as usual.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connector.magento.batches import RowResult
from connector.magento.errors import HostUnavailable, MagentoFault
from connector.state.queue.message import Message, MessageOutcome
from connector.state.queue.transitions import AttemptLimits, MessageState, Outcome, stored_as, transition
from connector.state.queue.wait import LookedAt, Wait
from entities.base import RunContext
from entities.events import Progress
from entities.waiting import NotYet, describe, next_check_at

READ_TOGETHER = 500
"""The maximum number of waiting documents that one push reads together; the next push reads the others."""


def waits_on(context: RunContext[Any], message: Message, outcome: RowResult, now: datetime) -> MessageOutcome:
    """Return the outcome of a message that waits. It uses no attempt."""
    wait = _wait(context, message, outcome.wait or "", outcome.waits_for, outcome.reason or "", now)
    limits = AttemptLimits(context.queue.retry_count, next_check_at(wait.since, now) - now)
    next_state = transition(MessageState.IN_REQUEST, Outcome.WAITS, attempts=message.attempts, limits=limits, now=now)
    state = stored_as(next_state, Outcome.WAITS)
    return MessageOutcome(
        message,
        state,
        cause=None,
        reason=outcome.reason,
        not_before=next_state.not_before,
        attempts=next_state.attempts,
        wait=wait,
    )


def _wait(
    context: RunContext[Any], message: Message, code: str, waits_for: str | None, reason: str, now: datetime
) -> Wait:
    """Return what the message waits for from now on. While the reason is unchanged, its start and whether it was
    reported stay unchanged too.
    """
    before = message.wait if message.wait is not None and message.wait.code == code else None
    since, reported_at = (now, None) if before is None else (before.since, before.reported_at)
    context.remarks.wait(message.key, code)
    if reported_at is None and now - since >= context.queue.report_waits_after:
        reported_at = now
        days = context.queue.report_waits_after.days
        context.remarks.note(
            message.key,
            f'Waits for {describe(code)} since {since:%Y-%m-%d %H:%M} UTC, longer than the {days} days of "Report '
            f'messages that wait longer than" (A2M_QUEUE__REPORT_WAITS_AFTER). Nothing failed; it goes by '
            f"itself. {reason}",
        )
    return Wait(code, since, waits_for, reported_at)


async def recheck_together(context: RunContext[Any]) -> None:
    """Read the due waiting documents in one search. Those that still have to wait keep waiting.

    Raises `HostUnavailable`. After any other fault each of them is checked on its own and reports it.
    """
    now = context.clock.now()
    waiting = context.state.waiting_due(now, READ_TOGETHER)
    blocked = context.state.blocked_until(context.shop.host)
    if len(waiting) < 2 or (blocked is not None and blocked > now):  # a single one costs one read in any case
        return
    try:
        async with context.shop.client() as client:
            still = await context.entity.still_waiting(context, client, waiting)
    except HostUnavailable:
        raise
    except MagentoFault as fault:
        context.events.emit(Progress(f"{context.name}: what waits could not be read together: {fault}"))
        return
    checked = [_checked(context, message, still[message.id], now) for message in waiting if message.id in still]
    if checked:
        context.state.keep_waiting(checked, now)


def _checked(context: RunContext[Any], message: Message, why: NotYet, now: datetime) -> LookedAt:
    wait = _wait(context, message, why.wait, why.waits_for, str(why), now)
    return LookedAt(message.target, message.seq, wait, reason=str(why), again_at=next_check_at(wait.since, now))
