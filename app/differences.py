"""What Magento shows and what it must show, side by side: the last stage of the look of `a2m reconcile`.

Comes in: a state that knows nothing of what Magento confirmed, so that this look asked for all of it; it sent nothing.
Goes out: every place that is not as it must be. Reads only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from connector.magento.errors import RequestRefused
from connector.state.queue import messages
from connector.state.queue.messages import Message
from connector.state.sync import ledger, links
from connector.state.sync.ledger import LedgerRow
from entities.context import RunContext
from entities.documents.document import found_document
from entities.registry import DOCUMENTS
from entities.values.current_values import PRICE_DIGITS, QUANTITY_DIGITS
from entities.waiting import describe

DIGITS = {"price": PRICE_DIGITS, "inventory": QUANTITY_DIGITS}


class Difference(msgspec.Struct, frozen=True):
    """One place that is not as it must be: what Acumatica says, what Magento shows, and why it is so if that is known.

    `key` and `source` name the place as the queue does; `sku` is how people know the record.
    """

    key: str
    source: str
    sku: str
    acumatica: str
    magento: str
    why: str


class Compared(msgspec.Struct, frozen=True):
    """How many places were compared, and those that differ; `why_not`: why nothing could be compared."""

    entity: str
    places: int
    differences: list[Difference]
    why_not: str | None = None


async def compare(context: RunContext, began: datetime) -> Compared:
    """Compare after a look that queued what differs and sent nothing. Raises a `MagentoFault`."""
    with context.state.read() as connection:
        waiting = messages.pending(connection, context.entity)
        unsent = messages.failed(connection, context.entity)
        shown = ledger.all_of(connection, context.entity)
    failed = [Difference(one.key, one.source, one.sku or one.key, "", "", one.reason or "failed") for one in unsent]
    if context.entity in DOCUMENTS:
        return Compared(context.entity, len(waiting) + len(failed), [*failed, *await _documents(context, waiting)])
    places = {(one.key, one.source) for one in (*waiting, *unsent)} | set(shown)
    differing = [_value(one, shown.get((one.key, one.source)), began) for one in waiting]
    return Compared(context.entity, len(places), [*failed, *differing])


def _value(message: Message, shown: LedgerRow | None, began: datetime) -> Difference:
    digits = DIGITS[message.entity]
    return Difference(
        message.key,
        message.source,
        message.sku or message.key,
        _in_words(message.value, message.in_stock, digits),
        "nothing" if shown is None else _in_words(shown.value, shown.in_stock, digits),
        f"waits to be sent since {message.changed_at:%Y-%m-%d %H:%M:%S} UTC" if message.changed_at < began else "",
    )


def _in_words(value: int | None, in_stock: bool | None, digits: int) -> str:
    number = f"{Decimal(value or 0).scaleb(-digits).normalize():f}"
    return number if in_stock is None else f"{number}, {'in stock' if in_stock else 'out of stock'}"


async def _documents(context: RunContext, told: list[Message]) -> list[Difference]:
    """Every document is looked for in Magento, with all that it must say; over as many connections as are allowed."""
    left = iter(told)
    found: list[Difference] = []
    await asyncio.gather(*(_look_for(context, left, found) for _connection in range(context.shop.connections)))
    return sorted(found, key=lambda one: one.key)


async def _look_for(context: RunContext, left: Iterator[Message], found: list[Difference]) -> None:
    async with context.shop.client() as client:
        for message in left:
            try:
                made = await found_document(context, DOCUMENTS[context.entity], client, message)
            except RequestRefused as why:
                found.append(Difference(message.key, "", message.key, "", "", str(why)))
                continue
            if made is None:
                with context.state.read() as connection:
                    link = links.of_keys(connection, context.entity, [message.key]).get(message.key)
                there = "not linked" if link is None else f"{link.magento_id}, which does not show all of it"
                found.append(Difference(message.key, "", message.key, "to be told", there, _waits(message)))


def _waits(message: Message) -> str:
    """For what the document waits, and since when; empty where it waits for nothing."""
    if message.wait is None:
        return ""
    since = f"{message.wait.since:%Y-%m-%d %H:%M:%S} UTC"
    return f"waits for {describe(message.wait.code)} since {since}, without a failure: {message.reason or ''}"
