"""Stage 4, push: send the queue to Magento, singly or in batches, and store each message's outcome at once.

Input: the due messages of one entity. Output: their outcomes in the state database. One round sends everything that is
due. If something is left that can be attempted again within this run, the round ends with `PushAgain`, and Prefect (or
the command line) starts another round after a pause.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connector import failpoints
from connector.errors import ConnectorError
from connector.magento.batches import ACCEPTED, RowResult
from connector.magento.client import MagentoClient
from connector.magento.errors import HostUnavailable, MagentoFault
from connector.magento.queries import probe
from connector.model.failure_help import with_fix
from connector.model.failures import FailureCode
from connector.state.coordination.lease import LeaseLost
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.transitions import AttemptLimits, MessageState, Outcome, stored_as, transition
from connector.state.schema import FAILED, SENT
from entities.base import ClaimOrder, RequestResult, RunContext
from entities.events import RequestSettled
from entities.without_answer import LATE_WRITE
from tasks.decision_log import log_outcomes
from tasks.outcome_writer import OutcomeWriter
from tasks.progress_reporter import ProgressReporter
from tasks.request_size import request_size
from tasks.settle import settle_unknown
from tasks.stock_priority import StockPriority
from tasks.waits import recheck_together, waits_on

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
PROBE_HOLDS = timedelta(seconds=5)


class PushAgain(Exception):
    """Something is left that can be attempted again in this run, from `due_at` on."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"Some messages wait for another attempt at {due_at:%H:%M:%S} UTC.")
        self.due_at = due_at


class ShopUnreachable(ConnectorError):
    """The whole connection to Magento is down. No message lost an attempt because of that."""


class PushStopped(Exception):
    """The sync that this push belongs to ended with a fault of its own."""


class Push(msgspec.Struct):
    """The push of one sync: how the queue was divided when it began, and what the rounds have learned since.

    `more_to_come`: the sync still queues. Until it has queued everything only full requests are sent, so that all n
    messages go in ⌈n / batch⌉ requests. `news` is set by another chunk, or by the end of the sync. `stock_outs`: the
    queue may still hold some. `operations`: the number of requests' worth that is delivered together. `count`: the
    number of messages that were due at the beginning.
    """

    size: int
    operations: int = 1
    count: int = 0
    array_limit: int | None = None
    probed_at: datetime | None = None
    fault: Exception | None = None
    more_to_come: bool = False
    news: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    stock_outs: bool = True
    forecast: ProgressReporter = msgspec.field(default_factory=ProgressReporter)
    stock_priority: StockPriority = msgspec.field(default_factory=StockPriority)
    outcomes: OutcomeWriter = msgspec.field(default_factory=OutcomeWriter)

    def request_size(self, context: RunContext[Any]) -> int:
        """Return the number of new messages for one request."""
        size = context.shop.batching.size(self.size)
        return size if self.array_limit is None else min(size, self.array_limit)

    def operation_size(self, context: RunContext[Any]) -> int | None:
        """Return the number of records in an operation of a bulk; None if nothing is sent in bulks."""
        return self.request_size(context) if self.operations > 1 else None

    def learn(self, claimed: Sequence[Message], before: asyncio.Event) -> None:
        """Conclude from a request without a stock-out (they go first) that none is left until more is queued; `before`:
        the `news` at the time of the claim.
        """
        if before is self.news:
            self.stock_outs = self.stock_outs and any(message.value == 0 for message in claimed)

    def stop(self, fault: Exception) -> None:
        """Send nothing more in this round. The first fault is the one that is reported."""
        self.fault = self.fault or fault
        self.report_progress(more_to_come=self.more_to_come)

    def report_progress(self, *, more_to_come: bool) -> None:
        """Make connections that wait for messages claim again: another chunk is queued, or nothing more is to come."""
        self.more_to_come, self.stock_outs = more_to_come, True
        self.news.set()
        self.news = asyncio.Event()


