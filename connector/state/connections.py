"""Connections to PostgreSQL that were lost while nobody used them: they are replaced before a transaction begins.

SQLAlchemy's own `pool_pre_ping` asks the server before every transaction, which costs as much as the shortest of ours.
Here it is asked only where the socket has something to read, as when the server ended or was restarted, and where the
connection rested for a while, because a network may drop it in silence.
"""

from __future__ import annotations

import select
from time import monotonic
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

RESTS = 10.0
"""Seconds."""


def replace_lost_connections(engine: Engine) -> None:
    """Have the engine's pool replace connections that are lost, before they are used."""

    @event.listens_for(engine, "checkin")
    def keep_when(_connection: Any, record: Any) -> None:
        record.info["used_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def replace_lost(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get("used_at")
        is_new = used_at is None
        if is_new or (_is_silent(connection) and monotonic() - used_at <= RESTS):
            return
        if not _answers(engine, connection):
            raise DisconnectionError("the connection was lost while nobody used it")


def _is_silent(connection: Any) -> bool:
    """Return whether the server has surely said nothing since: nearly always it says that it closes."""
    try:
        return not connection.closed and not select.select([connection.fileno()], [], [], 0)[0]
    except ValueError:  # a process with more open files than `select` can watch
        return False


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(connection))
    except engine.dialect.loaded_dbapi.Error:
        return False
