"""The sessions of Acumatica as the state database knows them: who uses one, who waits, and whose process has died.

A seat is lost when its process is gone: at once on the same machine, elsewhere when nothing was heard of the process
for as long as a lease lasts. It then no longer counts here. Acumatica counts its session for ten idle minutes more, so
the row stays until then, so that a login that is refused for the limit can report what it waits for.
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
"""After so long without a request Acumatica closes a session by itself."""
_OF_HOST = select(sessions).where(sessions.c.host == bindparam("the_host"))


@dataclass(frozen=True)
class Seat:
    """One session, or the ticket of somebody who waits for one. `ends_at`: when Acumatica itself has closed it."""

    slot: str
    holder: str
    process: Process | None
    asked_at: datetime
    taken_at: datetime | None
    heard_at: datetime
    ends_at: datetime

    def is_lost(self, now: datetime) -> bool:
        """Return whether its process has died without logging out."""
        if self.process is None:  # an earlier version of the connector did not store it
            return False
        gone = has_ended(self.process)
        return now - self.heard_at > timedelta(seconds=LEASE_SECONDS) if gone is None else gone


def read(connection: Connection, host: str) -> list[Seat]:
    """Return every seat and ticket of the site."""
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
    """Return those that count: taken, by a process that lives as far as can be told, and not yet closed by
    Acumatica.
    """
    return [one for one in seats if one.taken_at is not None and one.ends_at > now and not one.is_lost(now)]


def waiting(seats: Sequence[Seat], now: datetime) -> list[Seat]:
    """Return the tickets, the longest waiting first."""
    open_tickets = [one for one in seats if one.taken_at is None and one.ends_at > now and not one.is_lost(now)]
    return sorted(open_tickets, key=lambda one: (one.asked_at, one.slot))


def lost(seats: Sequence[Seat], now: datetime) -> list[Seat]:
    """Return sessions that Acumatica may still count although their processes have died."""
    return [one for one in seats if one.taken_at is not None and one.ends_at > now and one.is_lost(now)]


def over(seats: Sequence[Seat], now: datetime) -> list[str]:
    """Return the slots of which nothing is left: tickets of the dead, and what Acumatica has closed."""
    return [one.slot for one in seats if one.ends_at <= now or (one.taken_at is None and one.is_lost(now))]


def named(seats: Sequence[Seat]) -> str:
    """Return who they are, for a person."""
    return "; ".join(f"{one.holder} (since {one.taken_at or one.asked_at:%H:%M:%S} UTC)" for one in seats)


def describe_lost(seats: Sequence[Seat]) -> str:
    """Return whose sessions Acumatica still counts, and until when at the latest."""
    return "; ".join(f"{one.holder}, until {one.ends_at:%H:%M:%S} UTC" for one in seats)
