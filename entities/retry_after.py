"""Leave a host alone that answered with `Retry-After`, for reads as well as for writes.

Writes handle `Retry-After` themselves (`tasks.push`). A sync ends when one of its reads gets it, and the next sync
starts after that time. If the time is within the run, it is waited for; otherwise the run reports it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connector.magento.errors import TemporaryFault
from entities.base import RunContext


async def may_ask(context: RunContext[Any]) -> bool:
    """Wait until Magento may be called again. Return False, and note it, if that is after the end of this run."""
    until = context.state.blocked_until(context.shop.host)
    now = context.clock.now()
    if until is None or until <= now:
        return True
    if until > context.ends_at:
        _note(context, until)
        return False
    await context.clock.sleep((until - now).total_seconds())
    return True


def block_until_retry_after(context: RunContext[Any], fault: TemporaryFault) -> bool:
    """Block the host until the fault's `Retry-After`, for every run. Return whether the fault has one."""
    if fault.retry_after is None:
        return False
    until = context.clock.now() + timedelta(seconds=fault.retry_after)
    context.state.block_host(context.shop.host, until)
    _note(context, until)
    return True


def _note(context: RunContext[Any], until: datetime) -> None:
    note = f"{context.shop.host} asked to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC."
    if note not in context.remarks.waits:
        context.remarks.waits.append(note)
