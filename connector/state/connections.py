"""Replace PostgreSQL connections that were lost while idle, before a transaction begins on them.

SQLAlchemy's own `pool_pre_ping` pings the server before every transaction, which costs as much as our shortest
transactions. Here the server is pinged only in two cases: the socket has something to read, as after the server stopped
or restarted, or the connection was idle for a while, because a network may drop an idle connection silently.
"""

from __future__ import annotations

import select
from time import monotonic
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

MAX_IDLE = 10.0
"""Seconds: a connection that was idle for longer is pinged before it is used."""


def replace_lost_connections(engine: Engine) -> None:
    """Make the engine's pool replace lost connections before they are used."""

    @event.listens_for(engine, "checkin")
    def record_time(_connection: Any, record: Any) -> None:
        record.info["used_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def replace_lost(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get("used_at")
        is_new = used_at is None
        if is_new or (_is_silent(connection) and monotonic() - used_at <= MAX_IDLE):
            return
        if not _answers(engine, connection):
            raise DisconnectionError("the connection was lost while nobody used it")


def _is_silent(connection: Any) -> bool:
    """Return whether the server has certainly sent nothing since the last use. A server that closes a connection
    nearly always sends a notice.
    """
    try:
        return not connection.closed and not select.select([connection.fileno()], [], [], 0)[0]
    except ValueError:  # the process has more open files than `select` can watch
        return False


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(connection))
    except engine.dialect.loaded_dbapi.Error:
        return False
