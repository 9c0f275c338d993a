"""Send prices through Magento's asynchronous bulk API, if the settings choose it (A2M_QUEUE__PRICE_TRANSPORT).

Input: the claimed prices of one bulk, more than one request would contain. Output: an outcome for each, read from the
results of the bulk's operations. There is one bulk at a time, so never two with the same key. A stalled consumer is
noticed and reported, and the prices are sent by requests that wait for their answer. A bulk whose run died is checked
before anything else is sent, and what a late consumer may overwrite is read again. Reasons: ADR 0015.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import timedelta
from itertools import chain
from typing import TypeVar

from connector import failpoints
from connector.magento import bulk as magento_bulk
from connector.magento.batches import NOT_SENT, Delivery, PriceRow, RowResult, deliver_prices
from connector.magento.client import MagentoClient
from connector.magento.errors import (
    HostUnavailable,
    MagentoFault,
    NoAnswer,
    NoSuchRoute,
    RequestRefused,
    TemporaryFault,
    Unauthorized,
)
from connector.state.queue import bulks
from connector.state.queue.bulks import Bulk
from connector.state.queue.message import Message
from connector.state.rows import chunked
from entities import retry_after
from entities.base import RunContext
from entities.events import Progress
from entities.price.rules import PriceRule

T = TypeVar("T")
RECORDS = 5_000
"""A body of half a megabyte at most, because web servers refuse one above a megabyte unless configured otherwise."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
LATE_PUBLISH = timedelta(seconds=60)
"""A bulk whose id was never returned may still be queued this long after it was sent."""
STANDS_STILL = (
    "Magento's consumer has not worked on a bulk of {count:,} prices for {patience} s: they were sent by requests that "
    f"wait for their answer. {magento_bulk.START_THE_CONSUMER}"
)
NOT_TAKEN = "Magento takes no bulk of prices, so they were sent by requests that wait for their answer: {fault}"
OUTCOMES_UNREADABLE = (
    "Magento does not report on a bulk, so its prices were sent by requests that wait for their answer: {fault}"
)
NOT_PERMITTED = (
    "Magento does not report what became of a bulk: grant the integration the permission {permission}. "
    "Its prices were sent by requests that wait for their answer."
)


class OutcomesUnreadable(Exception):
    """Magento does not report the results of a bulk; the text is the reason."""


def goes_in_bulk(context: RunContext[PriceRule]) -> bool:
    """Return whether prices are sent in bulks now: the settings choose it, and there is no open bulk."""
    if context.queue.bulk_patience is None:
        return False
    with context.state.read() as connection:
        return bulks.of_entity(connection, context.name) is None


