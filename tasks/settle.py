"""Messages whose request's outcome is unknown are settled by asking Magento, not by sending again.

Unknown is a message that a run claimed and did not live to settle, or whose answer was lost. Magento applies a request
that arrived whole whatever becomes of the connection, so: what Magento shows already was sent; the rest is tried again
if an attempt is left.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from connector.magento.client import MagentoClient
from connector.state.queue import messages
from connector.state.queue.messages import Message, Settled
from connector.state.schema import FAILED, PENDING, SENT
from entities.context import Work
from entities.documents.document import LATE_WRITE as LATE_DOCUMENT
from entities.documents.document import found_document, settled_as
from entities.price.bulk import settle_bulk
from entities.registry import DOCUMENTS
from entities.values.current_values import Place, shown

LATE_WRITE = timedelta(seconds=60)
"""A request that arrived whole may be applied this long after we gave up: its values are read again then."""
STOPPED = "stopped during its last attempt: Magento does not show the value, and no attempt is left"


async def settle_unknown(work: Work) -> None:
    """Ask Magento what it shows for every message whose outcome is unknown, and settle it. Sends nothing.

    A bulk that was left open is waited for first: what it carries is not there before.
    """
    if work.entity == "price":
        await settle_bulk(work)
    with work.state.read() as connection:
        unknown = messages.unsettled(connection, work.entity)
    if not unknown:
        return
    async with work.shop.client() as client:
        if work.entity in DOCUMENTS:
            settled = [await _settled_document(work, client, message) for message in unknown]
        else:
            places = [Place(message.key, message.source, message.sku or message.key) for message in unknown]
            now_shown = await shown(work, client, places)
            settled = [_settled(work, message, now_shown.get((message.key, message.source))) for message in unknown]
    now = work.clock.now()
    doubt_until = None if work.entity in DOCUMENTS else now + LATE_WRITE
    decided = [one for one in settled if one is not None]
    messages.settle(work.state, work.lease, decided, now, doubt_until=doubt_until)
    work.tally.sent += sum(one.state == SENT for one in decided)
    work.tally.failed += sum(one.state == FAILED for one in decided)


async def _settled_document(work: Work, client: MagentoClient, message: Message) -> Settled | None:
    """A document that is not there yet may still come: it is left as it is until that is ruled out."""
    made = await found_document(work, DOCUMENTS[work.entity], client, message)
    if made is not None:
        return settled_as(Settled(message, SENT), made)
    if work.clock.now() < asked_again(message):
        return None
    return msgspec.structs.replace(_tried_again(work, message), half_told=True)


def asked_again(message: Message) -> datetime:
    """When a message without an answer is decided at the latest: a value at once, a document when it cannot come any
    more.
    """
    return message.changed_at + (LATE_DOCUMENT if message.document is not None else timedelta(0))


def _settled(work: Work, message: Message, value: tuple[int, bool | None] | None) -> Settled:
    if value is not None and value[0] == message.value and message.in_stock in (None, value[1]):
        return Settled(message, SENT)
    return _tried_again(work, message)


def _tried_again(work: Work, message: Message) -> Settled:
    if message.attempts < work.queue.retry_count:
        return Settled(message, PENDING, message.cause, message.reason)
    return Settled(message, FAILED, message.cause or "stopped", message.reason or STOPPED)
