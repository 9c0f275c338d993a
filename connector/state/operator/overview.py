"""The status of an entity: its messages by state, its last syncs, and which run works on it."""

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
    """Return how many messages reached their present state since then, by state: those that failed, were skipped, sent
    or superseded.
    """
    changed = (targets.c.entity == entity) & (targets.c.put_aside_at >= micros(since))
    return {
        **_put_aside(connection, changed),
        SENT: _sent(connection, (request_table.c.entity == entity) & (request_table.c.sent_at >= micros(since))),
        SUPERSEDED: superseded_since(connection, entity, since),
    }


def _put_aside(connection: Connection, condition: ColumnElement[bool]) -> dict[str, int]:
    query = select(targets.c.put_aside, func.count()).where(condition, IS_PUT_ASIDE).group_by(targets.c.put_aside)
    return dict(connection.execute(query).tuples().all())


def _sent(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = select(func.coalesce(func.sum(request_table.c.sent), 0)).where(condition)
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True)
class Overview:
    """The status of one entity, one line of `a2m status`.

    `working`: the run that holds the lease. `waiting`: how many pending messages wait for something outside the queue,
    by the code of their wait reason; `counts` and `oldest_pending` leave them out. `died`: a run that died and whose
    lease has not expired yet.
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
    """Return the entity's status at `now`."""
    known = entities.read(connection, entity)
    sending = requests.targets_in(connection, entity)
    waits_for_turn = and_(waiting_here(connection, entity), ~turns.c.waits)
    pending_messages = select(func.count(), func.min(turns.c.wanted_at)).where(waits_for_turn)
    pending, oldest = connection.execute(pending_messages).one()
    counts = dict.fromkeys(STATES, 0) | _put_aside(connection, targets.c.entity == entity)
    counts[PENDING] = pending + _newer_than_sending(connection, sending)
    counts[SENDING] = len(sending)
    counts[SENT] = _sent(connection, request_table.c.entity == entity)
    counts[SUPERSEDED] = superseded_since(connection, entity)
    waiting = waits.by_reason(connection, entity)
    pulled = connection.execute(select(func.min(watermarks.c.pulled_to)).where(watermarks.c.entity == entity)).scalar()
    holder = lease.holder_of(connection, entity, now)
    status = Overview(
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
    return status if holder is None or not holder.died else _with_death_as_fault(status, holder)


def _newer_than_sending(connection: Connection, sending: Mapping[int, InRequest]) -> int:
    """Return how many targets in open requests have a newer desired value by now."""
    if not sending:
        return 0
    query = select(targets.c.id, targets.c.seq).where(in_any(connection, targets.c.id, list(sending)), IS_PENDING)
    return sum(sending[number].seq != seq for number, seq in tuples(connection, query))


def _with_death_as_fault(status: Overview, dead: LeaseHolder) -> Overview:
    """Return the status with the death of a run as its fault. The run could not store it itself, but its lease, which
    it did not release, shows it.
    """
    last_renewed = dead.expires_at - timedelta(seconds=lease.LEASE_SECONDS)
    if status.last_fault_at is not None and status.last_fault_at > last_renewed:
        return status
    fault = f"{dead.holder} ended in the middle of its work (killed, or its machine is down); the next run carries on."
    since = status.fault_since or last_renewed
    return replace(status, last_fault=fault, last_fault_at=last_renewed, fault_since=since)


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)
