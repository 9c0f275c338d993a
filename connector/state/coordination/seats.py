"""Acumatica sessions as the state database records them: in use, waiting, or left behind by a process that died.

A seat is lost when its process has ended. On the same machine that is seen at once; on another machine it is assumed
when the process has not reported for the length of a lease. A lost seat no longer counts here, but Acumatica counts its
session for ten more idle minutes. The row stays until then, so that a login refused because of the session limit can
report what it waits for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.coordination.process import Process, has_ended
from connector.state.schema import instant, sessions

IDLE_SECONDS = 600.0
"""Acumatica closes a session that has had no request for this long."""
_OF_HOST = select(sessions).where(sessions.c.host == bindparam("the_host"))


@dataclass(frozen=True)
class Seat:
    """A session, or a ticket of a process that waits for one. `ends_at`: when Acumatica closes it by itself."""

    slot: str
    holder: str
    process: Process | None
    asked_at: datetime
    taken_at: datetime | None
    heard_at: datetime
    ends_at: datetime

    def is_lost(self, now: datetime) -> bool:
        """Return whether its process ended without logging out."""
        if self.process is None:  # an earlier version of the connector did not store it
            return False
        ended = has_ended(self.process)
        return now - self.heard_at > timedelta(seconds=LEASE_SECONDS) if ended is None else ended


def read(connection: Connection, host: str) -> list[Seat]:
    """Return all sessions and tickets of the site."""
    rows = connection.execute(_OF_HOST, {"the_host": host}).all()
    return [
        Seat(
            row.slot,
            holder=row.holder or "a run of an earlier version",
            process=None if row.machine is None else Process(row.machine, row.pid, row.process_started),
            asked_at=instant(row.asked_at),
            taken_at=None if row.taken_at is None else instant(row.taken_at),
            heard_at=instant(row.heard_at or row.asked_at),
            ends_at=instant(row.expires_at),
        )
        for row in rows
    ]


def in_use(seats: Sequence[Seat], now: datetime) -> list[Seat]:
    """Return the sessions that count towards the limit: held by a living process and not yet closed by Acumatica."""
    return [seat for seat in seats if seat.taken_at is not None and seat.ends_at > now and not seat.is_lost(now)]


def waiting(seats: Sequence[Seat], now: datetime) -> list[Seat]:
    """Return the tickets of living processes, the longest waiting first."""
    tickets = [seat for seat in seats if seat.taken_at is None and seat.ends_at > now and not seat.is_lost(now)]
    return sorted(tickets, key=lambda ticket: (ticket.asked_at, ticket.slot))


def lost(seats: Sequence[Seat], now: datetime) -> list[Seat]:
    """Return the sessions that Acumatica may still count although their processes have ended."""
    return [seat for seat in seats if seat.taken_at is not None and seat.ends_at > now and seat.is_lost(now)]


def expired(seats: Sequence[Seat], now: datetime) -> list[str]:
    """Return the slots to delete: sessions that Acumatica has closed, and tickets of processes that ended."""
    return [seat.slot for seat in seats if seat.ends_at <= now or (seat.taken_at is None and seat.is_lost(now))]


def describe(seats: Sequence[Seat]) -> str:
    """Return the holders and since when they hold or wait."""
    return "; ".join(f"{seat.holder} (since {seat.taken_at or seat.asked_at:%H:%M:%S} UTC)" for seat in seats)


def describe_lost(seats: Sequence[Seat]) -> str:
    """Return whose sessions Acumatica still counts, and until when at the latest."""
    return "; ".join(f"{seat.holder}, until {seat.ends_at:%H:%M:%S} UTC" for seat in seats)
