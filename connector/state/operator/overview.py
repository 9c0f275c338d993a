"""How an entity stands: what waits, failed and was sent, its last syncs, and who works on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from connector.state.coordination import lease
from connector.state.coordination.lease import LeaseHolder
from connector.state.queue import requests, waits
from connector.state.queue.messages import waiting_here
from connector.state.schema import PENDING, SENDING, STATES, instant, messages, micros, watermarks
from connector.state.sync import entities


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
    died: str | None = None
    last_fault: str | None = None
    last_fault_at: datetime | None = None
    fault_since: datetime | None = None


def of_entity(connection: Connection, entity: str, now: datetime) -> Overview:
    """How the entity stands at `now`."""
    known = entities.read(connection, entity)
    by_state = select(messages.c.state, func.count()).where(messages.c.entity == entity).group_by(messages.c.state)
    counts = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in connection.execute(by_state)}
    sending = len(requests.messages_in(connection, entity))
    counts[PENDING] -= sending - counts[SENDING]  # of those in a request only what is overtaken says so itself
    counts[SENDING] = sending
    waiting = waits.by_reason(connection, entity)
    counts[PENDING] -= sum(waiting.values())
    in_turn = and_(waiting_here(connection, entity), messages.c.wait.is_(None))
    oldest = connection.execute(select(func.min(messages.c.created_at)).where(in_turn)).scalar()
    pulled = connection.execute(select(func.min(watermarks.c.pulled_to)).where(watermarks.c.entity == entity)).scalar()
    holder = lease.holder_of(connection, entity, now)
    stands = Overview(
        entity,
        known.paused,
        None if holder is None or holder.died else holder.holder,
        _instant(pulled),
        counts,
        known.last_look_at,
        known.last_look,
        known.last_full_look_at,
        _instant(oldest),
        waiting,
        holder.in_words() if holder is not None and holder.died and holder.expires_at > now else None,
        known.last_fault,
        known.last_fault_at,
        known.fault_since,
    )
    return stands if holder is None or not holder.died else _with_the_death(stands, holder)


def _with_the_death(stands: Overview, dead: LeaseHolder) -> Overview:
    """A run that died could not keep its fault: its lease, which nobody let go, tells."""
    heard = dead.expires_at - timedelta(seconds=lease.LEASE_SECONDS)
    if stands.last_fault_at is not None and stands.last_fault_at > heard:
        return stands
    words = f"{dead.holder} ended in the middle of its work (killed, or its machine is down); the next run carries on."
    return replace(stands, last_fault=words, last_fault_at=heard, fault_since=stands.fault_since or heard)


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)
