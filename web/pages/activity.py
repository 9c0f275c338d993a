"""Activity: running syncs, deliveries by day, Magento's response times, the Acumatica licence, and operator actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from app.status.entity_status import entity_statuses
from connector.acumatica.access import host_of
from connector.state.coordination import lease
from connector.state.coordination.quota import licence_use
from connector.state.operator import audit, deliveries
from connector.state.operator.deliveries import Hour
from entities.names import NAMES
from web.routes import Visit, page
from web.times import duration, short

DAYS = 14
DONE_SHOWN = 50


@dataclass
class Sums:
    """The requests and deliveries of one entity on one day."""

    requests: int = 0
    sent: int = 0
    not_sent: int = 0

    @property
    def per_thousand(self) -> int | None:
        """Requests per thousand accepted records; None if none was accepted."""
        return round(1_000 * self.requests / self.sent) if self.sent else None


@dataclass
class Day:
    """The sums of one day in the tenant's time zone, by entity."""

    day: date
    entities: dict[str, Sums] = field(default_factory=dict)


def days_of(hours: Iterable[Hour], zone: ZoneInfo) -> list[Day]:
    """Return the sums of each day, the newest first."""
    days: dict[date, Day] = {}
    for hour in hours:
        day = hour.begins.astimezone(zone).date()
        sums = days.setdefault(day, Day(day)).entities.setdefault(hour.entity, Sums())
        sums.requests += hour.requests
        sums.sent += hour.sent
        sums.not_sent += hour.not_sent
    return [days[day] for day in sorted(days, reverse=True)]


def show(visit: Visit) -> Response:
    """Show running syncs, the last days, the slowest requests, and the last operator actions."""
    zone, now = visit.times.zone, visit.now
    first = now.astimezone(zone).date() - timedelta(days=DAYS - 1)
    found = entity_statuses(visit.here, now)
    with visit.workspace.state.read() as connection:
        runs = lease.runs_of_entities(connection, now)
        hours = deliveries.hours_since(connection, datetime.combine(first, time.min, zone), now)
        slow = deliveries.slowest(connection, now, limit=10)
        done = audit.newest(connection, limit=DONE_SHOWN)
        answers = deliveries.answers(connection, NAMES, now)
        licence = licence_use(connection, host_of(visit.here.settings.acumatica.url), now)
    page_of = visit.workspace.runs.page_of
    working = [
        (one, page_of(runs[one.entity]) if one.entity in runs else None) for one in found if one.overview.working
    ]
    return visit.render(
        "activity.html",
        working=working,
        answers=answers,
        licence=licence,
        per_minute=visit.workspace.recent.requests_per_minute(licence.requests, now),
        allowed=visit.here.settings.acumatica,
        short=short,
        days=days_of(hours, zone),
        slow=slow,
        done=done,
        times=visit.times,
        duration=duration,
    )


ROUTES = (page("/activity", show),)