def begin_push_early(context: RunContext[Any]) -> Push | None:
    """Divide the queue while the sync still queues, but only once more is due than the threshold: then everything goes
    in requests of a batch, whatever follows. None for documents, which are sent one by one and in the order of their
    rules.
    """
    if not context.entity.is_batched:
        return None
    count = context.state.due_count(context.clock.now())
    cut = _cut(context, count)
    cut.more_to_come = True
    return cut if count > max(cut.size, context.queue.threshold_count) else None


def begin_push(context: RunContext[Any]) -> Push | None:
    """Divide the queue: n ≤ threshold messages go in requests of one record, n > threshold all go in requests of a
    batch.

    None if nothing is due.
    """
    count = context.state.due_count(context.clock.now())
    if not count and not context.state.in_doubt():
        return None
    if not context.entity.is_batched:
        return Push(1)
    return _cut(context, count)


def _cut(context: RunContext[Any], count: int) -> Push:
    size = request_size(count, context.queue.threshold_count, context.queue.batch_count)
    return Push(size, context.entity.requests_at_once(context, count, size), count)


async def push(context: RunContext[Any], cut: Push) -> None:
    """Run one round of the stage. Raises `PushAgain` if there is more to do, `ShopUnreachable` and `LeaseLost`."""
    await settle_unknown(context)
    await _wait_for_what_is_due(context)
    try:
        await recheck_together(context)
    except HostUnavailable as fault:
        raise ShopUnreachable(str(fault)) from fault
    cut.fault = None
    cut.operations = min(cut.operations, context.entity.requests_at_once(context, cut.count, cut.size))
    cut.stock_priority.open()
    context.shop.batching.begin()
    connections = 1 if cut.operations > 1 else context.shop.connections
    workers = (_send_all(context, cut, index) for index in range(connections))
    try:
        ends = await asyncio.gather(*workers, return_exceptions=True)
    finally:
        await cut.outcomes.close(context)
    context.remarks.tuned = context.shop.batching.summary()
    for error in (*(end for end in ends if end is not None), cut.fault):
        if error is not None:
            raise error
    await settle_unknown(context)
    due_at = _next_due(context)
    if due_at is None:
        return
    if due_at > context.ends_at:
        context.remarks.waits.append(f"The rest waits until {due_at:%H:%M:%S} UTC, after the end of this run.")
        return
    raise PushAgain(due_at)


def _next_due(context: RunContext[Any]) -> datetime | None:
    due_at = context.state.next_due()
    blocked = context.state.blocked_until(context.shop.host)
    in_doubt = context.state.in_doubt()
    if due_at is not None and blocked is not None:
        due_at = max(due_at, blocked)
    asked_again_at = [context.entity.decided_at(message) for message in in_doubt]
    return min([*asked_again_at, *([] if due_at is None else [due_at])], default=None)


async def _wait_for_what_is_due(context: RunContext[Any]) -> None:
    """Wait until every message that may be sent within this run may be sent, so that one round is one
    attempt for each.
    """
    due_at = context.state.all_due(context.ends_at)
    blocked = context.state.blocked_until(context.shop.host)
    in_doubt = [context.entity.decided_at(message) for message in context.state.in_doubt()]
    waited_for = [at for at in in_doubt if at <= context.ends_at]
    if waited_for:
        due_at = max([*waited_for, *([] if due_at is None else [due_at])])
    if due_at is None:
        return
    if blocked is not None and blocked <= context.ends_at:
        due_at = max(due_at, blocked)
    await context.clock.sleep((due_at - context.clock.now()).total_seconds())


async def _send_all(context: RunContext[Any], cut: Push, index: int) -> None:
    """Send over one connection until nothing is left. The first connection of prices goes on while stock is waiting."""
    try:
        async with context.shop.client() as client:
            claimed = await _claim(context, cut, index)
            while claimed:
                claimed = await _send(context, cut, client, claimed, index)
    except BaseException:
        cut.stop(ShopUnreachable("The push was stopped."))
        raise
    finally:
        if index == 0:
            cut.stock_priority.close()
            context.shop.batching.end()


