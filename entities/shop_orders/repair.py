"""Recognise that Magento's reservations were repaired, from what Magento reserves.

`bin/magento inventory:reservation:create-compensations` adds, for every order that was made through the API, the
reservation that the order never had: its unshipped quantity is reserved, and what its shipments deducted is evened out.
The API does not show that the command ran, so each possible moment is compared with what Magento reserves (spec,
*Learned in the field*, "Reservation repair"; docs/adr/0019).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple


@dataclass(frozen=True)
class RepairRule:
    """How a repair becomes known: it is recognised, it runs `daily` at a time of day in `zone`, or the settings name
    its time.
    """

    detects: bool = True
    daily: time | None = None
    zone: tzinfo | None = None
    from_setting: datetime | None = None


def last_repair(rule: RepairRule, recognised_at: datetime | None, now: datetime) -> datetime | None:
    """Return when the reservations were last repaired, as far as is known; None if they never were."""
    candidates = [rule.from_setting] if rule.from_setting is not None else []
    if rule.detects and recognised_at is not None:
        candidates.append(recognised_at)
    if rule.daily is not None:
        local_now = now.astimezone(rule.zone)
        today = local_now.replace(hour=rule.daily.hour, minute=rule.daily.minute, second=0, microsecond=0)
        candidates.append(today if today <= local_now else today - timedelta(days=1))
    return max(candidates, default=None)


class Event(NamedTuple):
    """What an order that was made through the API at `at` adds to a SKU's reservations, if it is repaired
    and if not.
    """

    at: datetime
    key: str
    repaired: int
    unrepaired: int


class Recognised(NamedTuple):
    """The result of `recognise`. `repaired_at`: orders made until then are repaired; None if none are. `unclear`: SKUs
    that match no moment.
    """

    repaired_at: datetime | None
    unclear: frozenset[str]


def recognise(events: Iterable[Event], placed: Mapping[str, int], measured: Mapping[str, int]) -> Recognised:
    """Return which orders are repaired, judged by Magento's reservations of each readable SKU (`measured`).

    `placed`: what orders placed in the shop reserve of each SKU, as a negative number. "Not repaired" wins if it
    matches, else the earliest moment that matches every SKU. If none does, no order counts as repaired, which publishes
    less.
    """
    readable = [event for event in events if event.key in measured]
    moments: list[datetime | None] = [None, *sorted({event.at for event in readable})]
    expected = {moment: _expected(readable, placed, moment) for moment in moments}
    wrong = {
        moment: frozenset(key for key, amount in by_key.items() if amount != measured[key])
        for moment, by_key in expected.items()
    }
    matching = [moment for moment in moments if not wrong[moment]]
    if matching:
        return Recognised(matching[0], frozenset())
    return Recognised(None, wrong[None] & wrong[moments[-1]])


def _expected(events: Iterable[Event], placed: Mapping[str, int], moment: datetime | None) -> dict[str, int]:
    expected: dict[str, int] = {}
    for event in events:
        amount = event.repaired if moment is not None and event.at <= moment else event.unrepaired
        expected[event.key] = expected.get(event.key, placed.get(event.key, 0)) + amount
    return expected
