"""Format instants and durations for pages, in the tenant's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Times:
    """Formats instants relative to `now`, in a time zone."""

    now: datetime
    zone: ZoneInfo

    def ago(self, moment: datetime) -> str:
        """Return how long ago an instant was, such as "5 minutes ago"."""
        seconds = (self.now - moment).total_seconds()
        return "just now" if seconds < 10 else f"{duration(seconds)} ago"

    def age(self, moment: datetime) -> str:
        """Return the time since an instant, such as "5 minutes"."""
        return duration((self.now - moment).total_seconds())

    def at(self, moment: datetime) -> str:
        """Return an instant with its zone; without the date if it is today."""
        here, today = moment.astimezone(self.zone), self.now.astimezone(self.zone).date()
        return f"{here:%H:%M:%S %Z}" if here.date() == today else f"{here:%Y-%m-%d %H:%M %Z}"

    def zone_name(self) -> str:
        """Return the name of the zone with its current abbreviation, such as "America/New_York (EST)"."""
        name = f"{self.now.astimezone(self.zone):%Z}"
        return name if name == self.zone.key else f"{self.zone.key} ({name})"

    def exactly(self, moment: datetime) -> str:
        """Return an instant as date, time and zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S %Z}"


def duration(seconds: float) -> str:
    """Return a duration in its largest unit, such as "3 hours"."""
    span = timedelta(seconds=max(seconds, 0))
    for size, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if span >= size:
            return _count(span // size, name)
    return "a second" if 0 < seconds < 1 else _count(int(span.total_seconds()), "second")


def short(seconds: float) -> str:
    """Return a duration in a short form: 40 ms, 2.4 s, 12 s, 3 min, 5 h."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"
