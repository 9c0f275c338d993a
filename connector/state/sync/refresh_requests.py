"""Refresh requests: records that the next sync reads again first, because a person or an event asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from connector.state.engine import State
from connector.state.rows import upsert
from connector.state.schema import instant, micros
from connector.state.schema import refresh_requests as table

_OF_ENTITY = select(table.c.acumatica_key, table.c.asked_at).where(table.c.entity == bindparam("the_entity"))


def add(connection: Connection, entity: str, acumatica_keys: Sequence[str], now: datetime) -> None:
    """Make the next sync read these records again first."""
    upsert(
        connection,
        table,
        [{"entity": entity, "acumatica_key": key, "asked_at": micros(now)} for key in acumatica_keys],
    )


def of_entity(connection: Connection, entity: str) -> dict[str, datetime]:
    """Return when each record of the entity was requested, by Acumatica key."""
    rows = connection.execute(_OF_ENTITY, {"the_entity": entity})
    return {key: instant(moment) for key, moment in rows}


def remove(state: State, entity: str, done: Mapping[str, datetime]) -> None:
    """Remove requests whose records have been read; a record that was requested again meanwhile stays.

    done: when each was requested, as `of_entity` returned it.
    """
    with state.write() as connection:
        for key, moment in done.items():
            is_done = (table.c.entity == entity) & (table.c.acumatica_key == key) & (table.c.asked_at <= micros(moment))
            connection.execute(delete(table).where(is_done))
