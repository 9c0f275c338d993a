"""The audit log of the workspace: who did what, and when. Rows are added and read, never changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from connector.state.engine import State
from connector.state.schema import audit, instant, micros

MOST_MESSAGES = 100
"""An entry about more messages than this does not list its messages."""


class Named(NamedTuple):
    """A reference to a message: its target and sequence number, and its place, for the case that these are gone."""

    target: int
    seq: int
    entity: str
    key: str
    source: str


@dataclass(frozen=True)
class Done:
    """One entry. `action`: its code. `entity`: `None` if the action was not about one. `messages`: those that it was
    about, if they were at most `MOST_MESSAGES`.
    """

    number: int
    at: datetime
    who: str
    action: str
    entity: str | None
    text: str
    messages: Sequence[Named] = ()


def write(
    state: State,
    who: str,
    action: str,
    text: str,
    now: datetime,
    entity: str | None = None,
    messages: Sequence[Named] = (),
) -> int:
    """Add an entry; return its number."""
    few = json.dumps(list(messages)) if 0 < len(messages) <= MOST_MESSAGES else None
    row = {"at": micros(now), "who": who, "action": action, "entity": entity, "said": text, "messages": few}
    with state.write() as connection:
        return int(connection.execute(insert(audit).values(row).returning(audit.c.id)).scalar_one())


def read(connection: Connection, number: int) -> Done | None:
    """Return the entry with this number, or `None`."""
    row = connection.execute(select(audit).where(audit.c.id == number)).one_or_none()
    return None if row is None else _done(row)


def newest(connection: Connection, actions: Collection[str] = (), limit: int = 50) -> list[Done]:
    """Return the last entries, the newest first. actions: only these codes."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if actions:
        query = query.where(audit.c.action.in_(list(actions)))
    return [_done(row) for row in connection.execute(query)]


def _done(row: Any) -> Done:
    messages = [Named(*message) for message in json.loads(row.messages)] if row.messages else ()
    return Done(
        row.id, at=instant(row.at), who=row.who, action=row.action, entity=row.entity, text=row.said, messages=messages
    )
