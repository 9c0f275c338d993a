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
from connector.state.queue.messages import Message, MessageOutcome
from connector.state.schema import FAILED, PENDING, SENT
from entities.context import RunContext
from entities.documents.document import LATE_WRITE as LATE_DOCUMENT
from entities.documents.document import found_document, settled_as
from entities.price.bulk import settle_bulk
from entities.registry import DOCUMENTS
from entities.values.current_values import Place, shown

LATE_WRITE = timedelta(seconds=60)
"""A request that arrived whole may be applied this long after we gave up: its values are read again then."""
STOPPED = "stopped during its last attempt: Magento does not show the value, and no attempt is left"


async def settle_unknown(context: RunContext) -> None:
    """Ask Magento what it shows for every message whose outcome is unknown, and settle it. Sends nothing.

    A bulk that was left open is waited for first: what it carries is not there before.
    """
    if context.entity == "price":
        await settle_bulk(context)
    with context.state.read() as connection:
        unknown = messages.unsettled(connection, context.entity)
    if not unknown:
        return
    async with context.shop.client() as client:
        if context.entity in DOCUMENTS:
            settled = [await _settled_document(context, client, message) for message in unknown]
        else:
            places = [Place(message.key, message.source, message.sku or message.key) for message in unknown]
            now_shown = await shown(context, client, places)
            settled = [_settled(context, message, now_shown.get((message.key, message.source))) for message in unknown]
    now = context.clock.now()
    doubt_until = None if context.entity in DOCUMENTS else now + LATE_WRITE
    decided = [one for one in settled if one is not None]
    messages.settle(context.state, context.lease, decided, now, doubt_until=doubt_until)
    context.counters.sent += sum(one.state == SENT for one in decided)
    context.counters.failed += sum(one.state == FAILED for one in decided)


async def _settled_document(context: RunContext, client: MagentoClient, message: Message) -> MessageOutcome | None:
    """A document that is not there yet may still come: it is left as it is until that is ruled out."""
    made = await found_document(context, DOCUMENTS[context.entity], client, message)
    if made is not None:
        return settled_as(MessageOutcome(message, SENT), made)
    if context.clock.now() < asked_again(message):
        return None
    return msgspec.structs.replace(_tried_again(context, message), partially_applied=True)


def asked_again(message: Message) -> datetime:
    """When a message without an answer is decided at the latest: a value at once, a document when it cannot come any
    more.
    """
    return message.changed_at + (LATE_DOCUMENT if message.document is not None else timedelta(0))


def _settled(context: RunContext, message: Message, value: tuple[int, bool | None] | None) -> MessageOutcome:
    if value is not None and value[0] == message.value and message.in_stock in (None, value[1]):
        return MessageOutcome(message, SENT)
    return _tried_again(context, message)


def _tried_again(context: RunContext, message: Message) -> MessageOutcome:
    if message.attempts < context.queue.retry_count:
        return MessageOutcome(message, PENDING, message.cause, message.reason)
    return MessageOutcome(message, FAILED, message.cause or "stopped", message.reason or STOPPED)
