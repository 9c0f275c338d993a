"""Stage 4, push: the queue goes to Magento, singly or batched, and each message's outcome is kept at once.

Comes in: the due messages of one entity. Goes out: their outcomes in the state database. One round sends everything
that is due; when something is left that is worth another attempt within this run's life, the round ends with
`PushAgain`, and Prefect (or the command line) brings it back after a pause.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from connector import failpoints as steps
from connector.magento.batches import ACCEPTED, Delivery, Outcome
from connector.magento.client import MagentoClient
from connector.magento.errors import MagentoFault, OfTheConnection
from connector.magento.reads import probe
from connector.state.coordination import lost_lease
from connector.state.coordination.lease import LeaseLost
from connector.state.queue import messages
from connector.state.queue.chunk import UNKNOWN_SKU
from connector.state.queue.messages import Answered, Message, Settled, Wish
from connector.state.schema import FAILED, PENDING, SENDING, SENT, SKIPPED
from entities.context import Work
from entities.documents.document import Made, settled_as
from entities.price.bulk import goes_in_bulk, operations_of
from entities.registry import DOCUMENTS
from tasks.cause import cause
from tasks.deliver import deliver
from tasks.fix import with_fix
from tasks.outcome_writer import Bookkeeper
from tasks.progress_reporter import Forecast
from tasks.request_size import request_size
from tasks.settle import LATE_WRITE, asked_again, settle_unknown
from tasks.stock_priority import Room
from tasks.waits import look_together, waits_on

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
PROBE_HOLDS = timedelta(seconds=5)


class PushAgain(Exception):
    """Something is left that is worth another attempt in this run's life, from `due_at` on."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"Some messages wait for another attempt at {due_at:%H:%M:%S} UTC.")
        self.due_at = due_at


class ShopUnreachable(Exception):
    """The whole connection to Magento is down; no message lost an attempt by it."""


class PushStopped(Exception):
    """The look that the push belongs to has ended by a fault of its own."""


class Push(msgspec.Struct):
    """One look's push: how the queue was cut when it began, and what the rounds learned since.

    `more_to_come`: the look still queues; until it has queued everything only full requests are sent, so that all n go
    in ⌈n / batch⌉ of them. `news` tells of another chunk, or of the end. `stock_outs`: some may be left in the queue.
    `operations`: how many requests' worth goes at once, more than one in a bulk.
    """

    size: int
    operations: int = 1
    array_limit: int | None = None
    probed_at: datetime | None = None
    fault: Exception | None = None
    more_to_come: bool = False
    news: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    stock_outs: bool = True
    forecast: Forecast = msgspec.field(default_factory=Forecast)
    room: Room = msgspec.field(default_factory=Room)
    kept: Bookkeeper = msgspec.field(default_factory=Bookkeeper)

    def request_size(self, work: Work) -> int:
        """How many new messages go into one request."""
        size = work.tuning.size(self.size)
        return size if self.array_limit is None else min(size, self.array_limit)

    def operation_size(self, work: Work) -> int | None:
        """How many records an operation of a bulk has; none where nothing goes in bulks."""
        return self.request_size(work) if self.operations > 1 else None

    def learn(self, claimed: Sequence[Message]) -> None:
        """A request without a stock-out, which go first, tells that none is left until more is queued."""
        if not any(message.value == 0 for message in claimed):
            self.stock_outs = False

    def stop(self, fault: Exception) -> None:
        """Nothing more is sent in this round; the first fault is the one that is told."""
        self.fault = self.fault or fault
        self.tell(more_to_come=self.more_to_come)

    def tell(self, *, more_to_come: bool) -> None:
        """Another chunk is queued, or nothing more is to come: whoever waits for messages looks again."""
        self.more_to_come, self.stock_outs = more_to_come, True
        self.news.set()
        self.news = asyncio.Event()


def begin_push_early(work: Work) -> Push | None:
    """Cut the queue while the look still queues: only once more is due than the threshold, because whatever follows,
    all of it goes in requests of a batch then. None for documents, which go one by one and in the order of their rules.
    """
    if work.entity in DOCUMENTS:
        return None
    with work.state.read() as connection:
        count = messages.due_count(connection, work.entity, work.clock.now())
    cut = _cut(work, count)
    cut.more_to_come = True
    return cut if count > max(cut.size, work.queue.threshold_count) else None


def begin_push(work: Work) -> Push | None:
    """Cut the queue: n ≤ threshold gives requests of one record, n > threshold all n in requests of a batch.

    None where nothing is due.
    """
    with work.state.read() as connection:
        count = messages.due_count(connection, work.entity, work.clock.now())
        stuck = messages.unsettled(connection, work.entity)
    if not count and not stuck:
        return None
    if work.entity in DOCUMENTS:
        return Push(1)
    return _cut(work, count)


