"""How an entity stands: what waits, failed and was sent, its last syncs, and who works on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, select

from connector.state.coordination import lease
from connector.state.coordination.lease import LeaseHolder
from connector.state.queue import requests, waits
from connector.state.queue.messages import waiting_here
from connector.state.queue.requests import InRequest
from connector.state.queue.superseded import superseded_since
from connector.state.rows import in_any, tuples
from connector.state.schema import (
    IS_PENDING,
    IS_PUT_ASIDE,
    PENDING,
    SENDING,
    SENT,
    STATES,
    SUPERSEDED,
    instant,
    micros,
    targets,
    turns,
    watermarks,
)
from connector.state.schema import requests as request_table
from connector.state.sync import entities


def counts_since(connection: Connection, entity: str, since: datetime) -> dict[str, int]:
    """Return how many messages became what they are since then, by state."""
    changed = (targets.c.entity == entity) & (targets.c.put_aside_at >= micros(since))
    return {
        **_put_aside(connection, changed),
        SENT: _sent(connection, (request_table.c.entity == entity) & (request_table.c.sent_at >= micros(since))),
        SUPERSEDED: superseded_since(connection, entity, since),
    }


def _put_aside(connection: Connection, chosen: ColumnElement[bool]) -> dict[str, int]:
    query = select(targets.c.put_aside, func.count()).where(chosen, IS_PUT_ASIDE).group_by(targets.c.put_aside)
    return {row[0]: row[1] for row in connection.execute(query)}


def _sent(connection: Connection, chosen: ColumnElement[bool]) -> int:
    counted = select(func.coalesce(func.sum(request_table.c.sent), 0)).where(chosen)
    return int(connection.execute(counted).scalar_one())


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
    last_sync_at: datetime | None
    last_result: str | None
    last_full_sync_at: datetime | None
    oldest_pending: datetime | None
    waiting: dict[str, int]
    died: str | None = None
    last_fault: str | None = None
    last_fault_at: datetime | None = None
    fault_since: datetime | None = None


def of_entity(connection: Connection, entity: str, now: datetime) -> Overview:
    """Return how the entity stands at `now`."""
    known = entities.read(connection, entity)
    sending = requests.targets_in(connection, entity)
    in_turn = and_(waiting_here(connection, entity), ~turns.c.waits)
    in_place = select(func.count(), func.min(turns.c.wanted_at)).where(in_turn)
    pending, oldest = connection.execute(in_place).one()
    counts = dict.fromkeys(STATES, 0) | _put_aside(connection, targets.c.entity == entity)
    counts[PENDING] = pending + _newer(connection, sending)
    counts[SENDING] = len(sending)
    counts[SENT] = _sent(connection, request_table.c.entity == entity)
    counts[SUPERSEDED] = superseded_since(connection, entity)
    waiting = waits.by_reason(connection, entity)
    pulled = connection.execute(select(func.min(watermarks.c.pulled_to)).where(watermarks.c.entity == entity)).scalar()
    holder = lease.holder_of(connection, entity, now)
    stands = Overview(
        entity,
        known.paused,
        working=None if holder is None or holder.died else holder.holder,
        watermark=_instant(pulled),
        counts=counts,
        last_sync_at=known.last_sync_at,
        last_result=known.last_result,
        last_full_sync_at=known.last_full_sync_at,
        oldest_pending=_instant(oldest),
        waiting=waiting,
        died=holder.describe() if holder is not None and holder.died and holder.expires_at > now else None,
        last_fault=known.last_fault,
        last_fault_at=known.last_fault_at,
        fault_since=known.fault_since,
    )
    return stands if holder is None or not holder.died else _with_the_death(stands, holder)


def _newer(connection: Connection, sending: Mapping[int, InRequest]) -> int:
    """Return how many targets in open requests want something newer by now."""
    if not sending:
        return 0
    here = select(targets.c.id, targets.c.seq).where(in_any(connection, targets.c.id, list(sending)), IS_PENDING)
    return sum(sending[number].seq != seq for number, seq in tuples(connection, here))


def _with_the_death(stands: Overview, dead: LeaseHolder) -> Overview:
    """Return the state with a dead run as its fault: it could not store that itself; its unreleased lease shows it."""
    heard = dead.expires_at - timedelta(seconds=lease.LEASE_SECONDS)
    if stands.last_fault_at is not None and stands.last_fault_at > heard:
        return stands
    words = f"{dead.holder} ended in the middle of its work (killed, or its machine is down); the next run carries on."
    return replace(stands, last_fault=words, last_fault_at=heard, fault_since=stands.fault_since or heard)


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)
