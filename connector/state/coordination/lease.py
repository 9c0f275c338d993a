"""One working run per entity, held by a lease with a fencing number.

A run takes the lease, renews it while it works and releases it at its end. A run that dies keeps it until it expires:
what it was sending may still arrive. Each taking raises the fencing number, and every write of a run carries it
(`require`): a run that wakes up after its lease was taken changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from connector.errors import ConnectorError
from connector.state.coordination.process import Process, has_ended, this_process
from connector.state.engine import State
from connector.state.faults import upgraded_to
from connector.state.revision import unknown_schema
from connector.state.rows import driver_rows, upsert
from connector.state.schema import instant, leases, micros

LEASE_SECONDS = 60.0
_FENCE = "SELECT fence FROM leases WHERE entity = ?"


class LeaseLost(ConnectorError):
    """Another run has taken the lease; this one must not write any more."""

    is_transient = True


class StateUpgraded(LeaseLost):
    """A newer version has changed the state database, and with it taken every lease."""

    is_transient = False


@dataclass(frozen=True)
class Lease:
    """The right of one run to work on one entity."""

    entity: str
    holder: str
    fence: int


@dataclass(frozen=True)
class LeaseHolder:
    """Who works on the entity now, and until when its lease runs if it is not renewed. `died`: its process is gone."""

    holder: str
    expires_at: datetime
    died: bool = False

    def describe(self) -> str:
        """Return the holder as a person who waits reads it."""
        if not self.died:
            return self.holder
        return f"{self.holder}, which has died; its lease ends at {self.expires_at:%H:%M:%S} UTC"


def take(
    state: State, entity: str, holder: str, now: datetime, seconds: float = LEASE_SECONDS, *, run_id: str | None = None
) -> Lease | LeaseHolder:
    """Return the lease of `entity` for `holder`, or who holds it. `run_id`: the Prefect run that works.

    That of a dead run ends as if it were taken now, where it would end later: by a clock that was ahead.
    """
    expires = micros(now + timedelta(seconds=seconds))
    with state.write() as connection:
        never_held = {"entity": entity, "holder": "", "fence": 0, "expires_at": 0}
        upsert(connection, leases, [never_held], only_new=True)  # so that there is a row to lock
        row = connection.execute(select(leases).where(leases.c.entity == entity).with_for_update()).one()
        if row.expires_at > micros(now):
            found = _held(row)
            if found.died and row.expires_at > expires:
                connection.execute(update(leases).where(leases.c.entity == entity).values(expires_at=expires))
                return replace(found, expires_at=instant(expires))
            return found
        process = this_process()
        changed = (
            update(leases)
            .where(leases.c.entity == entity)
            .values(
                holder=holder,
                fence=row.fence + 1,
                expires_at=expires,
                machine=process.machine,
                pid=process.pid,
                process_started=process.started,
                run_id=run_id,
                progress=None,
            )
        )
        connection.execute(changed)
        return Lease(entity, holder, row.fence + 1)


def runs_at_work(connection: Connection, now: datetime) -> set[str]:
    """Return the Prefect runs that hold a lease now."""
    held = select(leases.c.run_id).where(leases.c.expires_at > micros(now), leases.c.run_id.is_not(None))
    return set(connection.execute(held).scalars())


def runs_of_entities(connection: Connection, now: datetime) -> dict[str, str]:
    """Return the Prefect run that works on each entity now, by entity."""
    held = select(leases.c.entity, leases.c.run_id).where(
        leases.c.expires_at > micros(now), leases.c.run_id.is_not(None)
    )
    return {row.entity: row.run_id for row in connection.execute(held)}


def holder_of(connection: Connection, entity: str, now: datetime) -> LeaseHolder | None:
    """Return who works on the entity now, or died at it and was the last; None if the last one let go."""
    row = connection.execute(select(leases).where(leases.c.entity == entity)).one_or_none()
    if row is None or row.expires_at == 0:
        return None
    held = _held(row)
    return held if held.expires_at > now else replace(held, died=True)


def _held(row: Row[Any]) -> LeaseHolder:
    process = None if row.machine is None else Process(row.machine, row.pid, row.process_started)
    return LeaseHolder(row.holder, instant(row.expires_at), died=process is not None and bool(has_ended(process)))


def renew(state: State, lease: Lease, now: datetime, seconds: float = LEASE_SECONDS) -> None:
    """Extend the lease by `seconds` from now. Raises `LeaseLost`."""
    with state.write() as connection:
        require(connection, lease)
        expires = micros(now + timedelta(seconds=seconds))
        connection.execute(update(leases).where(leases.c.entity == lease.entity).values(expires_at=expires))


def show_progress(state: State, lease: Lease, progress: str | None) -> None:
    """Store how far the run's sync is, for others to show; does nothing if another run has the lease by now."""
    with state.write() as connection:
        mine = (leases.c.entity == lease.entity) & (leases.c.fence == lease.fence)
        connection.execute(update(leases).where(mine).values(progress=progress))


def progress_of_entities(connection: Connection, now: datetime) -> dict[str, str]:
    """Return how far the sync is that works on each entity now, by entity, as it was kept."""
    held = select(leases.c.entity, leases.c.progress).where(
        leases.c.expires_at > micros(now), leases.c.progress.is_not(None)
    )
    return {row.entity: row.progress for row in connection.execute(held)}


def release(state: State, lease: Lease) -> None:
    """Release the lease; nothing happens if another run has it by now."""
    with state.write() as connection:
        mine = (leases.c.entity == lease.entity) & (leases.c.fence == lease.fence)
        connection.execute(update(leases).where(mine).values(expires_at=0))


def lock_entity(connection: Connection, entity: str) -> None:
    """Let no run write of the entity until the transaction ends: for what a person decides beside a working run."""
    connection.execute(select(leases.c.fence).where(leases.c.entity == entity).with_for_update())


def require(connection: Connection, lease: Lease) -> None:
    """Raise `LeaseLost` unless the run still has its lease; locks it until the transaction ends."""
    locked = f"{_FENCE} FOR UPDATE" if connection.dialect.name == "postgresql" else _FENCE
    found = driver_rows(connection, locked, (lease.entity,))
    if found != [(lease.fence,)]:
        if (schema := unknown_schema(connection)) is not None:
            raise StateUpgraded(f"The state database {upgraded_to(schema)}")
        raise LeaseLost(
            f"Another run has taken over {lease.entity} while {lease.holder} was not heard of; "
            "this run stops without writing anything more."
        )
