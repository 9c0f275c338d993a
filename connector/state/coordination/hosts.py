"""Hosts that asked for no requests until an instant (`Retry-After`); all processes comply."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, update

from connector.state.engine import State
from connector.state.rows import driver_rows, upsert
from connector.state.schema import hosts, instant, micros
from connector.state.text import kept_text

_BLOCKED_UNTIL = "SELECT blocked_until FROM hosts WHERE host = ?"


def block(state: State, host: str, until: datetime) -> None:
    """Record that the host asked for no request before `until`; a later instant that is already recorded stays."""
    with state.write() as connection:
        upsert(connection, hosts, [{"host": host}], only_new=True)
        earlier = func.coalesce(hosts.c.blocked_until, 0) < micros(until)
        connection.execute(update(hosts).where(hosts.c.host == host, earlier).values(blocked_until=micros(until)))


def blocked_until(connection: Connection, host: str) -> datetime | None:
    """Return until when the host asked for no requests; `None` if it did not."""
    rows = driver_rows(connection, _BLOCKED_UNTIL, (kept_text(host),))
    until = rows[0][0] if rows else None
    return None if until is None else instant(until)
