"""Wake-ups: ask the run that holds the lease to sync again now.

Received notifications of Acumatica are recorded too, because Acumatica may send the same one several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, exists, literal, select

from connector.state.engine import State
from connector.state.rows import upsert
from connector.state.schema import entities, instant, leases, micros, notifications, refresh_requests, wakeups

REMEMBERED = timedelta(days=1)
_REQUESTED = select(literal(1)).where(
    exists().where(wakeups.c.entity == bindparam("the_entity"), wakeups.c.asked_at > bindparam("since"))
    | exists().where(refresh_requests.c.entity == bindparam("the_entity"))
)
"""Runs several times a second; building it once makes that three times as fast."""
_OF_ENTITY = select(wakeups).where(wakeups.c.entity == bindparam("the_entity"))


@dataclass(frozen=True)
class Wakeup:
    """When a sync, and when a full sync, was last requested."""

    asked_at: datetime | None = None
    full_asked_at: datetime | None = None


def ask(state: State, named: Sequence[str], now: datetime, *, full: bool = False) -> None:
    """Request a sync of these entities now; `full` requests a full sync."""
    with state.write() as connection:
        _ask(connection, named, now, full=full)


def _ask(connection: Connection, named: Sequence[str], now: datetime, *, full: bool = False) -> None:
    requested = {"asked_at": micros(now), **({"full_asked_at": micros(now)} if full else {})}
    upsert(connection, wakeups, [{"entity": entity, **requested} for entity in named])


def read(connection: Connection, entity: str) -> Wakeup:
    """Return when syncs of the entity were last requested."""
    row = connection.execute(_OF_ENTITY, {"the_entity": entity}).one_or_none()
    if row is None:
        return Wakeup()
    return Wakeup(instant(row.asked_at), None if row.full_asked_at is None else instant(row.full_asked_at))


def sync_requested(connection: Connection, entity: str, since: datetime) -> bool:
    """Return whether a sync was requested since then, or a record is to be read again."""
    return connection.execute(_REQUESTED, {"the_entity": entity, "since": micros(since)}).first() is not None


def notified(state: State, notification: tuple[str, str], named: Sequence[str], now: datetime) -> bool:
    """Record that a notification (query, id) was received and wake these entities, in one transaction. Return `False`,
    and wake nothing, if it was received before.
    """
    query, number = notification
    with state.write() as connection:
        forget(connection, now)
        same = (notifications.c.query == query) & (notifications.c.id == number)
        known = connection.execute(select(literal(1)).where(same)).first() is not None
        upsert(connection, notifications, [{"query": query, "id": number, "received_at": micros(now)}])
        if not known:
            _ask(connection, named, now)
        return not known


def forget(connection: Connection, now: datetime) -> int:
    """Delete notifications that are too old to be sent again; return how many."""
    is_old = notifications.c.received_at < micros(now - REMEMBERED)
    return connection.execute(delete(notifications).where(is_old)).rowcount


def goes_unnoticed(connection: Connection, entity: str, now: datetime) -> bool:
    """Return whether a wake-up would go unnoticed: no run works on the entity, and it is not paused."""
    works = exists().where(leases.c.entity == entity, leases.c.expires_at > micros(now))
    paused = exists().where(entities.c.entity == entity, entities.c.paused)
    return connection.execute(select(literal(1)).where(works | paused)).first() is None
