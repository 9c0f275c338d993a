"""The limits of Acumatica's licence, sessions and requests per minute, shared by all processes of the installation.

Each request reserves its turn by moving the host's `next_request_at` forward by one interval, so turns are first come,
first served and no request is refused. Turns that come within half a second and need no wait are reserved together
(ADR 0062). A process that needs a session slot creates a ticket, and the oldest ticket is
served first. The slot of a process that died is free at once, or after the length of a lease if the process ran on
another machine. The slot of an idle process is free when Acumatica has closed its session. A process that waits reports
what it waits for within a second. After a refused login no process tries the same login again for a while.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, Integer, bindparam, delete, func, select, update

from connector.clock import Clock
from connector.state.coordination import hosts as blocked_hosts
from connector.state.coordination import seats
from connector.state.coordination.process import this_process
from connector.state.coordination.seats import IDLE_SECONDS
from connector.state.engine import State
from connector.state.faults import StateError
from connector.state.rows import driver_rows, upsert
from connector.state.schema import hosts, instant, micros, sessions
from connector.state.text import kept_text

REFUSED_LOGIN_PAUSE = timedelta(minutes=30)
"""Longer than the time after which Acumatica forgets a wrong password."""
_TICKET_SECONDS = 30.0
_POLL_SECONDS = 0.1
_TICKET_RENEWAL = timedelta(seconds=_TICKET_SECONDS / 3)
_REFUSES = " refuses "
REPORT_INTERVAL = timedelta(seconds=30)
_SHORTEST_REPORTED_WAIT = timedelta(seconds=1)
_MOST_TURNS_AHEAD = 1_000
"""A turn that is further ahead than a burst and this many requests was reserved by a clock that was ahead; it is
ignored.
"""
_TOGETHER = timedelta(seconds=0.5)
"""Turns of so short a time are reserved together, and expire unused after it."""
_STEADY_SHARE = 0.75  # the rest of the quota may be used in a burst; no minute then exceeds the licence

# These run again and again while Acumatica is read, so they bypass SQLAlchemy.
_NEXT_TURN = "SELECT next_request_at FROM hosts WHERE host = ?"
_NEW_HOST = "INSERT INTO hosts (host) VALUES (?) ON CONFLICT (host) DO NOTHING"
_RESERVE = "UPDATE hosts SET requests = requests + ?, next_request_at = COALESCE(?, next_request_at) WHERE host = ?"
_RENEW = "UPDATE sessions SET heard_at = ?, expires_at = ? WHERE slot = ?"
_TAKE = "UPDATE sessions SET taken_at = ?, expires_at = ? WHERE slot = ?"
_REFUSED_LOGINS = select(hosts.c.host).where(
    func.substr(hosts.c.host, 1, bindparam("length", type_=Integer)) == bindparam("prefix")
)


@dataclass
class _Reserved:
    """The turns that this process reserved and did not use yet: how many, and until when they may be used; and how many
    requests used one and are not counted yet.
    """

    left: float = 0
    until: datetime | None = None
    uncounted: int = 0


@dataclass(frozen=True)
class SharedLicence:
    """The licence of one Acumatica site, shared through the state database.

    host: the site. session_limit: its number of API users. requests_per_minute: its quota; 0 is unlimited. by_hand: a
    person started this, so a login that was refused before is tried again. holder: how this process is described to
    others that wait. report: called with a message about what this process waits for.
    """

    state: State
    clock: Clock
    host: str
    session_limit: int
    requests_per_minute: int
    by_hand: bool = False
    holder: str = "a process"
    report: Callable[[str], object] = lambda _message: None
    _reported_at: dict[str, datetime] = field(default_factory=dict)
    _reserved: _Reserved = field(default_factory=_Reserved)

    async def acquire_session(self) -> str:
        """Wait for a free session slot, in the order of the tickets, and return it."""
        slot = str(uuid.uuid4())
        while not self._taken(slot):
            renewed_at = self.clock.now()
            self._report_reason(slot)
            await self.clock.sleep(_POLL_SECONDS)
            while not self._is_next(slot) and self.clock.now() - renewed_at < _TICKET_RENEWAL:
                await self.clock.sleep(_POLL_SECONDS)
        return slot

    async def still_used(self, slot: str) -> None:
        """Show processes on other machines that the process of this slot is alive."""
        with suppress(StateError):  # the database may be away for a moment: the seat outlasts several missed calls
            await asyncio.to_thread(self._report_alive, slot)

    async def release_session(self, slot: str) -> None:
        """Free the slot after the session was logged out, and count the requests that are not counted yet."""
        uncounted, self._reserved.uncounted = self._reserved.uncounted, 0
        with self.state.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.slot == slot))
            if uncounted:
                driver_rows(connection, _RESERVE, (uncounted, None, kept_text(self.host)))

    async def acquire_request(self, slot: str) -> None:
        """Wait for the turn of one request. Where turns have to be reserved, the session's slot is renewed."""
        now, reserved = self.clock.now(), self._reserved
        if reserved.left > 0 and reserved.until is not None and now < reserved.until:
            reserved.left -= 1
            reserved.uncounted += 1
            return
        count, reserved.uncounted = reserved.uncounted + 1, 0
        # in a thread: it waits for the disk, and on SQLite for a chunk that is being committed
        turn, reserved.left = await asyncio.to_thread(self._reserve, slot, now, count)
        reserved.until = now + _TOGETHER
        if turn - now >= _SHORTEST_REPORTED_WAIT:
            self._report_waiting_for_turn(slot, (turn - now).total_seconds())
        await self.clock.sleep((turn - now).total_seconds())

    async def session_wanted(self) -> bool:
        """Return whether another process waits for a session."""
        return bool(seats.waiting(self._seats(), self.clock.now()))

    async def counted_until(self) -> datetime | None:
        """Return until when Acumatica may count sessions of processes that died; `None` if there are none."""
        lost = seats.lost(self._seats(), self.clock.now())
        return max((seat.ends_at for seat in lost), default=None)

    async def limit_was_met(self, refusal: str) -> str:
        """Report that Acumatica refuses another session, and return the message: which sessions it may still count, and
        what to do.
        """
        lost = seats.lost(self._seats(), self.clock.now())
        known = (
            f"It still counts sessions of processes that ended without logging out: {seats.describe_lost(lost)} "
            "(at the latest: it closes a session after ten idle minutes)."
            if lost
            else "Nothing of this connector that died is known to hold one: another program uses Acumatica's sessions, "
            "or the licence allows fewer than Sessions says (A2M_ACUMATICA__SESSIONS)."
        )
        message = (
            f"{refusal} {known} Who is signed in is seen in Acumatica on License Monitoring Console (SM604000); "
            "a session that ends there, or a program that logs out, makes room at once."
        )
        self._report("limit", f"Waiting for Acumatica to let us in: {message}")
        return message

    async def refused_until(self, as_whom: str) -> datetime | None:
        """Return until when a refused login is not tried again; `None` if it may be tried now."""
        until = None if self.by_hand else self._refusal_ends_at(as_whom)
        return None if until is None or until <= self.clock.now() else until

    async def login_answered(self, as_whom: str, *, refused: bool) -> None:
        """Record for all processes that this login was refused, or delete that record after it succeeded."""
        if refused:
            blocked_hosts.block(self.state, self._refusal_key(as_whom), self.clock.now() + REFUSED_LOGIN_PAUSE)
        elif self._refusal_ends_at(as_whom) is not None:
            with self.state.write() as connection:
                connection.execute(delete(hosts).where(hosts.c.host == self._refusal_key(as_whom)))

    def _refusal_ends_at(self, as_whom: str) -> datetime | None:
        prefix = self._refusal_key()
        with self.state.read() as connection:
            names = connection.execute(_REFUSED_LOGINS, {"prefix": prefix, "length": len(prefix)}).scalars().all()
            return blocked_hosts.blocked_until(connection, self._refusal_key(as_whom)) if names else None

    def _refusal_key(self, as_whom: str | None = None) -> str:
        """Return the key of a refused login, or without `as_whom` the prefix of all of them.

        The key distinguishes logins without revealing them: very many passwords share 32 bits of a slow hash.
        """
        if as_whom is None:
            return f"{self.host}{_REFUSES}"
        return f"{self._refusal_key()}{_digest(as_whom, self.host)}"

    def _seats(self) -> list[seats.Seat]:
        with self.state.read() as connection:
            return seats.read(connection, self.host)

    def _is_next(self, slot: str) -> bool:
        """Return whether the slot would be served now. This only reads, so that waiting processes rarely write."""
        return slot in self._served_next(self._seats())

    def _served_next(self, known: list[seats.Seat]) -> set[str]:
        """Return the waiting slots for which a session is free."""
        now = self.clock.now()
        free = self.session_limit - len(seats.in_use(known, now))
        return {ticket.slot for ticket in seats.waiting(known, now)[: max(0, free)]}

    def _taken(self, slot: str) -> bool:
        now, process = self.clock.now(), this_process()
        ticket = {
            "slot": slot,
            "host": self.host,
            "asked_at": micros(now),
            "expires_at": _after(now, _TICKET_SECONDS),
            "machine": process.machine,
            "pid": process.pid,
            "process_started": process.started,
            "holder": self.holder,
            "heard_at": micros(now),
        }
        with self.state.write() as connection:
            self._lock(connection)
            upsert(connection, sessions, [ticket], only_new=True)
            _renew(connection, slot, now, _TICKET_SECONDS)
            known = seats.read(connection, self.host)
            if expired := seats.expired(known, now):
                connection.execute(delete(sessions).where(sessions.c.slot.in_(expired)))
            if slot not in self._served_next(known):
                return False
            driver_rows(connection, _TAKE, (micros(now), _after(now, IDLE_SECONDS), slot))
            return True

    def _report_alive(self, slot: str) -> None:
        with self.state.write() as connection:
            alive = update(sessions).where(sessions.c.slot == slot).values(heard_at=micros(self.clock.now()))
            connection.execute(alive)

    def _report_reason(self, slot: str) -> None:
        known, now = self._seats(), self.clock.now()
        in_use = seats.describe(seats.in_use(known, now))
        others = [ticket for ticket in seats.waiting(known, now) if ticket.slot != slot]
        also_waiting = f" Waiting too: {seats.describe(others)}." if others else ""
        self._report(
            "session",
            f"Waiting for one of the {self.session_limit} sessions with Acumatica that the connector may hold at once "
            f"(Sessions, A2M_ACUMATICA__SESSIONS). In use by: {in_use}.{also_waiting}",
        )

    def _report_waiting_for_turn(self, slot: str, seconds: float) -> None:
        others = [seat for seat in seats.in_use(self._seats(), self.clock.now()) if seat.slot != slot]
        shared = f" Shared with: {seats.describe(others)}." if others else ""
        self._report(
            "turn",
            f"Waiting {seconds:,.0f} s for a turn: Acumatica's licence allows {self.requests_per_minute:,} requests a "
            f"minute (Requests per minute, A2M_ACUMATICA__REQUESTS_PER_MINUTE).{shared}",
        )

    def _report(self, topic: str, message: str) -> None:
        """Report the message unless the topic was reported less than `REPORT_INTERVAL` ago."""
        now, last = self.clock.now(), self._reported_at.get(topic)
        if last is None or now - last >= REPORT_INTERVAL:
            self._reported_at[topic] = now
            self.report(message)

    def _reserve(self, slot: str, now: datetime, count: int) -> tuple[datetime, float]:
        """Reserve the turn of a request and those after it that come within `_TOGETHER` without a wait. Return it, and
        how many come after it. `count`: the requests to add to those of the host.
        """
        with self.state.write() as connection:
            next_turn = self._lock(connection)
            _renew(connection, slot, now, IDLE_SECONDS)
            if self.requests_per_minute == 0:
                driver_rows(connection, _RESERVE, (count, None, kept_text(self.host)))
                return now, math.inf
            interval = timedelta(minutes=1) / (self.requests_per_minute * _STEADY_SHARE)
            together = max(1, _TOGETHER // interval)
            burst = interval * max(0.0, self.requests_per_minute * (1 - _STEADY_SHARE) - together)
            planned = now if next_turn is None else max(now, instant(next_turn))
            if planned - now > burst + interval * _MOST_TURNS_AHEAD:
                planned = now
            turns = together if planned + interval * (together - 1) - burst <= now else 1
            driver_rows(connection, _RESERVE, (count, micros(planned + interval * turns), kept_text(self.host)))
            return max(now, planned - burst), turns - 1

    def _lock(self, connection: Connection) -> int | None:
        """Lock the licence of this site until the transaction ends; return the next free turn."""
        host = kept_text(self.host)
        locking = f"{_NEXT_TURN} FOR UPDATE" if connection.dialect.name == "postgresql" else _NEXT_TURN
        rows = driver_rows(connection, locking, (host,))
        if not rows:
            driver_rows(connection, _NEW_HOST, (host,))
            rows = driver_rows(connection, locking, (host,))
        next_turn: int | None = rows[0][0]
        return next_turn


@dataclass(frozen=True)
class LicenceUse:
    """The use of a site's licence: requests since the state database was created, sessions in use, and processes that
    wait for one.
    """

    requests: int
    sessions: int
    waiting: int


def licence_use(connection: Connection, host: str, now: datetime) -> LicenceUse:
    """Return the use of the licence of a site."""
    sent = connection.execute(select(hosts.c.requests).where(hosts.c.host == host)).scalar()
    known = seats.read(connection, host)
    return LicenceUse(sent or 0, len(seats.in_use(known, now)), len(seats.waiting(known, now)))


def forget(connection: Connection, before: datetime) -> int:
    """Delete sessions and refused logins that ended before then; return how many. Hosts stay: their rows are locks."""
    ended = delete(sessions).where(sessions.c.expires_at < micros(before))
    is_refusal = hosts.c.host.contains(_REFUSES, autoescape=True)
    refusals = delete(hosts).where(is_refusal, hosts.c.blocked_until < micros(before))
    return connection.execute(ended).rowcount + connection.execute(refusals).rowcount


@lru_cache(maxsize=16)
def _digest(as_whom: str, host: str) -> str:
    """Return a short slow hash of a login. Cached: it is needed at every login after one was refused."""
    return hashlib.scrypt(as_whom.encode(), salt=host.encode(), n=2**14, r=8, p=1, dklen=4).hex()


def _renew(connection: Connection, slot: str, now: datetime, seconds: float) -> None:
    """Record that the process of a slot is alive, and extend the slot by `seconds`."""
    driver_rows(connection, _RENEW, (micros(now), _after(now, seconds), slot))


def _after(now: datetime, seconds: float) -> int:
    return micros(now + timedelta(seconds=seconds))
