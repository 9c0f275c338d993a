"""The delivery log: what was sent to Magento for one entity in a span of time, record by record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from connector.state.queue.requests import Delivery, carried_by
from connector.state.rows import in_any, tuples
from connector.state.schema import micros, requests, targets

AT_LEAST = 100
"""Records of a page, which ends with a whole request."""
_MOST_REQUESTS = 100


class Entry(NamedTuple):
    """A value that a request carried to a place: the key as it was sent, the source, and the delivery. The key is empty
    if the place's target is not stored any more.
    """

    key: str
    source: str
    delivery: Delivery


class Page(NamedTuple):
    """A page of the log. `before`: the request number from which the next, earlier page goes on; `None` on the last."""

    entries: list[Entry]
    before: int | None


def read(connection: Connection, entity: str, since: datetime, until: datetime, *, before: int | None = None) -> Page:
    """Return what was sent from `since` until just before `until`, the newest first.

    before: only requests with a lower number.
    """
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
            return Page(_entries(connection, numbers), numbers[-1])
        numbers.append(number)
        records += max(ended, 1)
    return Page(_entries(connection, numbers), None)


def _entries(connection: Connection, numbers: list[int]) -> list[Entry]:
    carried = carried_by(connection, numbers)
    places = _places(connection, {target for target, _delivery in carried})
    return [Entry(*places.get(target, ("", "")), delivery) for target, delivery in carried]


def _places(connection: Connection, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return the key as it was sent and the source of each target, by its id."""
    query = select(targets.c.id, targets.c.sku, targets.c.key, targets.c.source)
    rows = tuples(connection, query.where(in_any(connection, targets.c.id, sorted(ids))))
    return {target: (sku or key, source) for target, sku, key, source in rows}