def operations_of(size: int) -> int:
    """Return how many operations of this many records make a bulk."""
    return max(1, RECORDS // size)


async def deliver_in_bulk(
    context: RunContext[PriceRule],
    client: MagentoClient,
    claimed: Sequence[Message],
    rows: Sequence[PriceRow],
    size: int,
) -> Delivery:
    """Publish the prices in operations of `size`, wait for them, and send separately the rows that they
    leave unclear.
    """
    parts = list(chunked(rows, size))
    with context.state.write() as connection:
        bulks.begin(connection, context.name, [one.key for one in claimed], context.clock.now())
    failpoints.hit("bulk_begun")
    try:
        uuid = await magento_bulk.publish_prices(client, parts)
    except MagentoFault as fault:
        return await _not_published(context, client, rows, size, fault)
    with context.state.write() as connection:
        bulks.published(connection, context.name, uuid)
    failpoints.hit("bulk_published")
    try:
        if not await _is_done(context, client, uuid):
            return await _another_way(context, client, rows, size, _stands_still(context, len(rows)))
        results = await _asked(magento_bulk.outcomes(client, uuid, parts))
    except OutcomesUnreadable as why:
        return await _another_way(context, client, rows, size, str(why))
    except HostUnavailable as fault:
        return Delivery([NOT_SENT for _row in rows], fault=fault)
    except TemporaryFault as fault:
        retry_after.block_until_retry_after(context, fault)
        return Delivery([RowResult("unknown", str(fault)) for _row in rows])
    _end(context)
    return await _with_the_rest(client, rows, list(chain.from_iterable(results)), size)


async def _not_published(
    context: RunContext[PriceRule], client: MagentoClient, rows: Sequence[PriceRow], size: int, fault: MagentoFault
) -> Delivery:
    """Return the delivery after a fault of publishing. If it is unknown whether the bulk is queued, it stays stored."""
    if isinstance(fault, NoAnswer):
        return Delivery([RowResult("unknown", str(fault)) for _row in rows])
    if isinstance(fault, TemporaryFault):
        return Delivery([RowResult("temporary", str(fault), fault.retry_after) for _row in rows])
    _end(context)
    if isinstance(fault, RequestRefused | NoSuchRoute):
        context.remarks.add(NOT_TAKEN.format(fault=fault))
        return await deliver_prices(client, rows, size)
    assert isinstance(fault, HostUnavailable)
    return Delivery([NOT_SENT for _row in rows], fault=fault)


async def _another_way(
    context: RunContext[PriceRule], client: MagentoClient, rows: Sequence[PriceRow], size: int, reason: str
) -> Delivery:
    """Abandon the bulk: send its prices at once by requests, and read them again when the bulk is over."""
    _leave_to_itself(context)
    context.remarks.add(reason)
    return await deliver_prices(client, rows, size)


async def _with_the_rest(
    client: MagentoClient, rows: Sequence[PriceRow], outcomes: list[RowResult | None], size: int
) -> Delivery:
    """Send unclear rows separately, because a request reports what an operation does not."""
    rest = [index for index, outcome in enumerate(outcomes) if outcome is None]
    sent = await deliver_prices(client, [rows[index] for index in rest], size) if rest else Delivery([])
    for index, outcome in zip(rest, sent.outcomes, strict=True):
        outcomes[index] = outcome
    return Delivery([outcome or NOT_SENT for outcome in outcomes], sent.array_limit, sent.fault)


async def _is_done(context: RunContext[PriceRule], client: MagentoClient, uuid: str | None) -> bool:
    """Wait until no operation of the bulk is open; return False once none was processed for as long as the patience
    lasts.

    Without an id, the open operations on prices in all bulks are counted, including those of other clients, and the
    patience applies to all of them together. Raises `OutcomesUnreadable`, `HostUnavailable`, and `TemporaryFault` for a
    wait beyond the end of this run.
    """
    patience = timedelta(seconds=context.queue.bulk_patience or 0)
    least, worked_at, pause = None, context.clock.now(), FIRST_PAUSE
    while True:
        wait = pause
        try:
            open_count = await _open(client, uuid)
        except TemporaryFault as fault:
            wait = max(pause, fault.retry_after or 0)
            if context.clock.now() + timedelta(seconds=fault.retry_after or 0) > context.ends_at:
                raise
            retry_after.block_until_retry_after(context, fault)
            worked_at += timedelta(seconds=fault.retry_after or 0)
        else:
            if open_count == 0:
                return True
            if least is None or (open_count < least and uuid is not None):
                worked_at = context.clock.now()
            least = open_count if least is None else min(least, open_count)
            context.events.emit(Progress(f"{context.name}: {open_count:,} operations wait for Magento's consumer"))
        if context.clock.now() - worked_at >= patience:
            return False
        if not context.is_pulling:
            await context.acumatica.rest()
        await context.clock.sleep(wait)
        pause = min(LONGEST_PAUSE, pause * 1.5)


async def _open(client: MagentoClient, uuid: str | None) -> int:
    if uuid is None:
        return await _asked(magento_bulk.open_price_operations(client))
    return await _asked(magento_bulk.open_operations(client, uuid))


async def _asked(answer: Awaitable[T]) -> T:
    """Return what Magento reports about a bulk. Raises `OutcomesUnreadable` if it does not."""
    try:
        return await answer
    except Unauthorized as refused:
        if refused.resources != magento_bulk.STATUS_PERMISSION:
            raise
        raise OutcomesUnreadable(NOT_PERMITTED.format(permission=magento_bulk.STATUS_PERMISSION)) from refused
    except (RequestRefused, NoSuchRoute) as fault:
        raise OutcomesUnreadable(OUTCOMES_UNREADABLE.format(fault=fault)) from fault


async def settle_bulk(context: RunContext[PriceRule]) -> None:
    """Check a bulk that a run left open, before anything else is done. Its prices are read again once it is over. As
    long as no consumer processes it, or its status is unreadable, prices are sent by requests.
    """
    with context.state.read() as connection:
        left = bulks.of_entity(connection, context.name)
    if left is None:
        return
    async with context.shop.client() as client:
        try:
            over = await _is_over(context, client, left)
        except OutcomesUnreadable as why:
            context.remarks.add(str(why))
            over = False
        except TemporaryFault as fault:
            retry_after.block_until_retry_after(context, fault)
            over = False
    if over:
        _end(context, left.keys)


async def _is_over(context: RunContext[PriceRule], client: MagentoClient, left: Bulk) -> bool:
    if left.is_stalled or context.queue.bulk_patience is None:
        is_done = await _open(client, left.uuid) == 0
    else:
        is_done = await _is_done(context, client, left.uuid)
        if not is_done:
            _leave_to_itself(context)
            context.remarks.add(_stands_still(context, len(left.keys)))
    return is_done and (left.uuid is not None or context.clock.now() - left.published_at >= LATE_PUBLISH)


def _end(context: RunContext[PriceRule], in_doubt: Sequence[str] = ()) -> None:
    with context.state.write() as connection:
        bulks.end(connection, context.name, in_doubt=in_doubt, now=context.clock.now())


def _leave_to_itself(context: RunContext[PriceRule]) -> None:
    with context.state.write() as connection:
        bulks.mark_stalled(connection, context.name)


def _stands_still(context: RunContext[PriceRule], count: int) -> str:
    return STANDS_STILL.format(count=count, patience=context.queue.bulk_patience)
