"""The state of an entity as a whole: whether it is paused, its last syncs, and with which settings its values were
computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.rows import upsert
from connector.state.schema import entities, instant, micros
from connector.state.sync import ledger

_ENTITY = select(entities).where(entities.c.entity == bindparam("the_entity"))
"""Executed many times per sync: building the statement only once saves two thirds of its time."""


@dataclass(frozen=True)
class EntityState:
    """The state of one entity; instants are aware, in UTC."""

    entity: str
    paused: bool = False
    computed_with: str | None = None
    last_sync_at: datetime | None = None
    last_result: str | None = None
    last_full_sync_at: datetime | None = None
    active_since: datetime | None = None
    last_fault: str | None = None
    last_fault_at: datetime | None = None
    fault_since: datetime | None = None


def read(connection: Connection, entity: str) -> EntityState:
    """Return the entity's state, or the state of a new entity if it never ran."""
    row = connection.execute(_ENTITY, {"the_entity": entity}).one_or_none()
    if row is None:
        return EntityState(entity)
    return EntityState(
        entity,
        row.paused,
        row.computed_with,
        last_sync_at=_instant(row.last_look_at),
        last_result=row.last_look,
        last_full_sync_at=_instant(row.last_full_look_at),
        active_since=_instant(row.active_since),
        last_fault=row.last_fault,
        last_fault_at=_instant(row.last_fault_at),
        fault_since=_instant(row.fault_since),
    )


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def remember_sync(
    connection: Connection, entity: str, now: datetime, summary: str, *, did_nothing: bool, full: bool
) -> None:
    """Record that a sync succeeded, which ends the last fault, and its summary.

    The summary of a sync that did nothing does not replace an earlier one.
    """
    row: dict[str, Any] = {"entity": entity, "last_look_at": micros(now), "last_look": summary}
    if full:
        row["last_full_look_at"] = micros(now)
    row |= dict.fromkeys(("last_fault", "last_fault_at", "fault_since"))
    if did_nothing:
        row["last_look"] = read(connection, entity).last_result or summary
    upsert(connection, entities, [row])


def remember_fault(state: State, entity: str, now: datetime, fault: str) -> None:
    """Store the fault that ended a run of the entity, and since when its runs fail.

    This needs no lease, because the fault may be that the lease was lost.
    """
    with state.write() as connection:
        since = read(connection, entity).fault_since or now
        row = {"last_fault": fault, "last_fault_at": micros(now), "fault_since": micros(since)}
        upsert(connection, entities, [{"entity": entity, **row}])


def computed_with(state: State, held: Lease, fingerprint: str) -> None:
    """Store the fingerprint of the settings with which all values were computed. Raises `LeaseLost`."""
    with state.write() as connection:
        lease.require(connection, held)
        upsert(connection, entities, [{"entity": held.entity, "computed_with": fingerprint}])


def forget_confirmed(state: State, held: Lease) -> None:
    """Forget all confirmed values of the entity, because another Magento confirmed them. Raises `LeaseLost`."""
    with state.write() as connection:
        lease.require(connection, held)
        ledger.forget(connection, held.entity)


def first_active(state: State, entity: str, now: datetime) -> datetime:
    """Return when the entity was first made active; the first call stores `now`.

    Every later call only reads, so that runs that begin together do not wait for each other here.
    """
    query = select(entities.c.active_since).where(entities.c.entity == entity)
    with state.read() as connection:
        since = connection.execute(query).scalar()
    if since is not None:
        return instant(since)
    with state.write() as connection:
        since = connection.execute(query).scalar()
        if since is None:
            upsert(connection, entities, [{"entity": entity, "active_since": micros(now)}])
        return now if since is None else instant(since)


def pause(state: State, names: list[str], *, paused: bool) -> None:
    """Pause or resume entities. Changes made during a pause are not lost: the newest state is sent after it."""
    with state.write() as connection:
        upsert(connection, entities, [{"entity": name, "paused": paused} for name in names])
