"""Messages whose request's outcome is unknown are settled by asking Magento, not by sending again.

Unknown is a message that a run claimed and did not live to settle, or whose answer was lost. Magento applies a request
that arrived whole whatever becomes
of the connection, so: what Magento shows already was sent; the rest is tried again if an attempt is left.
"""

from __future__ import annotations

from datetime import timedelta

from connector.queue import messages
from connector.queue.messages import Message, Settled
from connector.queue.tables import FAILED, PENDING, SENT
from tasks.magento_now import Place, shown
from tasks.work import Work

LATE_WRITE = timedelta(seconds=60)
STOPPED = "stopped during its last attempt: Magento does not show the value, and no attempt is left"


async def settle_unknown(work: Work) -> None:
    """Ask Magento what it shows for every message whose outcome is unknown, and settle it. Sends nothing."""
    with work.state.read() as connection:
        unknown = messages.unsettled(connection, work.entity)
    if not unknown:
        return
    places = [Place(message.key, message.source, message.sku or message.key) for message in unknown]
    async with work.shop.client() as client:
        now_shown = await shown(work, client, places)
    settled = [_settled(work, message, now_shown.get((message.key, message.source))) for message in unknown]
    now = work.clock.now()
    messages.settle(work.state, work.lease, settled, now, doubt_until=now + LATE_WRITE)
    work.tally.sent += sum(one.state == SENT for one in settled)
    work.tally.failed += sum(one.state == FAILED for one in settled)


def _settled(work: Work, message: Message, value: tuple[int, bool | None] | None) -> Settled:
    if value is not None and value[0] == message.value and message.in_stock in (None, value[1]):
        return Settled(message, SENT)
    if message.attempts < work.queue.retry_count:
        return Settled(message, PENDING, message.cause, message.reason)
    return Settled(message, FAILED, message.cause or "stopped", message.reason or STOPPED)


def unknown_count(work: Work) -> int:
    """How many messages wait to be settled."""
    with work.state.read() as connection:
        return len(messages.unsettled(connection, work.entity))