async def _send(
    context: RunContext[Any], cut: Push, client: MagentoClient, claimed: Sequence[Message], index: int
) -> list[Message]:
    """Send one request and claim the messages of the next one. If the lease was lost meanwhile, what was under way is
    left to the run that has it now.
    """
    failpoints.hit("claimed")
    began = recheck_at = context.clock.now()
    waited = client.waited
    try:
        result = await context.entity.deliver(context, client, claimed, cut.operation_size(context))
        delivery = result.delivery
        failpoints.hit("delivered")
        others, now = delivery.not_accepted(), context.clock.now()
        if any(outcome.kind == "unknown" for outcome in others):
            recheck_at = now + LATE_WRITE
        seconds = (now - began - (client.waited - waited)).total_seconds()
        context.shop.batching.learn(delivery, len(claimed), seconds)
        more_to_come = cut.more_to_come
        goes_on = index == 0 or (context.shop.batching.may_send(index) and not cut.stock_priority.stock_waits(context))
        following = await _store(context, cut, client, claimed, result, seconds, claims_more=goes_on)
    except LeaseLost:
        context.state.abandon(claimed, context.clock.now(), recheck_at)
        raise
    failpoints.hit("settled")
    if not following and (more_to_come or not goes_on):
        return await _claim(context, cut, index)
    return following


async def _claim(context: RunContext[Any], cut: Push, index: int) -> list[Message]:
    """Return the next messages for a worker that has none, once there are any; empty at the end of the round."""
    while cut.fault is None:
        if index > 0:
            await context.shop.batching.wait_until_needed(index)
            await cut.stock_priority.wait(context)
        news, more_to_come = cut.news, cut.more_to_come
        claimed = await cut.outcomes.write(context, BatchResult([], then=_claim_spec(context, cut)))
        cut.learn(claimed, news)
        if claimed or not more_to_come:
            return claimed
        await news.wait()
    return []


def _claim_spec(context: RunContext[Any], cut: Push) -> ClaimSpec:
    size = cut.request_size(context)
    stock_outs = context.entity.claim_order is ClaimOrder.ZEROS_FIRST and cut.stock_outs
    return ClaimSpec(
        context.shop.host,
        size * cut.operations,
        sizes_after(size, context.queue.retry_count),
        whole=cut.more_to_come,
        stock_outs_first=stock_outs,
    )


