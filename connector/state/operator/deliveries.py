"""What was delivered lately, by hour, from the log of requests.

The log is numbered as it is written, so its beginning at an instant is found by halving, without an index on the time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from connector.state.schema import micros, requests

_HOUR = timedelta(hours=1) // timedelta(microseconds=1)


def by_hour(connection: Connection, now: datetime, hours: int = 24) -> dict[str, list[int]]:
    """Return for each entity how many records Magento took in each of the last hours, the oldest first."""
    begins = micros(now) - hours * _HOUR
    hour = ((requests.c.sent_at - begins) // _HOUR).label("at_hour")
    query = (
        select(requests.c.entity, hour, func.sum(requests.c.sent))
        .where(requests.c.id >= _first_since(connection, begins), requests.c.sent_at >= begins)
        .group_by(requests.c.entity, "at_hour")  # by its name: PostgreSQL would take the expression for another one
    )
    found: dict[str, list[int]] = {}
    for entity, number, sent in connection.execute(query):
        found.setdefault(entity, [0] * hours)[min(int(number), hours - 1)] += int(sent)
    return found


def _first_since(connection: Connection, begins: int) -> int:
    """Return a number at or before that of the first request since then."""
    low, high = connection.execute(select(func.min(requests.c.id), func.max(requests.c.id))).one()
    if low is None:
        return 0
    while low < high:
        middle = (low + high) // 2
        at_or_after = select(requests.c.id, requests.c.sent_at).where(requests.c.id >= middle)
        number, sent_at = connection.execute(at_or_after.order_by(requests.c.id).limit(1)).one()
        if sent_at >= begins:
            high = middle
        else:
            low = number + 1
    return int(low)
