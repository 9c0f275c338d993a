"""One sync: pull, compute, queue, push, confirm.

A sync of more than one chunk pushes what is queued while it pulls the rest. The same five stages run inside a Prefect
flow, where each is one task run per chunk, and without Prefect on the command line; `Stages` holds either. Whether
there is anything to do is determined before any stage, so an idle sync leaves no task run and no new row.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from connector import failpoints
from connector.state.queue.desired import Computed, Queued
from connector.state.queue.message import Message
from entities.base import RunContext
from entities.events import Progress, ReadingEnded, SyncEnded, SyncStarted
from entities.pulled import Pulled
from tasks.compute import compute
from tasks.confirm import confirm
from tasks.pull import Pull
from tasks.push import Push, PushAgain, PushStopped, begin_push, begin_push_early, push
from tasks.queue import queue
from tasks.settle import settle_unknown


async def pull(prepared_pull: Pull) -> Pulled | None:
    """Stage 1: return the next chunk of a sync that has begun; None when everything has been read."""
    return await prepared_pull.next_chunk()


async def push_with_retries(context: RunContext[Any], cut: Push) -> None:
    """Stage 4 without Prefect: run as many rounds as Prefect's retries would."""
    for round_number in range(1, context.queue.retry_count + 1):
        try:
            await push(context, cut)
        except PushAgain as again:
            if round_number == context.queue.retry_count:
                raise
            await context.clock.sleep((again.due_at - context.clock.now()).total_seconds())
        else:
            return


@dataclass(frozen=True)
class Stages:
    """The five stages, as plain functions or as Prefect tasks."""

    pull: Callable[[Pull], Awaitable[Pulled | None]]
    compute: Callable[[RunContext[Any], Pulled], Awaitable[Computed]]
    queue: Callable[[RunContext[Any], Computed], Awaitable[Queued]]
    push: Callable[[RunContext[Any], Push], Awaitable[None]]
    confirm: Callable[..., Awaitable[list[Message]]]


DIRECT_STAGES = Stages(pull, compute, queue, push_with_retries, confirm)


async def run_sync(
    context: RunContext[Any],
    stages: Stages,
    *,
    full: bool = False,
    keys: list[str] | None = None,
    compare: bool = False,
) -> list[Message]:
    """Run one sync of one entity. Return the messages that failed in it; its counts are in `context.counters`.

    A full sync, or one with `compare`, reads from Magento what it shows of everything that is read in Acumatica. Raises
    `ShopUnreachable`, `LeaseLost`, and the errors of the Acumatica client.
    """
    began, before = context.clock.now(), replace(context.counters)
    context.events.emit(SyncStarted(context.name, full, None if keys is None else len(keys)))
    if keys:
        context.state.check_again(keys)  # somebody who names a record wants its result now
    await settle_unknown(context)
    pulling = Pull(context, full=full, keys=keys, compare=compare)
    first = await pulling.begin()
    idle = first is None or first.is_idle()
    if idle:
        await _keep_watermarks(context, first)
    with relaxed_gc():
        pushing = None if idle else await _queue_everything(context, stages, pulling)
        pushed = await (_push(context, stages) if pushing is None else _end(context, pushing))
    failed = [] if idle and not pushed else await stages.confirm(context, began)
    failpoints.hit("confirmed")
    _remember(context, full=full and keys is None, idle=idle and not pushed)
    failpoints.hit("remembered")
    context.counters.seconds = (context.clock.now() - began).total_seconds()
    context.events.emit(SyncEnded(context.name, full, context.counters.since(before)))
    return failed


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Make Python search for reference cycles less often: there are tens of thousands of rows and they contain none.
    The searches take a fifth of a sync's time otherwise. With a threshold of 500,000 objects a sync of a million prices
    took three times the memory.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Pushing(NamedTuple):
    """A push that began while the sync still queues."""

    cut: Push
    task: asyncio.Task[None]


async def _queue_everything(context: RunContext[Any], stages: Stages, pulling: Pull) -> _Pushing | None:
    """Pull, compute and queue chunk after chunk. Each is pulled while the previous one is computed and queued. A sync
    of several chunks starts sending the first ones meanwhile.
    """
    pushing: _Pushing | None = None
    following: asyncio.Future[Pulled | None] = asyncio.ensure_future(stages.pull(pulling))
    context.is_pulling = True
    try:
        while (pulled := await following) is not None:
            failpoints.hit("pulled")
            goes_on = pulling.goes_on
            following = asyncio.ensure_future(stages.pull(pulling))
            computed = await stages.compute(context, pulled)
            failpoints.hit("computed")
            await stages.queue(context, computed)
            pulling.queued()
            failpoints.hit("queued")
            counted = f"{context.counters.pulled:,} read, {context.counters.queued:,} queued"
            context.events.emit(Progress(f"{context.name}: {counted}"))
            if pushing is not None:
                pushing.cut.report_progress(more_to_come=True)
            elif goes_on and (cut := begin_push_early(context)) is not None:
                pushing = _Pushing(cut, asyncio.create_task(stages.push(context, cut)))  # type: ignore[arg-type]
    except BaseException as fault:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await context.shop.readers.close()  # the answers that were requested ahead are no longer needed
        if pushing is not None:  # settle what was sent before raising the fault
            pushing.cut.stop(PushStopped("The sync was stopped."))
            if isinstance(fault, asyncio.CancelledError):
                pushing.task.cancel()
            await asyncio.gather(pushing.task, return_exceptions=True)
        raise
    finally:
        context.is_pulling = False
    await context.shop.readers.close()
    context.events.emit(ReadingEnded(context.name))
    return pushing


async def _end(context: RunContext[Any], pushing: _Pushing) -> bool:
    pushing.cut.report_progress(more_to_come=False)
    try:
        await pushing.task
    except PushAgain as again:
        context.remarks.waits.append(str(again))
    return True


async def _keep_watermarks(context: RunContext[Any], first: Pulled | None) -> None:
    if first is not None and first.marks:
        await queue(context, Computed([], [], None, marks=list(first.marks.values())))


async def _push(context: RunContext[Any], stages: Stages) -> bool:
    cut = begin_push(context)
    if cut is None:
        return False
    await context.entity.before_push(context)
    try:
        await stages.push(context, cut)
    except PushAgain as again:
        context.remarks.waits.append(str(again))
    return True


def _remember(context: RunContext[Any], *, full: bool, idle: bool) -> None:
    text = context.counters.summary()
    did_nothing = idle or context.counters.did_nothing()  # a full sync reads everything even if it changes nothing
    context.state.remember_sync(context.clock.now(), text, did_nothing=did_nothing, full=full)
