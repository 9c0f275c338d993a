"""What was delivered lately, by hour, from the log of requests.

The log is numbered as it is written, so its beginning at an instant is found by halving, without an index on the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from connector.state.schema import IS_FAILED, IS_PUT_ASIDE, instant, micros, requests, targets

_COUNTED = 1_000
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


def failed_by_hour(connection: Connection, now: datetime, hours: int = 24) -> dict[str, list[int]]:
    """Return for each entity how many of the messages that are failed became so in each of the last hours."""
    begins = micros(now) - hours * _HOUR
    hour = ((targets.c.put_aside_at - begins) // _HOUR).label("at_hour")
    query = (
        select(targets.c.entity, hour, func.count())
        .where(IS_FAILED, IS_PUT_ASIDE, targets.c.put_aside_at >= begins)
        .group_by(targets.c.entity, "at_hour")
    )
    found: dict[str, list[int]] = {}
    for entity, number, count in connection.execute(query):
        found.setdefault(entity, [0] * hours)[min(int(number), hours - 1)] += int(count)
    return found


@dataclass(frozen=True)
class Delay:
    """After how many seconds what was queued was in Magento: half of it, and 95 of a hundred."""

    half: float
    most: float


def delays(connection: Connection, entities: Iterable[str], now: datetime, hours: int = 24) -> dict[str, Delay]:
    """Return for each entity how long it took lately from queueing a value to Magento's acceptance, by the oldest value
    of each request; of many requests the last ones count.
    """
    begins = micros(now) - hours * _HOUR
    lately = and_(requests.c.id >= _first_since(connection, begins), requests.c.sent > 0)
    known = and_(requests.c.settled_at.is_not(None), requests.c.oldest_wanted_at.is_not(None))
    took = select(requests.c.settled_at - requests.c.oldest_wanted_at).where(lately, known)
    found = {}
    for entity in entities:
        last_ones = took.where(requests.c.entity == entity).order_by(requests.c.id.desc()).limit(_COUNTED)
        taken = sorted(max(int(one), 0) for one in connection.execute(last_ones).scalars())
        if taken:
            found[entity] = Delay(_quantile(taken, 0.5), _quantile(taken, 0.95))
    return found


@dataclass(frozen=True)
class Answers:
    """How many seconds Magento took for a request: half of them, 95 and 99 of a hundred at most."""

    half: float
    most: float
    nearly_all: float


def answers(connection: Connection, entities: Iterable[str], now: datetime, hours: int = 24) -> dict[str, Answers]:
    """Return for each entity how long Magento's answers took lately; of many requests the last ones count."""
    lately = requests.c.id >= _first_since(connection, micros(now) - hours * _HOUR)
    took = select(requests.c.settled_at - requests.c.sent_at).where(lately, requests.c.settled_at.is_not(None))
    found = {}
    for entity in entities:
        last_ones = took.where(requests.c.entity == entity).order_by(requests.c.id.desc()).limit(_COUNTED)
        taken = sorted(max(int(one), 0) for one in connection.execute(last_ones).scalars())
        if taken:
            found[entity] = Answers(*(_quantile(taken, share) for share in (0.5, 0.95, 0.99)))
    return found


@dataclass(frozen=True)
class Hour:
    """What went to Magento of an entity within an hour: requests, records that it took, and those that it did not take
    in them, for whatever reason.
    """

    begins: datetime
    entity: str
    requests: int
    sent: int
    not_sent: int


def hours_since(connection: Connection, since: datetime, now: datetime) -> list[Hour]:
    """Return every hour in which something went, the oldest first."""
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
    """A request that took long: when it left, of which entity, how many records Magento took, and the seconds."""

    sent_at: datetime
    entity: str
    sent: int
    seconds: float


def slowest(connection: Connection, now: datetime, hours: int = 24, limit: int = 10) -> list[Slow]:
    """Return the requests of the last hours whose answers took longest, the slowest first."""
    begins = micros(now) - hours * _HOUR
    took = (requests.c.settled_at - requests.c.sent_at).label("took")
    lately = and_(requests.c.id >= _first_since(connection, begins), requests.c.settled_at.is_not(None))
    query = select(requests.c.sent_at, requests.c.entity, requests.c.sent, took).where(lately)
    ordered = query.order_by(took.desc(), requests.c.id).limit(limit)
    return [
        Slow(instant(sent_at), entity, int(sent), micros_taken / 1_000_000)
        for sent_at, entity, sent, micros_taken in connection.execute(ordered)
    ]


def _quantile(ordered: Sequence[int], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] / 1_000_000


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
