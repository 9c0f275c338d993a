"""Activity: what went to Magento, by day and entity, in how many requests, and which of them took long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from connector.state.operator import audit, deliveries
from connector.state.operator.deliveries import Hour
from web.routes import Visit, page

DAYS = 14
DONE_SHOWN = 50


@dataclass
class Sums:
    """What went of one entity on one day."""

    requests: int = 0
    sent: int = 0
    not_sent: int = 0

    @property
    def per_thousand(self) -> int | None:
        """Requests for a thousand records; None where none was taken."""
        return round(1_000 * self.requests / self.sent) if self.sent else None


@dataclass
class Day:
    """One day in the tenant's zone: what went, by entity."""

    day: date
    entities: dict[str, Sums] = field(default_factory=dict)


def days_of(hours: Iterable[Hour], zone: ZoneInfo) -> list[Day]:
    """Return the days, the newest first."""
    found: dict[date, Day] = {}
    for one in hours:
        day = one.begins.astimezone(zone).date()
        sums = found.setdefault(day, Day(day)).entities.setdefault(one.entity, Sums())
        sums.requests += one.requests
        sums.sent += one.sent
        sums.not_sent += one.not_sent
    return [found[day] for day in sorted(found, reverse=True)]


def show(visit: Visit) -> Response:
    """Show the last days, the slowest answers, and what people did."""
    zone, now = visit.times.zone, visit.now
    first = now.astimezone(zone).date() - timedelta(days=DAYS - 1)
    with visit.workspace.state.read() as connection:
        hours = deliveries.hours_since(connection, datetime.combine(first, time.min, zone), now)
        slow = deliveries.slowest(connection, now)
        done = audit.newest(connection, limit=DONE_SHOWN)
    return visit.render("activity.html", days=days_of(hours, zone), slow=slow, done=done, times=visit.times)


ROUTES = (page("/activity", show),)
