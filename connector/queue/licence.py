"""Acumatica's licence holds for the installation: whatever number of processes run, they share its sessions and its
requests a minute.

Requests get their turn by one reservation each (the "next request at" of the host moves on by one interval), so waiting
is first come, first served and nobody is refused. A session slot is asked for with a ticket; the oldest ticket is
served first. A slot that nobody gives back (its process died) is free again when Acumatica itself has closed the
session: after ten idle minutes. A login that was refused is not tried again for a while, by nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from connector.clock import Clock
from connector.queue import messages
from connector.queue.engine import State
from connector.queue.rows import upsert
from connector.queue.tables import hosts, instant, micros, sessions

IDLE_SECONDS = 600.0
REFUSED_RESTS = timedelta(minutes=30)
"""Longer than the time after which Acumatica forgets a wrong password."""
_TICKET_SECONDS = 30.0
_POLL_SECONDS = 0.1
_TICKET_RENEWED = timedelta(seconds=_TICKET_SECONDS / 3)
_REFUSES = " refuses "
_STEADY_SHARE = 0.75  # the rest of the quota may go at once: no minute then holds more requests than the licence allows


@dataclass(frozen=True)
class SharedLicence:
    """The licence of one Acumatica site, shared through the state database.

    `host` names the site; `session_limit` is its number of API users, `requests_per_minute` its quota (0: unlimited).
    `by_hand`: a person asks, so a login that was refused before is tried.
    """

    state: State
    clock: Clock
    host: str
    session_limit: int
    requests_per_minute: int
    by_hand: bool = False

    async def take_session(self) -> str:
        """Wait for a free session slot; the longest waiting is served first. Gives the slot."""
        slot = str(uuid.uuid4())
        while not self._taken(slot):
            renewed_at = self.clock.now()
            await self.clock.sleep(_POLL_SECONDS)
            while not self._is_next(slot) and self.clock.now() - renewed_at < _TICKET_RENEWED:
                await self.clock.sleep(_POLL_SECONDS)
        return slot

    async def give_session_back(self, slot: str) -> None:
        """Free the slot, after the session was logged out."""
        with self.state.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.slot == slot))

    async def take_request(self, slot: str) -> None:
        """Wait for the turn of one request, and keep the session's slot alive."""
        now = self.clock.now()
        turn = await asyncio.to_thread(self._reserve, slot, now)  # the disk is waited for, others go on
        await self.clock.sleep((turn - now).total_seconds())

    async def session_wanted(self) -> bool:
        """Whether somebody waits for a session that is not free."""
        with self.state.read() as connection:
            waiting = and_(
                sessions.c.host == self.host,
                sessions.c.taken_at.is_(None),
                sessions.c.expires_at > micros(self.clock.now()),
            )
            return connection.execute(select(func.count()).select_from(sessions).where(waiting)).scalar_one() > 0

    async def refused_until(self, as_whom: str) -> datetime | None:
        """Until when a login that was refused is not tried again; none if it may be tried."""
        until = None if self.by_hand else self._kept_refusal(as_whom)
        return None if until is None or until <= self.clock.now() else until

    async def login_answered(self, as_whom: str, *, refused: bool) -> None:
        """Keep that this login was refused, for all processes; or forget that it ever was."""
        if refused:
            messages.block_host(self.state, self._refused(as_whom), self.clock.now() + REFUSED_RESTS)
        elif self._kept_refusal(as_whom) is not None:
            with self.state.write() as connection:
                connection.execute(delete(hosts).where(hosts.c.host == self._refused(as_whom)))

    def _kept_refusal(self, as_whom: str) -> datetime | None:
        named = func.substr(hosts.c.host, 1, len(self._refused())) == self._refused()
        with self.state.read() as connection:
            names = connection.execute(select(hosts.c.host).where(named)).scalars().all()
            return messages.blocked_until(connection, self._refused(as_whom)) if names else None

    def _refused(self, as_whom: str | None = None) -> str:
        """The name under which a refused login is kept. It tells a login from another one, and not what it is: 32 bits
        of a slow hash fit very many passwords.
        """
        if as_whom is None:
            return f"{self.host}{_REFUSES}"
        digest = hashlib.scrypt(as_whom.encode(), salt=self.host.encode(), n=2**14, r=8, p=1, dklen=4)
        return f"{self._refused()}{digest.hex()}"

    def _is_next(self, slot: str) -> bool:
        """Whether it is this slot's turn, as far as a read tells: whoever waits does not write all the time."""
        with self.state.read() as connection:
            return slot in self._served_next(connection, sessions.c.expires_at > micros(self.clock.now()))

    def _served_next(self, connection: Connection, *kept: ColumnElement[bool]) -> set[str]:
        """The waiting slots for which a session is free, the longest waiting first."""
        here = and_(sessions.c.host == self.host, *kept)
        in_use = select(func.count()).select_from(sessions).where(here, sessions.c.taken_at.is_not(None))
        free = self.session_limit - connection.execute(in_use).scalar_one()
        queue = select(sessions.c.slot).where(here, sessions.c.taken_at.is_(None))
        ordered = queue.order_by(sessions.c.asked_at, sessions.c.slot).limit(max(0, free))
        return set(connection.execute(ordered).scalars())

    def _taken(self, slot: str) -> bool:
        now = self.clock.now()
        with self.state.write() as connection:
            self._lock(connection)
            ticket = {"slot": slot, "host": self.host, "asked_at": micros(now), "expires_at": micros(now)}
            upsert(connection, sessions, [ticket], only_new=True)
            here = sessions.c.host == self.host
            left = here & (sessions.c.expires_at <= micros(now)) & (sessions.c.slot != slot)
            connection.execute(delete(sessions).where(left))
            mine = update(sessions).where(sessions.c.slot == slot)
            if slot not in self._served_next(connection):
                connection.execute(mine.values(expires_at=_after(now, _TICKET_SECONDS)))
                return False
            connection.execute(mine.values(taken_at=micros(now), expires_at=_after(now, IDLE_SECONDS)))
            return True

    def _reserve(self, slot: str, now: datetime) -> datetime:
        with self.state.write() as connection:
            row = self._lock(connection)
            mine = update(sessions).where(sessions.c.slot == slot)
            connection.execute(mine.values(expires_at=_after(now, IDLE_SECONDS)))
            if self.requests_per_minute == 0:
                return now
            interval = timedelta(minutes=1) / (self.requests_per_minute * _STEADY_SHARE)
            burst = interval * max(0.0, self.requests_per_minute * (1 - _STEADY_SHARE) - 1)
            planned = now if row is None else max(now, instant(row))
            upsert(connection, hosts, [{"host": self.host, "next_request_at": micros(planned + interval)}])
            return max(now, planned - burst)

    def _lock(self, connection: Connection) -> int | None:
        """Let nobody else decide on this site's licence until the transaction ends; gives the next free turn."""
        upsert(connection, hosts, [{"host": self.host}], only_new=True)
        row = select(hosts.c.next_request_at).where(hosts.c.host == self.host).with_for_update()
        return connection.execute(row).scalar()


def forget(connection: Connection, before: datetime) -> int:
    """Forget sessions and refused logins that were over before then; gives how many. A host is a lock, and stays."""
    left = delete(sessions).where(sessions.c.expires_at < micros(before))
    refusal = hosts.c.host.contains(_REFUSES, autoescape=True)
    tried_again = delete(hosts).where(refusal, hosts.c.blocked_until < micros(before))
    return connection.execute(left).rowcount + connection.execute(tried_again).rowcount


def _after(now: datetime, seconds: float) -> int:
    return micros(now + timedelta(seconds=seconds))
