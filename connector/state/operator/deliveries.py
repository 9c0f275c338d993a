"""Statistics of the deliveries of the last 24 hours, and how long they took, from the delivery log.

Requests are numbered in the order in which they are sent, so the first request since an instant is found by bisection,
without an index on the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from connector.state.schema import IS_FAILED, IS_PUT_ASIDE, instant, micros, requests, targets

_SAMPLE = 1_000
"""Percentiles are computed from at most this many of an entity's newest requests."""
_HOURS = 24
_HOUR = timedelta(hours=1) // timedelta(microseconds=1)


def by_hour(connection: Connection, now: datetime) -> dict[str, list[int]]:
    """Return for each entity how many records Magento accepted in each of the last 24 hours, the oldest first."""
    begins = _begins(now)
    hour = ((requests.c.sent_at - begins) // _HOUR).label("at_hour")
    query = (
        select(requests.c.entity, hour, func.sum(requests.c.sent))
        .where(requests.c.id >= _first_since(connection, begins), requests.c.sent_at >= begins)
        .group_by(requests.c.entity, "at_hour")  # by name: PostgreSQL does not recognize the expression as the same
    )
    return _counts_by_hour(connection, query)


def failed_by_hour(connection: Connection, now: datetime) -> dict[str, list[int]]:
    """Return for each entity how many of its failed messages failed in each of the last 24 hours, the oldest first."""
    begins = _begins(now)
    hour = ((targets.c.put_aside_at - begins) // _HOUR).label("at_hour")
    query = (
        select(targets.c.entity, hour, func.count())
        .where(IS_FAILED, IS_PUT_ASIDE, targets.c.put_aside_at >= begins)
        .group_by(targets.c.entity, "at_hour")
    )
    return _counts_by_hour(connection, query)


def _begins(now: datetime) -> int:
    return micros(now) - _HOURS * _HOUR


def _counts_by_hour(connection: Connection, query: Select[tuple[str, int, int]]) -> dict[str, list[int]]:
    """Return for each entity its counts, the oldest hour first; the query yields entity, hour from 0, count."""
    counts: dict[str, list[int]] = {}
    for entity, number, count in connection.execute(query):
        counts.setdefault(entity, [0] * _HOURS)[min(int(number), _HOURS - 1)] += int(count)
    return counts


@dataclass(frozen=True)
class Delay:
    """Seconds from queueing a value until Magento accepted it."""

    median: float
    p95: float


def delays(connection: Connection, entities: Iterable[str], now: datetime) -> dict[str, Delay]:
    """Return for each entity the delay of its last deliveries, measured from the oldest value of each request."""
    return {
        entity: Delay(_percentile(ordered, 50), _percentile(ordered, 95))
        for entity, ordered in _durations(
            connection, entities, now, requests.c.settled_at - requests.c.oldest_wanted_at, requests.c.sent > 0
        )
    }


@dataclass(frozen=True)
class Answers:
    """Seconds until Magento answered a request."""

    median: float
    p95: float
    p99: float


def answers(connection: Connection, entities: Iterable[str], now: datetime) -> dict[str, Answers]:
    """Return for each entity how long Magento's last answers took."""
    return {
        entity: Answers(*(_percentile(ordered, percent) for percent in (50, 95, 99)))
        for entity, ordered in _durations(connection, entities, now, requests.c.settled_at - requests.c.sent_at)
    }


@dataclass(frozen=True)
class Hour:
    """What was sent to Magento for an entity within an hour: how many requests, and how many records in them were
    accepted and were not, for whatever reason.
    """

    begins: datetime
    entity: str
    requests: int
    sent: int
    not_sent: int


def hours_since(connection: Connection, since: datetime, now: datetime) -> list[Hour]:
    """Return every hour since an instant in which something was sent, the oldest first."""
    begins = micros(since)
    hour = ((requests.c.sent_at - begins) // _HOUR).label("at_hour")
    lately = and_(requests.c.id >= _first_since(connection, begins), requests.c.sent_at.between(begins, micros(now)))
    query = (
        select(requests.c.entity, hour, func.count(), func.sum(requests.c.sent), func.sum(requests.c.failed))
        .where(lately)
        .group_by(requests.c.entity, "at_hour")
        .order_by("at_hour", requests.c.entity)
    )
    return [
        Hour(instant(begins + int(number) * _HOUR), entity, int(count), int(sent), int(failed))
        for entity, number, count, sent, failed in connection.execute(query)
    ]


@dataclass(frozen=True)
class Slow:
    """A slow request: when it was sent, its entity, how many records Magento accepted, and how long it took."""

    sent_at: datetime
    entity: str
    sent: int
    seconds: float


def slowest(connection: Connection, now: datetime, limit: int) -> list[Slow]:
    """Return the `limit` requests of the last 24 hours whose answers took longest, the slowest first."""
    begins = _begins(now)
    took = (requests.c.settled_at - requests.c.sent_at).label("took")
    lately = and_(requests.c.id >= _first_since(connection, begins), requests.c.settled_at.is_not(None))
    query = select(requests.c.sent_at, requests.c.entity, requests.c.sent, took).where(lately)
    ordered = query.order_by(took.desc(), requests.c.id).limit(limit)
    return [
        Slow(instant(sent_at), entity, int(sent), micros_taken / 1_000_000)
        for sent_at, entity, sent, micros_taken in connection.execute(ordered)
    ]


def _durations(
    connection: Connection,
    entities: Iterable[str],
    now: datetime,
    duration: ColumnElement[int],
    *conditions: ColumnElement[bool],
) -> Iterator[tuple[str, list[int]]]:
    """Yield each entity that has any with the sorted durations of its newest requests, in microseconds."""
    lately = requests.c.id >= _first_since(connection, _begins(now))
    known = select(duration).where(lately, duration.is_not(None), *conditions)
    for entity in entities:
        newest = known.where(requests.c.entity == entity).order_by(requests.c.id.desc()).limit(_SAMPLE)
        # a duration is negative if the clock was set back in between
        if ordered := sorted(max(int(micros_taken), 0) for micros_taken in connection.execute(newest).scalars()):
            yield entity, ordered


def _percentile(ordered: Sequence[int], percent: int) -> float:
    return ordered[min(percent * len(ordered) // 100, len(ordered) - 1)] / 1_000_000


def _first_since(connection: Connection, begins: int) -> int:
    """Return the number of the first request since `begins`, or a lower one."""
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
