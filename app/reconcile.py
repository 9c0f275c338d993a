"""Compare both systems as they are now, and put right what differs.

A full sync works on a copy of the state that has forgotten what Magento confirmed, and sends nothing: what it would
send is what differs. To repair, the real state forgets these records only, and an ordinary full sync puts them right,
documents in their own way: searched for before anything is created.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from app.listeners.sync_progress import progress_kept
from app.run.dry_run import copy_of_state, keep_everything_here
from app.run.request import RunEnvironment, RunRequest, RunResult
from app.run.work import work_on
from connector.clock import Clock, SystemClock
from connector.model.comparison import comparison_key
from connector.model.difference import Difference
from connector.state.engine import State
from connector.state.operator import comparisons
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.sync import ledger
from entities.base import RunContext
from entities.events import Listener
from settings import Settings


class Compared(msgspec.Struct, frozen=True):
    """How many places were compared, and those that differ; `why_not`: why nothing could be compared."""

    entity: str
    places: int
    differences: list[Difference]
    why_not: str | None = None


async def reconcile(
    entity: str,
    settings: Settings,
    state: State,
    *,
    clock: Clock | None = None,
    listeners: Sequence[Listener] = (),
) -> Compared:
    """Return what differs between what Acumatica says by the rules and what Magento shows. Sends and stores nothing."""
    clock = clock or SystemClock()
    result: Compared | None = None
    began_at = clock.now()

    async def at_the_end(context: RunContext[Any], began: datetime) -> list[Message]:
        nonlocal result
        result = await compare(context, began)
        return []

    with copy_of_state(state) as copy:
        with copy.write() as connection:
            ledger.forget(connection, entity)
        stages = replace(keep_everything_here(), confirm=at_the_end)
        shown = progress_kept(
            clock, lambda text: comparisons.record_progress(state, entity, began_at, clock.now(), text)
        )
        async with shown as progress:
            heard = [*listeners, progress]
            surrounded = RunEnvironment(clock, lambda _retry_count: stages, licence_state=state, listeners=heard)
            outcome = await work_on(RunRequest(entity, full=True, once=True), settings, copy, surrounded)
        comparisons.record_end(state, entity)
    if result is not None:
        return result
    why_not = outcome.fault or outcome.stopped or " ".join(outcome.remarks.waits)
    return Compared(entity, places=0, differences=[], why_not=why_not or None)


async def compare(context: RunContext[Any], began: datetime) -> Compared:
    """Compare after a sync that queued what differs and sent nothing. Raises a `MagentoFault`."""
    with context.state.read() as connection:
        waiting = messages.pending(connection, context.name)
        unsent = messages.failed(connection, context.name)
    failed = [
        Difference(
            one.key,
            one.source,
            sku=one.sku or one.key,
            acumatica="",
            magento="",
            why=one.reason or "failed",
            cause=one.cause or "",
        )
        for one in unsent
    ]
    compared, differing = await context.entity.differences(context, waiting, began)
    return Compared(context.name, compared, [*failed, *differing])


def chosen_of(
    differences: Iterable[Difference], *, keys: Collection[str] = (), causes: Collection[str] = ()
) -> list[Difference]:
    """Return the differences of these records, each named by its key or its SKU, that have one of these causes; what is
    empty chooses all.
    """
    named = {comparison_key(one) for one in keys}
    return [
        one
        for one in differences
        if (not named or named & {comparison_key(one.key), comparison_key(one.sku)})
        and (not causes or one.cause in causes)
    ]


async def repair(
    entity: str,
    settings: Settings,
    state: State,
    differences: list[Difference],
    *,
    clock: Clock | None = None,
    listeners: Sequence[Listener] = (),
) -> RunResult:
    """Put these places right with one full sync. What failed before stays failed."""
    with state.write() as connection:
        ledger.forget(connection, entity, [one.key for one in differences])
    surrounded = RunEnvironment(clock or SystemClock(), listeners=listeners)
    return await work_on(RunRequest(entity, full=True, once=True), settings, state, surrounded)


def remember(state: State, compared: Compared, now: datetime) -> None:
    """Store what a comparison found, so that it can be shown later."""
    comparisons.store(state, compared.entity, compared.places, compared.differences, now, why_not=compared.why_not)


def remember_repaired(
    state: State, compared: Compared, chosen: Sequence[Difference], outcome: RunResult, now: datetime
) -> None:
    """Store what is left of a comparison after some of its differences were repaired: those that were not chosen, and
    those of which something still waits, is on its way or failed.
    """
    if outcome.fault or outcome.stopped:
        return
    with state.read() as connection:
        live = messages.live(connection, compared.entity, [], sorted({one.key for one in chosen}))
    left = {(one.key, one.source) for one in live}
    repaired = {(one.key, one.source) for one in chosen} - left
    rest = [one for one in compared.differences if (one.key, one.source) not in repaired]
    remember(state, msgspec.structs.replace(compared, differences=rest), now)


def is_right(state: State, outcome: RunResult) -> bool:
    """Return whether a repair left nothing behind: no fault, nothing that waits, and no failed message, new or old."""
    if outcome.fault or outcome.stopped or outcome.remarks.waits:
        return False
    with state.read() as connection:
        return not messages.failed(connection, outcome.counters.entity)
