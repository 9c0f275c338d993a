"""How many messages were overtaken before they were sent, by day: a target has no room for what it wanted before."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, update

from connector.state.rows import insert_rows
from connector.state.schema import superseded


def count_superseded(connection: Connection, entity: str, how_many: int, now: datetime) -> None:
    """Add to the count of the day of `now`, in UTC. The transaction is one of the run that has the lease."""
    if not how_many:
        return
    day = now.astimezone(UTC).date().toordinal()
    here = (superseded.c.entity == entity) & (superseded.c.day == day)
    more = update(superseded).where(here).values(messages=superseded.c.messages + how_many)
    if not connection.execute(more).rowcount:
        insert_rows(connection, superseded, [{"entity": entity, "day": day, "messages": how_many}])


def superseded_since(connection: Connection, entity: str, since: datetime | None = None) -> int:
    """Return how many there were since the beginning of that day in UTC, or as long as they are kept."""
    counted = select(func.coalesce(func.sum(superseded.c.messages), 0)).where(superseded.c.entity == entity)
    if since is not None:
        counted = counted.where(superseded.c.day >= since.astimezone(UTC).date().toordinal())
    return int(connection.execute(counted).scalar_one())
