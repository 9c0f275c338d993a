"""The end of a soak: all is calm, bounded syncs settle what waits, and the naive oracle says what is wrong.

Output: what is lost (Magento does not show it, or not as Acumatica says), what is there twice, and what went back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import Connection, func, select
from support import invariant
from support.invariant import Right
from support.world import ENTITIES

from app.run.request import RunRequest, RunResult
from app.run.work import work_on
from connector.state.engine import State
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.schema import PENDING, targets
from settings import Settings

ROUNDS, LEAST = 12, 4
PAUSE = 20.0
"""Seconds between two rounds of syncs: messages that have to wait become due meanwhile."""


@dataclass
class Verdict:
    """What the invariant found; all of it must be empty."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    went_back: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    rounds: int = 0
    sent_again: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    def all_is_well(self) -> bool:
        """Nothing is lost, doubled, older or still waiting."""
        return not (self.lost or self.doubled or self.went_back or self.unsettled)


def settle(state: State, settings: Settings, verdict: Verdict) -> None:
    """Usual syncs, and what ran out of attempts sent again by hand, until they find nothing to do; so many at most."""
    verdict.causes = _causes(state)
    for verdict.rounds in range(1, ROUNDS + 1):
        with state.read() as connection:
            failed = _failed(connection)
        if failed:
            verdict.sent_again += actions.send_again(state, failed, datetime.now(UTC))
        syncs = [_sync(entity, settings, state) for entity in ENTITIES]
        faults = [f"{one.counters.entity}: {message}" for one in syncs if (message := one.fault or one.stopped)]
        wrote = sum(one.counters.requests for one in syncs)
        verdict.unsettled = faults + _waiting(state)
        if verdict.rounds >= LEAST and not wrote and not verdict.unsettled:
            return
        asyncio.run(asyncio.sleep(PAUSE))


def _sync(entity: str, settings: Settings, state: State) -> RunResult:
    return asyncio.run(work_on(RunRequest(entity, once=True, holder="the end of the soak"), settings, state))


def _waiting(state: State) -> list[str]:
    with state.read() as connection:
        failed = [f"{one.entity} {one.key}: {one.reason}" for one in _failed(connection)]
        here = select(targets.c.entity, func.count()).where(targets.c.state == PENDING)
        counted = connection.execute(here.group_by(targets.c.entity)).all()
    return [*failed, *(f"{how_many} messages of {entity} wait" for entity, how_many in counted)]


def _failed(connection: Connection) -> list[Message]:
    """Return the failed messages, except those that report what Magento cannot follow."""
    return [one for one in messages.failed(connection, None) if not _is_named(one)]


def _is_named(one: Message) -> bool:
    """Whether the message names for good what a person has to do: an edit, a rest, an invoice that does not divide."""
    return invariant.is_note(one.entity, one.key, one.acumatica_key) or one.cause in invariant.NAMED


def _causes(state: State) -> dict[str, int]:
    """Count the messages that failed before the end, by cause."""
    with state.read() as connection:
        return {f"{one.entity}: {one.cause}": one.how_many for one in actions.groups(connection)}


def judge(verdict: Verdict, state: State, settings: Settings, site: Mapping[str, Any], shop: Mapping[str, Any]) -> None:
    """Compare both systems' views with the oracle."""
    today = datetime.now(settings.acumatica.zone()).date()
    with state.read() as connection:
        named = frozenset(one.acumatica_key for one in messages.failed(connection, "order") if _is_named(one))
    verdict.lost = [
        message
        for entity in ENTITIES
        for message in invariant.wrong(
            site, shop, settings, today, [entity], named if entity == "order" else frozenset()
        )
    ]
    for entity in ENTITIES:
        unknown = invariant.not_queued_yet(state, site, settings, entity)
        verdict.lost += [f"{entity} {key} was never queued as it is now" for key, _stamp in unknown]
    verdict.doubled = list(doubled(shop))


def doubled(shop: Mapping[str, Any]) -> Iterator[str]:
    """Every customer, order and shipment of ours that the shop has more than once."""
    marks = (comment["comment"] for one in shop["shipments"] for comment in one["comments"])
    several = {
        "customer": Counter(one["email"].lower() for one in shop["customers"]),
        "order": Counter(one["increment_id"] for one in shop["orders"]),
        "shipment": Counter(mark for mark in marks if (mark or "").startswith("Acumatica ")),
    }
    for kind, counted in several.items():
        yield from (f"{kind} {key} is there {times} times" for key, times in counted.items() if times > 1)


def judge_order(verdict: Verdict, magento: str, right: Right, shop: Mapping[str, Any], traded: Set[str]) -> None:
    """No key went back. Sources of what is traded or was shipped are raised for a shipment and put right after it, and
    show less by what was never reserved: not those.
    """
    shipped = {item["sku"] for one in shop["shipments"] for item in one["items"]}
    writes = httpx.get(f"{magento}/_sandbox/journal?writes=1", timeout=600).raise_for_status().json()["requests"]
    values = {
        (path, sku, source): sent
        for (path, sku, source), sent in invariant.sent_values(writes).items()
        if not (source and sku in traded | shipped)
    }
    verdict.went_back = invariant.out_of_order(values, right)
