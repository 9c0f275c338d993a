"""What people did in the workspace: who, when, and what in words. Rows are added and read, never changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from connector.state.engine import State
from connector.state.schema import audit, instant, micros


@dataclass(frozen=True)
class Done:
    """One thing that somebody did. `action` is its code; `entity`: which one it was about, where it was about one."""

    number: int
    at: datetime
    who: str
    action: str
    entity: str | None
    text: str


def write(state: State, who: str, action: str, text: str, now: datetime, entity: str | None = None) -> int:
    """Keep that somebody did this; return its number."""
    row = {"at": micros(now), "who": who, "action": action, "entity": entity, "said": text}
    with state.write() as connection:
        return int(connection.execute(insert(audit).values(row).returning(audit.c.id)).scalar_one())


def read(connection: Connection, number: int) -> Done | None:
    """Return one entry."""
    row = connection.execute(select(audit).where(audit.c.id == number)).one_or_none()
    return None if row is None else _done(row)


def newest(connection: Connection, actions: Collection[str] = (), limit: int = 50) -> list[Done]:
    """Return the last things that were done, the newest first; `actions`: only these."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if actions:
        query = query.where(audit.c.action.in_(list(actions)))
    return [_done(row) for row in connection.execute(query)]


def _done(row: Any) -> Done:
    return Done(row.id, instant(row.at), row.who, row.action, row.entity, row.said)