def sizes_after(size: int, retry_count: int) -> list[int]:
    """Return the request sizes for messages with 1, 2, … attempts behind them: ever smaller, and 1 at the last attempt.

    So one record that spoils its requests cannot use up the attempts of the others.
    """
    return [*(max(1, size // 10**attempts) for attempts in range(1, retry_count - 1)), 1]


async def _store(
    context: RunContext[Any],
    cut: Push,
    client: MagentoClient,
    claimed: Sequence[Message],
    result: RequestResult,
    seconds: float,
    *,
    claims_more: bool,
) -> list[Message]:
    """Store the outcomes and claim the next request's messages in the same commit."""
    now, delivery = context.clock.now(), result.delivery
    cut.array_limit = delivery.array_limit or cut.array_limit
    others = delivery.not_accepted()
    fault = delivery.fault or await _probe_fault(context, cut, client, others)
    if fault is not None:
        unreachable = ShopUnreachable(str(fault))
        unreachable.__cause__ = fault
        cut.stop(unreachable)
    in_doubt = any(context.entity.may_be_applied(outcome) for outcome in others)
    waits = [outcome.retry_after for outcome in others if outcome.retry_after is not None]
    if waits:
        context.state.block_host(context.shop.host, now + timedelta(seconds=max(waits)))
    news, then = cut.news, _claim_spec(context, cut) if claims_more and cut.fault is None else None
    if others or result.document is not None:
        outcomes = _settled_all(context, claimed, delivery.outcomes, now, connection_lost=fault is not None)
        recheck_at = now + LATE_WRITE if in_doubt else None
        answered = BatchResult(context.entity.outcomes(outcomes, result), recheck_at, then)
    else:
        answered = BatchResult([], then=then, sent=claimed)
    next_claimed = await cut.outcomes.write(context, answered)
    if then is not None:
        cut.learn(next_claimed, news)
    log_outcomes(context, answered)
    states = [outcome.state for outcome in answered.outcomes]
    sent = len(answered.sent) + states.count(SENT)
    context.events.emit(RequestSettled(context.name, len(claimed), sent, states.count(FAILED), seconds))
    cut.forecast.report(context, now, more_to_come=cut.more_to_come)
    return next_claimed


def _settled_all(
    context: RunContext[Any],
    claimed: Sequence[Message],
    outcomes: Sequence[RowResult],
    now: datetime,
    *,
    connection_lost: bool,
) -> list[MessageOutcome]:
    """Return the outcomes of a request's messages, each from its row."""
    pause = timedelta(seconds=pause_after(max(message.attempts for message in claimed)))
    return [
        MessageOutcome(message, SENT)
        if outcome is ACCEPTED
        else _settled(context, message, outcome, now, pause, connection_lost=connection_lost)
        for message, outcome in zip(claimed, outcomes, strict=True)
    ]


async def _probe_fault(
    context: RunContext[Any], cut: Push, client: MagentoClient, outcomes: Sequence[RowResult]
) -> MagentoFault | None:
    """Call Magento harmlessly after a fault that may affect the whole connection. Several faults in a row make one
    call.
    """
    if all(outcome.kind in ("accepted", "refused", "waits") for outcome in outcomes):
        return None
    if any(outcome.retry_after is not None for outcome in outcomes):
        return None  # the host has answered, and has said when to come back
    now = context.clock.now()
    if cut.probed_at is not None and now - cut.probed_at < PROBE_HOLDS:
        return None
    try:
        await probe(client)
    except MagentoFault as error:
        return error
    cut.probed_at = now
    return None


_OUTCOMES = {
    "accepted": Outcome.ACCEPTED,
    "refused": Outcome.REFUSED,
    "temporary": Outcome.TEMPORARY,
    "unknown": Outcome.UNKNOWN,
    "not_sent": Outcome.NOT_SENT,
}


def _settled(
    context: RunContext[Any],
    message: Message,
    row: RowResult,
    now: datetime,
    pause: timedelta,
    *,
    connection_lost: bool,
) -> MessageOutcome:
    """Return the outcome of a message from the result of its row."""
    if row.kind == "waits":
        return waits_on(context, message, row, now)
    code = _code_of(row)
    is_missing = code is FailureCode.UNKNOWN_SKU
    outcome = _OUTCOMES[row.kind]
    if outcome is Outcome.REFUSED and is_missing and context.queue.skips_unknown_sku:
        outcome = Outcome.LEFT_OUT
    if row.left_out:
        outcome = Outcome.LEFT_OUT
    if connection_lost and outcome in (Outcome.TEMPORARY, Outcome.UNKNOWN):
        outcome = Outcome.NOT_SENT
    limits = AttemptLimits(context.queue.retry_count, pause)
    next_state = transition(MessageState.IN_REQUEST, outcome, attempts=message.attempts, limits=limits, now=now)
    if outcome in (Outcome.ACCEPTED, Outcome.NOT_SENT):
        return MessageOutcome(message, stored_as(next_state, outcome), attempts=next_state.attempts)
    if outcome is Outcome.TEMPORARY and next_state.state is MessageState.FAILED:
        code = FailureCode.OUT_OF_ATTEMPTS
    reason = row.reason
    if next_state.state in (MessageState.FAILED, MessageState.SKIPPED):
        reason = with_fix(code, row.reason or "Magento refused it and gave no reason.", message.attempts)
    return MessageOutcome(
        message,
        stored_as(next_state, outcome),
        code,
        reason,
        next_state.not_before,
        next_state.attempts,
        no_product=is_missing,
    )


def _code_of(row: RowResult) -> FailureCode:
    if row.kind == "unknown":
        return FailureCode.NO_ANSWER
    if row.kind == "temporary":
        return FailureCode.TEMPORARY
    return row.code or FailureCode.REFUSED_BY_MAGENTO


def pause_after(attempts: int) -> float:
    """Return the growing, jittered pause in seconds after that many attempts."""
    longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
    return longest * random.uniform(0.5, 1.0)
