"""One working run per entity, held by a lease with a fencing number.

A run acquires the lease, renews it while it works and releases it at its end. The lease of a run that dies stays until
it expires, because what that run was sending may still arrive. Acquiring a lease raises its fencing number, and every
write of a run checks that number (`require`), so a run that resumes after it lost its lease changes nothing.
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
    """Another run has acquired the lease; this run must not write any more."""

    is_transient = True


class StateUpgraded(LeaseLost):
    """A newer version has migrated the state database, which ends every lease."""

    is_transient = False


@dataclass(frozen=True)
class Lease:
    """The right of one run to work on one entity."""

    entity: str
    holder: str
    fence: int


@dataclass(frozen=True)
class LeaseHolder:
    """The run that works on an entity, and when its lease expires unless renewed. `died`: its process has ended."""

    holder: str
    expires_at: datetime
    died: bool = False

    def describe(self) -> str:
        """Return a description for a person who waits for the lease."""
        if not self.died:
            return self.holder
        return f"{self.holder}, which has died; its lease ends at {self.expires_at:%H:%M:%S} UTC"


def acquire(
    state: State, entity: str, holder: str, now: datetime, seconds: float = LEASE_SECONDS, *, run_id: str | None = None
) -> Lease | LeaseHolder:
    """Return the lease of `entity` for `holder`, or the current holder if there is one.

    run_id: the Prefect run of `holder`. If the current holder has died, its lease ends `seconds` from now at the
    latest, even if the clock that set its expiry was ahead.
    """
    expires = micros(now + timedelta(seconds=seconds))
    with state.write() as connection:
        unused = {"entity": entity, "holder": "", "fence": 0, "expires_at": 0}
        upsert(connection, leases, [unused], only_new=True)  # so that there is a row to lock
        row = connection.execute(select(leases).where(leases.c.entity == entity).with_for_update()).one()
        if row.expires_at > micros(now):
            current = _holder(row)
            if current.died and row.expires_at > expires:
                connection.execute(update(leases).where(leases.c.entity == entity).values(expires_at=expires))
                return replace(current, expires_at=instant(expires))
            return current
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
    """Return the ids of the Prefect runs that hold a lease now."""
    query = select(leases.c.run_id).where(leases.c.expires_at > micros(now), leases.c.run_id.is_not(None))
    return set(connection.execute(query).scalars())


def runs_of_entities(connection: Connection, now: datetime) -> dict[str, str]:
    """Return the id of the Prefect run that works on each entity now, by entity."""
    query = select(leases.c.entity, leases.c.run_id).where(
        leases.c.expires_at > micros(now), leases.c.run_id.is_not(None)
    )
    return {row.entity: row.run_id for row in connection.execute(query)}


def holder_of(connection: Connection, entity: str, now: datetime) -> LeaseHolder | None:
    """Return the last run that acquired the lease, marked as died if it expired; `None` if the lease was released."""
    row = connection.execute(select(leases).where(leases.c.entity == entity)).one_or_none()
    if row is None or row.expires_at == 0:
        return None
    holder = _holder(row)
    return holder if holder.expires_at > now else replace(holder, died=True)


def _holder(row: Row[Any]) -> LeaseHolder:
    process = None if row.machine is None else Process(row.machine, row.pid, row.process_started)
    return LeaseHolder(row.holder, instant(row.expires_at), died=process is not None and bool(has_ended(process)))


def renew(state: State, lease: Lease, now: datetime, seconds: float = LEASE_SECONDS) -> None:
    """Extend the lease by `seconds` from now. Raises `LeaseLost`."""
    with state.write() as connection:
        require(connection, lease)
        expires = micros(now + timedelta(seconds=seconds))
        connection.execute(update(leases).where(leases.c.entity == lease.entity).values(expires_at=expires))


def show_progress(state: State, lease: Lease, progress: str | None) -> None:
    """Store the progress of the run's sync for display; do nothing if another run holds the lease by now."""
    with state.write() as connection:
        mine = (leases.c.entity == lease.entity) & (leases.c.fence == lease.fence)
        connection.execute(update(leases).where(mine).values(progress=progress))


def progress_of_entities(connection: Connection, now: datetime) -> dict[str, str]:
    """Return the stored progress of the sync that works on each entity now, by entity."""
    query = select(leases.c.entity, leases.c.progress).where(
        leases.c.expires_at > micros(now), leases.c.progress.is_not(None)
    )
    return {row.entity: row.progress for row in connection.execute(query)}


def release(state: State, lease: Lease) -> None:
    """Release the lease; do nothing if another run holds it by now."""
    with state.write() as connection:
        mine = (leases.c.entity == lease.entity) & (leases.c.fence == lease.fence)
        connection.execute(update(leases).where(mine).values(expires_at=0))


def lock_entity(connection: Connection, entity: str) -> None:
    """Block writes of runs to the entity until the transaction ends, so that an operator action can change it."""
    connection.execute(select(leases.c.fence).where(leases.c.entity == entity).with_for_update())


def require(connection: Connection, lease: Lease) -> None:
    """Raise `LeaseLost` unless the run still holds its lease; lock the lease until the transaction ends."""
    locked = f"{_FENCE} FOR UPDATE" if connection.dialect.name == "postgresql" else _FENCE
    if driver_rows(connection, locked, (lease.entity,)) != [(lease.fence,)]:
        if (schema := unknown_schema(connection)) is not None:
            raise StateUpgraded(f"The state database {upgraded_to(schema)}")
        raise LeaseLost(
            f"Another run has taken over {lease.entity} while {lease.holder} was not heard of; "
            "this run stops without writing anything more."
        )
