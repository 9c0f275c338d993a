"""Acumatica's licence holds for the installation: whatever number of processes run, they share its sessions and its
requests a minute.

Requests get their turn by one reservation each (the "next request at" of the host moves on by one interval), so waiting
is first come, first served and nobody is refused. A session slot is asked for with a ticket; the oldest ticket is
served first. A slot whose process died is free at once, on another machine after the length of a lease; one that a
living process does not use is free when Acumatica itself has closed the session. Who waits says so from the first
second, and for whom. A login that was refused is not tried again for a while, by nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, Integer, bindparam, delete, func, select, update

from connector.clock import Clock
from connector.state.coordination import hosts as hosts_rest
from connector.state.coordination import seats
from connector.state.coordination.process import this_process
from connector.state.coordination.seats import IDLE_SECONDS
from connector.state.engine import State
from connector.state.faults import StateError
from connector.state.rows import driver_rows, upsert
from connector.state.schema import hosts, instant, micros, sessions
from connector.state.text import kept_text

REFUSED_RESTS = timedelta(minutes=30)
"""Longer than the time after which Acumatica forgets a wrong password."""
_TICKET_SECONDS = 30.0
_POLL_SECONDS = 0.1
_TICKET_RENEWED = timedelta(seconds=_TICKET_SECONDS / 3)
_REFUSES = " refuses "
SAID_AGAIN = timedelta(seconds=30)
_WORTH_SAYING = timedelta(seconds=1)
_MOST_WAITING = 1_000
"""Requests: a turn behind more than these was given out by a clock that was ahead, and nobody waits for it."""
_STEADY_SHARE = 0.75  # the rest of the quota may go at once: no minute then holds more requests than the licence allows

# Run for every request to Acumatica, so on the driver.
_NEXT_TURN = "SELECT next_request_at FROM hosts WHERE host = ?"
_NEW_HOST = "INSERT INTO hosts (host) VALUES (?) ON CONFLICT (host) DO NOTHING"
_ONE_MORE = "UPDATE hosts SET requests = requests + 1, next_request_at = COALESCE(?, next_request_at) WHERE host = ?"
_HEAR = "UPDATE sessions SET heard_at = ?, expires_at = ? WHERE slot = ?"
_TAKE = "UPDATE sessions SET taken_at = ?, expires_at = ? WHERE slot = ?"
_NAMED = select(hosts.c.host).where(
    func.substr(hosts.c.host, 1, bindparam("length", type_=Integer)) == bindparam("begin")
)


@dataclass(frozen=True)
class SharedLicence:
    """The licence of one Acumatica site, shared through the state database.

    `host` names the site; `session_limit` is its number of API users, `requests_per_minute` its quota (0: unlimited).
    `by_hand`: a person asks, so a login that was refused before is tried. `holder` names who asks to others that wait;
    `report` gets a message about what is waited for.
    """

    state: State
    clock: Clock
    host: str
    session_limit: int
    requests_per_minute: int
    by_hand: bool = False
    holder: str = "a process"
    report: Callable[[str], object] = lambda _reported: None
    _reported_at: dict[str, datetime] = field(default_factory=dict)

    async def acquire_session(self) -> str:
        """Wait for a free session slot; the longest waiting is served first. Return the slot."""
        slot = str(uuid.uuid4())
        while not self._taken(slot):
            renewed_at = self.clock.now()
            self._report_reason(slot)
            await self.clock.sleep(_POLL_SECONDS)
            while not self._is_next(slot) and self.clock.now() - renewed_at < _TICKET_RENEWED:
                await self.clock.sleep(_POLL_SECONDS)
        return slot

    async def still_used(self, slot: str) -> None:
        """Show processes on other machines that this one is alive."""
        with suppress(StateError):  # a database that is away for a moment: the seat outlasts several of these
            await asyncio.to_thread(self._hear_of, slot)

    async def release_session(self, slot: str) -> None:
        """Free the slot, after the session was logged out."""
        with self.state.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.slot == slot))

    async def acquire_request(self, slot: str) -> None:
        """Wait for the turn of one request, and keep the session's slot alive."""
        now = self.clock.now()
        turn = await asyncio.to_thread(self._reserve, slot, now)  # the disk is waited for, others go on
        if turn - now >= _WORTH_SAYING:
            self._report_waiting_for_turn(slot, (turn - now).total_seconds())
        await self.clock.sleep((turn - now).total_seconds())

    async def session_wanted(self) -> bool:
        """Return whether somebody waits for a session that is not free."""
        return bool(seats.waiting(self._seats(), self.clock.now()))

    async def counted_until(self) -> datetime | None:
        """Return until when Acumatica may count sessions of processes that have died; None where none is known."""
        left = seats.lost(self._seats(), self.clock.now())
        return max((one.ends_at for one in left), default=None)

    async def limit_was_met(self, refusal: str) -> str:
        """Return a message: Acumatica refuses another session, whose sessions it may still count, and what to do."""
        left = seats.lost(self._seats(), self.clock.now())
        known = (
            f"It still counts sessions of processes that ended without logging out: {seats.describe_lost(left)} "
            "(at the latest: it closes a session after ten idle minutes)."
            if left
            else "Nothing of this connector that died is known to hold one: another program uses Acumatica's sessions, "
            "or the licence allows fewer than Sessions says (A2M_ACUMATICA__SESSIONS)."
        )
        words = (
            f"{refusal} {known} Who is signed in is seen in Acumatica on License Monitoring Console (SM604000); "
            "a session that ends there, or a program that logs out, makes room at once."
        )
        self._report("limit", f"Waiting for Acumatica to let us in: {words}")
        return words

    async def refused_until(self, as_whom: str) -> datetime | None:
        """Return until when a login that was refused is not tried again; none if it may be tried."""
        until = None if self.by_hand else self._kept_refusal(as_whom)
        return None if until is None or until <= self.clock.now() else until

    async def login_answered(self, as_whom: str, *, refused: bool) -> None:
        """Record that this login was refused, for all processes; or forget that it ever was."""
        if refused:
            hosts_rest.block(self.state, self._refused(as_whom), self.clock.now() + REFUSED_RESTS)
        elif self._kept_refusal(as_whom) is not None:
            with self.state.write() as connection:
                connection.execute(delete(hosts).where(hosts.c.host == self._refused(as_whom)))

    def _kept_refusal(self, as_whom: str) -> datetime | None:
        begin = self._refused()
        with self.state.read() as connection:
            names = connection.execute(_NAMED, {"begin": begin, "length": len(begin)}).scalars().all()
            return hosts_rest.blocked_until(connection, self._refused(as_whom)) if names else None

    def _refused(self, as_whom: str | None = None) -> str:
        """Return the name under which a refused login is kept. It tells a login from another one, and not what it is:
        32 bits of a slow hash fit very many passwords.
        """
        if as_whom is None:
            return f"{self.host}{_REFUSES}"
        return f"{self._refused()}{_digest(as_whom, self.host)}"

    def _seats(self) -> list[seats.Seat]:
        with self.state.read() as connection:
            return seats.read(connection, self.host)

    def _is_next(self, slot: str) -> bool:
        """Return whether it is this slot's turn, as far as a read tells: a waiting process does not write all
        the time.
        """
        return slot in self._served_next(self._seats())

    def _served_next(self, known: list[seats.Seat]) -> set[str]:
        """Return the waiting slots for which a session is free, the longest waiting first."""
        now = self.clock.now()
        free = self.session_limit - len(seats.in_use(known, now))
        return {one.slot for one in seats.waiting(known, now)[: max(0, free)]}

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
            _hear(connection, slot, now, _TICKET_SECONDS)
            known = seats.read(connection, self.host)
            if over := seats.over(known, now):
                connection.execute(delete(sessions).where(sessions.c.slot.in_(over)))
            if slot not in self._served_next(known):
                return False
            driver_rows(connection, _TAKE, (micros(now), _after(now, IDLE_SECONDS), slot))
            return True

    def _hear_of(self, slot: str) -> None:
        with self.state.write() as connection:
            mine = update(sessions).where(sessions.c.slot == slot)
            connection.execute(mine.values(heard_at=micros(self.clock.now())))

    def _report_reason(self, slot: str) -> None:
        known, now = self._seats(), self.clock.now()
        before = [one for one in seats.waiting(known, now) if one.slot != slot]
        rest = f" Waiting too: {seats.named(before)}." if before else ""
        self._report(
            "session",
            f"Waiting for one of the {self.session_limit} sessions with Acumatica that the connector may hold at once "
            f"(Sessions, A2M_ACUMATICA__SESSIONS). In use by: {seats.named(seats.in_use(known, now))}.{rest}",
        )

    def _report_waiting_for_turn(self, slot: str, seconds: float) -> None:
        others = [one for one in seats.in_use(self._seats(), self.clock.now()) if one.slot != slot]
        rest = f" Shared with: {seats.named(others)}." if others else ""
        self._report(
            "turn",
            f"Waiting {seconds:,.0f} s for a turn: Acumatica's licence allows {self.requests_per_minute:,} requests a "
            f"minute (Requests per minute, A2M_ACUMATICA__REQUESTS_PER_MINUTE).{rest}",
        )

    def _report(self, what: str, words: str) -> None:
        """Report it now, and again only after a while."""
        now, before = self.clock.now(), self._reported_at.get(what)
        if before is None or now - before >= SAID_AGAIN:
            self._reported_at[what] = now
            self.report(words)

    def _reserve(self, slot: str, now: datetime) -> datetime:
        with self.state.write() as connection:
            row = self._lock(connection)
            _hear(connection, slot, now, IDLE_SECONDS)
            if self.requests_per_minute == 0:
                driver_rows(connection, _ONE_MORE, (None, kept_text(self.host)))
                return now
            interval = timedelta(minutes=1) / (self.requests_per_minute * _STEADY_SHARE)
            burst = interval * max(0.0, self.requests_per_minute * (1 - _STEADY_SHARE) - 1)
            planned = now if row is None else max(now, instant(row))
            if planned - now > interval * _MOST_WAITING:
                planned = now
            driver_rows(connection, _ONE_MORE, (micros(planned + interval), kept_text(self.host)))
            return max(now, planned - burst)

    def _lock(self, connection: Connection) -> int | None:
        """Let nobody else decide on this site's licence until the transaction ends; return the next free turn."""
        host = kept_text(self.host)
        locking = f"{_NEXT_TURN} FOR UPDATE" if connection.dialect.name == "postgresql" else _NEXT_TURN
        found = driver_rows(connection, locking, (host,))
        if not found:
            driver_rows(connection, _NEW_HOST, (host,))
            found = driver_rows(connection, locking, (host,))
        turn: int | None = found[0][0]
        return turn


