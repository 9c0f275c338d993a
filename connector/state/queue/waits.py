"""Messages that wait for something outside the queue: how many, for what, and when they are looked at again.

A waiting message is a pending one with a wait reason. It keeps since when it waits, through every look at it, until it
is over or waits for something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, select, text, update

from connector.state.queue.messages import waiting_here
from connector.state.queue.wait import LookedAt, Wait
from connector.state.rows import chunked, in_any
from connector.state.schema import IS_PENDING, PENDING_TARGETS, instant, links, micros, targets, turns

_WAITS = targets.c.wait.is_not(None)
_IS_WAITED_FOR = text("targets.waits_for IS NOT NULL")
"""As text, so that the query planner matches it to the partial index."""


def by_reason(connection: Connection, entity: str) -> dict[str, int]:
    """Return how many pending messages wait, by the code of their wait reason."""
    waiting = select(targets.c.wait, func.count()).select_from(PENDING_TARGETS)
    query = waiting.where(waiting_here(connection, entity), turns.c.waits).group_by(targets.c.wait)
    return {row[0]: row[1] for row in connection.execute(query.order_by(targets.c.wait))}


def due_ids(connection: Connection, entity: str, now: datetime, limit: int) -> list[int]:
    """Return the targets of waiting messages that are due to be checked, the longest due first."""
    chosen = and_(waiting_here(connection, entity), turns.c.waits, turns.c.not_before <= micros(now))
    query = select(turns.c.target).where(chosen).order_by(turns.c.not_before, turns.c.target).limit(limit)
    return [row[0] for row in connection.execute(query)]


def over_since(connection: Connection, wait: Wait | None, since: datetime) -> bool:
    """Return whether the record that ends the wait was sent since then: in between it was found missing."""
    if wait is None or wait.waits_for is None:
        return False
    entity, _, key = wait.waits_for.partition(" ")
    sent = and_(links.c.entity == entity, links.c.acumatica_key == key, links.c.linked_at >= micros(since))
    return connection.execute(select(links.c.key).where(sent).limit(1)).first() is not None


def keep(connection: Connection, looked_at: Sequence[LookedAt], now: datetime) -> None:
    """Store that these messages still wait. now: when that was checked."""
    for one in looked_at:
        here = and_(targets.c.id == one.target, targets.c.seq == one.seq, IS_PENDING)
        values = {**columns(one.wait), "reason": one.reason, "not_before": _again_at(connection, one, now)}
        connection.execute(update(targets).where(here).values(**values, changed_at=micros(now)))


def _again_at(connection: Connection, one: LookedAt, now: datetime) -> int:
    return 0 if over_since(connection, one.wait, now) else micros(one.again_at)


def columns(wait: Wait | None) -> Mapping[str, str | int | None]:
    """Return the columns of a target that describe its wait."""
    if wait is None:
        return dict.fromkeys(("wait", "waiting_since", "waits_for", "wait_told_at"))
    reported_at = None if wait.reported_at is None else micros(wait.reported_at)
    return {
        "wait": wait.code,
        "waiting_since": micros(wait.since),
        "waits_for": wait.waits_for,
        "wait_told_at": reported_at,
    }


def end_of(connection: Connection, entity: str, acumatica_keys: Sequence[str]) -> None:
    """Make messages that wait for these records due, because the records were sent."""
    for part in chunked([f"{entity} {key}" for key in acumatica_keys]):
        here = and_(_IS_WAITED_FOR, in_any(connection, targets.c.waits_for, part))
        connection.execute(update(targets).where(here).values(not_before=0))


def check_again(connection: Connection, entity: str, acumatica_keys: Sequence[str]) -> None:
    """Make waiting messages of these records due, so that the next push checks them."""
    for part in chunked(list(acumatica_keys)):
        waiting = and_(targets.c.entity == entity, IS_PENDING, _WAITS)
        here = and_(waiting, in_any(connection, targets.c.acumatica_key, part))
        connection.execute(update(targets).where(here).values(not_before=0))


def longest(connection: Connection, entity: str, since: datetime) -> tuple[int, datetime, list[str]] | None:
    """Return how many messages have waited since then or longer, when the last of them began, and the keys of the three
    that have waited longest; `None` if there are none.
    """
    waiting = and_(turns.c.entity == entity, turns.c.waits, targets.c.waiting_since <= micros(since))
    counted = select(func.count(), func.max(targets.c.waiting_since)).select_from(PENDING_TARGETS).where(waiting)
    how_many, newest = connection.execute(counted).one()
    if not how_many:
        return None
    oldest = select(targets.c.key).select_from(PENDING_TARGETS).where(waiting)
    first = oldest.order_by(targets.c.waiting_since, targets.c.key).limit(3)
    return how_many, instant(newest), [row[0] for row in connection.execute(first)]
