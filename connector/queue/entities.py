"""What is known of an entity as a whole: paused or not, its last looks, and with which settings its values were
computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from connector.queue import lease, waits
from connector.queue.engine import State
from connector.queue.lease import Lease
from connector.queue.rows import upsert
from connector.queue.tables import IS_PENDING, PENDING, STATES, entities, instant, leases, messages, micros, watermarks


@dataclass(frozen=True)
class EntityState:
    """One entity; instants are aware, in UTC."""

    entity: str
    paused: bool = False
    computed_with: str | None = None
    last_look_at: datetime | None = None
    last_look: str | None = None
    last_full_look_at: datetime | None = None
    active_since: datetime | None = None


def read(connection: Connection, entity: str) -> EntityState:
    """The entity's state; that of a new one if it never ran."""
    row = connection.execute(select(entities).where(entities.c.entity == entity)).one_or_none()
    if row is None:
        return EntityState(entity)
    return EntityState(
        entity,
        row.paused,
        row.computed_with,
        _instant(row.last_look_at),
        row.last_look,
        _instant(row.last_full_look_at),
        _instant(row.active_since),
    )


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def remember_look(state: State, held: Lease, now: datetime, said: str, *, did_nothing: bool, full: bool) -> None:
    """Keep that a look ended, and what it said; of one that did nothing only where none said anything before.

    Raises `LeaseLost`.
    """
    row: dict[str, Any] = {"entity": held.entity, "last_look_at": micros(now), "last_look": said}
    if full:
        row["last_full_look_at"] = micros(now)
    with state.write() as connection:
        lease.require(connection, held)
        if did_nothing:
            row["last_look"] = read(connection, held.entity).last_look or said
        upsert(connection, entities, [row])


def computed_with(state: State, held: Lease, fingerprint: str) -> None:
    """Keep with which settings everything was computed. Raises `LeaseLost`."""
    with state.write() as connection:
        lease.require(connection, held)
        upsert(connection, entities, [{"entity": held.entity, "computed_with": fingerprint}])


def first_active(state: State, entity: str, now: datetime) -> datetime:
    """When the entity was first made active; kept as `now` where it was not before."""
    with state.write() as connection:
        known = connection.execute(select(entities.c.active_since).where(entities.c.entity == entity)).scalar()
        if known is None:
            upsert(connection, entities, [{"entity": entity, "active_since": micros(now)}])
        return now if known is None else instant(known)


def pause(state: State, names: list[str], *, paused: bool) -> None:
    """Pause or resume entities; what changes meanwhile is not lost, its newest state goes when they are resumed."""
    with state.write() as connection:
        upsert(connection, entities, [{"entity": name, "paused": paused} for name in names])


def counts_since(connection: Connection, entity: str, since: datetime) -> dict[str, int]:
    """How many messages became what they are since then, by state."""
    changed = (messages.c.entity == entity) & (messages.c.changed_at >= micros(since))
    query = select(messages.c.state, func.count()).where(changed).group_by(messages.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True)
class Overview:
    """One line of `a2m status`. `waiting`: the pending messages that wait for something outside the queue, by the code
    of what they wait for; `counts` and `oldest_pending` leave them out.
    """

    entity: str
    paused: bool
    working: str | None
    watermark: datetime | None
    counts: dict[str, int]
    last_look_at: datetime | None
    last_look: str | None
    last_full_look_at: datetime | None
    oldest_pending: datetime | None
    waiting: dict[str, int]


def overview(connection: Connection, entity: str, now: datetime) -> Overview:
    """How the entity stands at `now`."""
    known = read(connection, entity)
    by_state = select(messages.c.state, func.count()).where(messages.c.entity == entity).group_by(messages.c.state)
    counts = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in connection.execute(by_state)}
    waiting = waits.by_reason(connection, entity)
    counts[PENDING] -= sum(waiting.values())
    in_turn = and_(messages.c.entity == entity, messages.c.wait.is_(None), IS_PENDING)
    oldest = connection.execute(select(func.min(messages.c.created_at)).where(in_turn)).scalar()
    pulled = connection.execute(select(func.min(watermarks.c.pulled_to)).where(watermarks.c.entity == entity)).scalar()
    works = (leases.c.entity == entity) & (leases.c.expires_at > micros(now))
    return Overview(
        entity,
        known.paused,
        connection.execute(select(leases.c.holder).where(works)).scalar(),
        _instant(pulled),
        counts,
        known.last_look_at,
        known.last_look,
        known.last_full_look_at,
        _instant(oldest),
        waiting,
    )