def _cut(work: Work, count: int) -> Push:
    size = request_size(count, work.queue.threshold_count, work.queue.batch_count)
    in_bulk = count > max(size, work.queue.threshold_count) and goes_in_bulk(work)
    return Push(size, operations_of(size) if in_bulk else 1)


async def push(work: Work, cut: Push) -> None:
    """The stage: one round. Raises `PushAgain` when there is more to do, `ShopUnreachable` and `LeaseLost`."""
    await settle_unknown(work)
    await _wait_for_what_is_due(work)
    try:
        await look_together(work)
    except OfTheConnection as fault:
        raise ShopUnreachable(str(fault)) from fault
    cut.fault = None
    if not goes_in_bulk(work):
        cut.operations = 1
    cut.room.open()
    work.tuning.begin()
    connections = 1 if cut.operations > 1 else work.shop.connections
    workers = (_send_all(work, cut, place) for place in range(connections))
    ends = await asyncio.gather(*workers, return_exceptions=True)
    work.report.tuned = work.tuning.in_words()
    for error in (*(end for end in ends if end is not None), cut.fault):
        if error is not None:
            raise error
    await settle_unknown(work)
    due_at = _next_due(work)
    if due_at is None:
        return
    if due_at > work.ends_at:
        work.report.waits.append(f"The rest waits until {due_at:%H:%M:%S} UTC, after the end of this run.")
        return
    raise PushAgain(due_at)


def _next_due(work: Work) -> datetime | None:
    with work.state.read() as connection:
        due_at = messages.next_due(connection, work.entity)
        blocked = messages.blocked_until(connection, work.shop.host)
        in_doubt = messages.unsettled(connection, work.entity)
    if due_at is not None and blocked is not None:
        due_at = max(due_at, blocked)
    asked_again_at = [asked_again(message) for message in in_doubt]
    return min([*asked_again_at, *([] if due_at is None else [due_at])], default=None)


async def _wait_for_what_is_due(work: Work) -> None:
    """Wait until everything may be sent that may be sent within this run's life: one round is one attempt of each."""
    with work.state.read() as connection:
        due_at = messages.all_due(connection, work.entity, work.ends_at)
        blocked = messages.blocked_until(connection, work.shop.host)
        in_doubt = [asked_again(message) for message in messages.unsettled(connection, work.entity)]
    waited_for = [at for at in in_doubt if at <= work.ends_at]
    if waited_for:
        due_at = max([*waited_for, *([] if due_at is None else [due_at])])
    if due_at is None:
        return
    if blocked is not None and blocked <= work.ends_at:
        due_at = max(due_at, blocked)
    await work.clock.sleep((due_at - work.clock.now()).total_seconds())


async def _send_all(work: Work, cut: Push, place: int) -> None:
    """What one connection does; the first one of prices is the one that goes on while stock is waiting."""
    try:
        async with work.shop.client() as client:
            claimed = await _claim(work, cut, place)
            while claimed:
                claimed = await _send(work, cut, client, claimed, place)
    except BaseException:
        cut.stop(ShopUnreachable("The push was stopped."))
        raise
    finally:
        if place == 0:
            cut.room.close()
            work.tuning.end()


async def _send(work: Work, cut: Push, client: MagentoClient, claimed: Sequence[Message], place: int) -> list[Message]:
    """One request, and what is claimed for the next one. What was under way when the lease was lost is left to whoever
    works now.
    """
    steps.reached("claimed")
    began = doubt_until = work.clock.now()
    try:
        delivery, made = await deliver(work, client, claimed, cut.operation_size(work))
        steps.reached("delivered")
        if any(outcome.kind == "unknown" for outcome in delivery.outcomes):
            doubt_until = work.clock.now() + LATE_WRITE
        work.tuning.learn(delivery, len(claimed), (work.clock.now() - began).total_seconds())
        more_to_come = cut.more_to_come
        goes_on = place == 0 or (work.tuning.is_wanted(place) and not await cut.room.stock_waits(work))
        following = await _keep(work, cut, client, claimed, delivery, made, claims_more=goes_on)
    except LeaseLost:
        lost_lease.leave(work.state, work.entity, claimed, work.clock.now(), doubt_until)
        raise
    steps.reached("settled")
    if not following and (more_to_come or not goes_on):
        return await _claim(work, cut, place)
    return following


async def _claim(work: Work, cut: Push, place: int) -> list[Message]:
    """The next messages of a worker that has none, once there are any; empty at the end of the round."""
    while cut.fault is None:
        if place > 0:
            await work.tuning.wait_until_wanted(place)
            await cut.room.wait(work)
        news, more_to_come = cut.news, cut.more_to_come
        claimed = await cut.kept.keep(work, Answered([], then=_wish(work, cut)))
        cut.learn(claimed)
        if claimed or not more_to_come:
            return claimed
        await news.wait()
    return []


def _wish(work: Work, cut: Push) -> Wish:
    size = cut.request_size(work)
    stock_outs = work.entity == "inventory" and cut.stock_outs
    return Wish(
        work.shop.host,
        size * cut.operations,
        sizes_after(size, work.queue.retry_count),
        whole=cut.more_to_come,
        stock_outs_first=stock_outs,
    )


