"""What went to Magento of one entity in a span of time, record by record, from the log of requests."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from connector.state.queue.requests import Delivery, carried_by
from connector.state.rows import in_any, tuples
from connector.state.schema import micros, requests, targets

AT_LEAST = 100
"""Records of a part, which ends with a whole request."""
_MOST_REQUESTS = 100


class Carried(NamedTuple):
    """What a request carried to a place: its key as it was sent, its source, and what became of it. A place of which
    nothing is kept any more has an empty key.
    """

    key: str
    source: str
    delivery: Delivery


class Part(NamedTuple):
    """A part of what went; `before`: where the part with what went earlier begins, None at the end."""

    rows: list[Carried]
    before: int | None


def carried(
    connection: Connection, entity: str, since: datetime, until: datetime, *, before: int | None = None
) -> Part:
    """Return what went from `since` to before `until`, the newest first; of requests earlier than number `before`."""
    table = requests.c
    query = select(table.id, table.sent + table.failed).where(
        table.entity == entity, table.sent_at >= micros(since), table.sent_at < micros(until)
    )
    if before is not None:
        query = query.where(table.id < before)
    numbers: list[int] = []
    records = 0
    for number, ended in connection.execute(query.order_by(table.id.desc()).limit(_MOST_REQUESTS + 1)).tuples():
        if records >= AT_LEAST or len(numbers) == _MOST_REQUESTS:
            return Part(_named(connection, numbers), numbers[-1])
        numbers.append(number)
        records += max(ended, 1)
    return Part(_named(connection, numbers), None)


def _named(connection: Connection, numbers: list[int]) -> list[Carried]:
    found = carried_by(connection, numbers)
    places = _places(connection, {target for target, _delivery in found})
    return [Carried(*places.get(target, ("", "")), delivery) for target, delivery in found]


def _places(connection: Connection, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    query = select(targets.c.id, targets.c.sku, targets.c.key, targets.c.source)
    rows = tuples(connection, query.where(in_any(connection, targets.c.id, sorted(ids))))
    return {target: (sku or key, source) for target, sku, key, source in rows}
