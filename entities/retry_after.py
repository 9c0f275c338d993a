"""A shop that said when to come back is left alone until then, by reads as well as by writes.

Writes that are told to wait keep that themselves (`tasks.push`). A look whose reads were told so ends, and the next one
begins when the time has come: within the run's life it is waited for, and beyond it the run says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.magento.errors import TemporaryFault
from connector.state.queue import messages
from entities.context import Work


async def may_ask(work: Work) -> bool:
    """Wait until Magento may be asked again; off where that is after the end of this run, which is noted."""
    with work.state.read() as connection:
        until = messages.blocked_until(connection, work.shop.host)
    now = work.clock.now()
    if until is None or until <= now:
        return True
    if until > work.ends_at:
        _note(work, until)
        return False
    await work.clock.sleep((until - now).total_seconds())
    return True


def kept(work: Work, fault: TemporaryFault) -> bool:
    """Whether the fault told when to come back; that is kept then, for every run."""
    if fault.retry_after is None:
        return False
    until = work.clock.now() + timedelta(seconds=fault.retry_after)
    messages.block_host(work.state, work.shop.host, until)
    _note(work, until)
    return True


def _note(work: Work, until: datetime) -> None:
    said = f"{work.shop.host} asked to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC."
    if said not in work.report.waits:
        work.report.waits.append(said)