@dataclass(frozen=True)
class LicenceUse:
    """What is used of a site's licence: how many requests were sent to it since the state was made, how many sessions
    are in use, and how many processes wait for one.
    """

    requests: int
    sessions: int
    waiting: int


def licence_use(connection: Connection, host: str, now: datetime) -> LicenceUse:
    """Return what is used of the licence of a site."""
    sent = connection.execute(select(hosts.c.requests).where(hosts.c.host == host)).scalar()
    known = seats.read(connection, host)
    return LicenceUse(sent or 0, len(seats.in_use(known, now)), len(seats.waiting(known, now)))


def forget(connection: Connection, before: datetime) -> int:
    """Forget sessions and refused logins that were over before then; return how many. A host is a lock, and stays."""
    left = delete(sessions).where(sessions.c.expires_at < micros(before))
    refusal = hosts.c.host.contains(_REFUSES, autoescape=True)
    tried_again = delete(hosts).where(refusal, hosts.c.blocked_until < micros(before))
    return connection.execute(left).rowcount + connection.execute(tried_again).rowcount


@lru_cache(maxsize=16)
def _digest(as_whom: str, host: str) -> str:
    """Return what a login is known by. A process has few, and asks at every login after one was refused."""
    return hashlib.scrypt(as_whom.encode(), salt=host.encode(), n=2**14, r=8, p=1, dklen=4).hex()


def _hear(connection: Connection, slot: str, now: datetime, seconds: float) -> None:
    """Record that the process of a slot lives, and for how long the slot is kept."""
    driver_rows(connection, _HEAR, (micros(now), _after(now, seconds), slot))


def _after(now: datetime, seconds: float) -> int:
    return micros(now + timedelta(seconds=seconds))
