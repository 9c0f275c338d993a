"""Reconcile: compare both systems as they are now, and repair what differs.

To compare, a full sync runs on a copy of the state without the ledger and sends nothing: what it would send is what
differs. To repair, the ledger rows of these records are deleted from the real state, and an ordinary full sync sends
them. Documents are searched for in Magento before anything is created, as in every sync.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from app.listeners.sync_progress import progress_written
from app.run.dry_run import copy_of_state, stages_without_push
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
    """How many targets were compared (`places`), and those that differ. `why_not`: why nothing could be compared."""

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
    """Compare what Magento shows with what it must show by Acumatica's data and the rules. Send and store nothing."""
    clock = clock or SystemClock()
    result: Compared | None = None
    began_at = clock.now()

    async def compare_instead_of_confirming(context: RunContext[Any], began: datetime) -> list[Message]:
        nonlocal result
        result = await compare(context, began)
        return []

    with copy_of_state(state) as copy:
        with copy.write() as connection:
            ledger.forget(connection, entity)
        stages = replace(stages_without_push(), confirm=compare_instead_of_confirming)
        async with progress_written(
            clock, lambda text: comparisons.record_progress(state, entity, began_at, clock.now(), text)
        ) as progress:
            environment = RunEnvironment(
                clock, lambda _retry_count: stages, licence_state=state, listeners=[*listeners, progress]
            )
            outcome = await work_on(RunRequest(entity, full=True, once=True), settings, copy, environment)
        comparisons.record_end(state, entity)
    if result is not None:
        return result
    why_not = outcome.fault or outcome.stopped or " ".join(outcome.remarks.waits)
    return Compared(entity, places=0, differences=[], why_not=why_not or None)


async def compare(context: RunContext[Any], began: datetime) -> Compared:
    """Compare with Magento after a sync that queued what differs and sent nothing. Raises `MagentoFault`."""
    with context.state.read() as connection:
        waiting = messages.pending(connection, context.name)
        failed = messages.failed(connection, context.name)
    cannot_be_sent = [
        Difference(
            message.key,
            message.source,
            sku=message.sku or message.key,
            acumatica="",
            magento="",
            why=message.reason or "failed",
            cause=message.cause or "",
        )
        for message in failed
    ]
    compared, differing = await context.entity.differences(context, waiting, began)
    return Compared(context.name, compared, [*cannot_be_sent, *differing])


def select_differences(
    differences: Iterable[Difference], *, keys: Collection[str] = (), causes: Collection[str] = ()
) -> list[Difference]:
    """Return the differences with one of these keys or SKUs and one of these causes. An empty argument matches all."""
    names = {comparison_key(key) for key in keys}
    return [
        difference
        for difference in differences
        if (not names or names & {comparison_key(difference.key), comparison_key(difference.sku)})
        and (not causes or difference.cause in causes)
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
    """Repair these differences with one full sync. Messages that failed before stay failed."""
    with state.write() as connection:
        ledger.forget(connection, entity, [difference.key for difference in differences])
    environment = RunEnvironment(clock or SystemClock(), listeners=listeners)
    return await work_on(RunRequest(entity, full=True, once=True), settings, state, environment)


def remember(state: State, compared: Compared, now: datetime) -> None:
    """Store the result of a comparison, so that it can be shown later."""
    comparisons.store(state, compared.entity, compared.places, compared.differences, now, why_not=compared.why_not)


def remember_repaired(
    state: State, compared: Compared, chosen: Sequence[Difference], outcome: RunResult, now: datetime
) -> None:
    """Store the differences that are left after a repair.

    These are the ones that were not chosen, and those whose message is still pending, being sent or failed.
    """
    if outcome.fault or outcome.stopped:
        return
    with state.read() as connection:
        live = messages.live(connection, compared.entity, [], sorted({difference.key for difference in chosen}))
    unsettled = {(message.key, message.source) for message in live}
    repaired = {(difference.key, difference.source) for difference in chosen} - unsettled
    rest = [row for row in compared.differences if (row.key, row.source) not in repaired]
    remember(state, msgspec.structs.replace(compared, differences=rest), now)


def is_repaired(state: State, outcome: RunResult) -> bool:
    """Return whether a repair was complete: no fault, nothing that waits, and no failed message, new or old."""
    if outcome.fault or outcome.stopped or outcome.remarks.waits:
        return False
    with state.read() as connection:
        return not messages.failed(connection, outcome.counters.entity)