def sizes_after(size: int, retry_count: int) -> list[int]:
    """How many messages with 1, 2, … attempts behind them go into one request: ever fewer, at the last attempt one.

    One record that spoils its request cannot use up the attempts of the others that way.
    """
    return [*(max(1, size // 10**tried) for tried in range(1, retry_count - 1)), 1]


async def _keep(
    work: Work,
    cut: Push,
    client: MagentoClient,
    claimed: Sequence[Message],
    delivery: Delivery,
    made: Made | None,
    *,
    claims_more: bool,
) -> list[Message]:
    """Keep the outcomes, and claim the next request's worth in the same commit."""
    now = work.clock.now()
    cut.array_limit = delivery.array_limit or cut.array_limit
    fault = delivery.fault or await _probe_fault(work, cut, client, delivery.outcomes)
    if fault is not None:
        unreachable = ShopUnreachable(str(fault))
        unreachable.__cause__ = fault
        cut.stop(unreachable)
    later = now + timedelta(seconds=pause_after(max(message.attempts for message in claimed)))
    settled = [
        Settled(message, SENT)
        if outcome is ACCEPTED
        else _settled(work, message, outcome, later, connection_lost=fault is not None)
        for message, outcome in zip(claimed, delivery.outcomes, strict=True)
    ]
    if work.entity in DOCUMENTS:
        in_part = delivery.wrote and settled[0].state != SENT
        settled = [msgspec.structs.replace(settled[0], half_told=in_part)]
    if made is not None:
        settled = [settled_as(settled[0], made)]
    others = [outcome for outcome in delivery.outcomes if outcome is not ACCEPTED]
    in_doubt = work.entity not in DOCUMENTS and any(_may_be_applied(work, outcome) for outcome in others)
    waits = [outcome.retry_after for outcome in others if outcome.retry_after is not None]
    if waits:
        messages.block_host(work.state, work.shop.host, now + timedelta(seconds=max(waits)))
    then = _wish(work, cut) if claims_more and cut.fault is None else None
    doubt_until = now + LATE_WRITE if in_doubt else None
    next_claimed = await cut.kept.keep(work, Answered(settled, doubt_until, then))
    if then is not None:
        cut.learn(next_claimed)
    work.tally.sent += sum(one.state == SENT for one in settled)
    work.tally.failed += sum(one.state == FAILED for one in settled)
    cut.forecast.tell(work, now, more_to_come=cut.more_to_come)
    return next_claimed


def _may_be_applied(work: Work, outcome: Outcome) -> bool:
    """Whether Magento may show the value though it was not accepted: a gateway's 5xx says nothing of what goes on
    behind it, and source items are kept where what comes after them fails (contracts/magento.md, "Source items").
    """
    return outcome.kind in ("unknown", "temporary") or (outcome.kind == "refused" and work.entity == "inventory")


async def _probe_fault(
    work: Work, cut: Push, client: MagentoClient, outcomes: Sequence[Outcome]
) -> MagentoFault | None:
    """After a fault that may be the whole connection's: ask Magento something harmless; several faults in a row ask
    once.
    """
    if all(outcome.kind in ("accepted", "refused", "waits") for outcome in outcomes):
        return None
    if any(outcome.retry_after is not None for outcome in outcomes):
        return None  # the host spoke for itself: it is there, and told us when to come back
    now = work.clock.now()
    if cut.probed_at is not None and now - cut.probed_at < PROBE_HOLDS:
        return None
    try:
        await probe(client)
    except MagentoFault as error:
        return error
    cut.probed_at = now
    return None


def _settled(work: Work, message: Message, outcome: Outcome, later: datetime, *, connection_lost: bool) -> Settled:
    if outcome.kind == "accepted":
        return Settled(message, SENT)
    if outcome.kind == "refused":
        is_gone = outcome.cause == UNKNOWN_SKU
        state = SKIPPED if is_gone and work.skips_unknown_sku else FAILED
        kind = outcome.cause or cause(message, outcome)
        return Settled(message, state, kind, with_fix(message, outcome), is_gone=is_gone)
    if outcome.kind == "waits":
        return waits_on(work, message, outcome, work.clock.now())
    if connection_lost or outcome.kind == "not_sent":
        return Settled(message, PENDING, attempt_given_back=True)
    if outcome.kind == "unknown":
        return Settled(message, SENDING, "no answer", outcome.reason)
    if message.attempts >= work.queue.retry_count:
        return Settled(message, FAILED, cause(message, outcome), with_fix(message, outcome))
    return Settled(message, PENDING, "temporary", outcome.reason, not_before=later)


def pause_after(attempts: int) -> float:
    """The growing, jittered pause in seconds after that many attempts."""
    longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
    return longest * random.uniform(0.5, 1.0)
