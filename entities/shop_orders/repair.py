"""Whether somebody had Magento repair its reservations, concluded from what it reserves.

`bin/magento inventory:reservation:create-compensations` adds for every order that was made through the API the
reservation that it never had: its unshipped quantity is held back, and what its shipments wrote off is evened out.
Nothing in the API says that it ran, so each possible moment is compared with what Magento reserves (spec, *Learned in
the field*, "Reservation repair"; docs/adr/0019).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple


@dataclass(frozen=True)
class RepairRule:
    """How a repair becomes known: recognised, or done `daily` at a time of day in `zone`, or set to an instant by the
    settings.
    """

    detects: bool = True
    daily: time | None = None
    zone: tzinfo | None = None
    from_setting: datetime | None = None


def last_repair(rule: RepairRule, recognised_at: datetime | None, now: datetime) -> datetime | None:
    """Return when the reservations were last repaired, as far as is known; `None` where they never were."""
    found = [rule.from_setting] if rule.from_setting is not None else []
    if rule.detects and recognised_at is not None:
        found.append(recognised_at)
    if rule.daily is not None:
        here = now.astimezone(rule.zone)
        today = here.replace(hour=rule.daily.hour, minute=rule.daily.minute, second=0, microsecond=0)
        found.append(today if today <= here else today - timedelta(days=1))
    return max(found, default=None)


class Event(NamedTuple):
    """What an order that was made through the API at `at` adds to a SKU's reservations: repaired, or not."""

    at: datetime
    key: str
    repaired: int
    unrepaired: int


class Recognised(NamedTuple):
    """`repaired_at`: the orders made until then are repaired; `None` for none. `unclear`: SKUs that fit nothing."""

    repaired_at: datetime | None
    unclear: frozenset[str]


def recognise(events: Iterable[Event], placed: Mapping[str, int], measured: Mapping[str, int]) -> Recognised:
    """Return which orders are repaired, from the reservations that Magento has of each readable SKU (`measured`).

    `placed`: what orders placed in the shop reserve of each SKU, as a negative number. Not repaired wins where it fits,
    then the earliest moment that fits every SKU; where none does, nothing is taken as repaired, which publishes less.
    """
    readable = [one for one in events if one.key in measured]
    moments: list[datetime | None] = [None, *sorted({one.at for one in readable})]
    expected = {moment: _expected(readable, placed, moment) for moment in moments}
    wrong = {
        moment: frozenset(key for key, amount in by_key.items() if amount != measured[key])
        for moment, by_key in expected.items()
    }
    fitting = [moment for moment in moments if not wrong[moment]]
    if fitting:
        return Recognised(fitting[0], frozenset())
    return Recognised(None, wrong[None] & wrong[moments[-1]])


def _expected(events: Iterable[Event], placed: Mapping[str, int], moment: datetime | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in events:
        amount = one.repaired if moment is not None and one.at <= moment else one.unrepaired
        found[one.key] = found.get(one.key, placed.get(one.key, 0)) + amount
    return found
