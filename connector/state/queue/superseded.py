"""Daily counts of superseded messages: a target stores only its newest desired value, so they are counted here."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, update

from connector.state.rows import insert_rows
from connector.state.schema import superseded


def count_superseded(connection: Connection, entity: str, how_many: int, now: datetime) -> None:
    """Add to the count of the day of `now` in UTC, in a transaction of the run that holds the lease."""
    if not how_many:
        return
    day = now.astimezone(UTC).date().toordinal()
    of_day = (superseded.c.entity == entity) & (superseded.c.day == day)
    more = update(superseded).where(of_day).values(messages=superseded.c.messages + how_many)
    if not connection.execute(more).rowcount:
        insert_rows(connection, superseded, [{"entity": entity, "day": day, "messages": how_many}])


def superseded_since(connection: Connection, entity: str, since: datetime | None = None) -> int:
    """Return how many messages were superseded since the start of that day in UTC, or in all days that are kept."""
    query = select(func.coalesce(func.sum(superseded.c.messages), 0)).where(superseded.c.entity == entity)
    if since is not None:
        query = query.where(superseded.c.day >= since.astimezone(UTC).date().toordinal())
    return int(connection.execute(query).scalar_one())
