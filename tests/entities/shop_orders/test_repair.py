"""A repair of Magento's reservations is told from what it reserves, and from nothing else."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from entities.shop_orders.repair import Event, RepairRule, last_repair, recognise

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ONE, TWO = NOON, NOON + timedelta(hours=1)
OPEN = Event(ONE, "A", -2, 0)
SHIPPED = Event(ONE, "B", 0, 3)
LATER = Event(TWO, "C", -1, 0)


@pytest.mark.parametrize(
    ("placed", "measured", "repaired_at"),
    [
        ({}, {"A": 0, "B": 3, "C": 0}, None),
        ({}, {"A": -2, "B": 0, "C": -1}, TWO),
        ({}, {"A": -2, "B": 0, "C": 0}, ONE),
        ({"A": -5}, {"A": -7, "B": 0, "C": -1}, TWO),
        ({"A": -5}, {"A": -5, "B": 3, "C": 0}, None),
        ({}, {}, None),
        ({}, {"A": -2}, ONE),
    ],
)
def test_the_moment_is_the_one_that_fits_every_readable_sku(placed, measured, repaired_at) -> None:
    """What was not repaired wins where it fits; an order made after the repair is told from those before it."""
    assert recognise([OPEN, SHIPPED, LATER], placed, measured) == (repaired_at, frozenset())


def test_what_fits_nothing_is_named_and_taken_as_not_repaired() -> None:
    """Of two readings that contradict each other none is believed; the SKU that fits neither is unclear."""
    found = recognise([OPEN, SHIPPED], {}, {"A": -9, "B": 0})
    assert found == (None, frozenset({"A"}))


@pytest.mark.parametrize(
    ("rule", "recognised", "expected"),
    [
        (RepairRule(), None, None),
        (RepairRule(), ONE, ONE),
        (RepairRule(detects=False), ONE, None),
        (RepairRule(from_setting=TWO), ONE, TWO),
        (RepairRule(detects=False, daily=time(3), zone=UTC), None, NOON.replace(hour=3)),
        (RepairRule(detects=False, daily=time(13), zone=UTC), None, NOON.replace(hour=13) - timedelta(days=1)),
        (
            RepairRule(detects=False, daily=time(3), zone=ZoneInfo("America/New_York")),
            None,
            NOON.replace(hour=8),
        ),
    ],
)
def test_the_last_repair_is_the_latest_that_is_known(rule, recognised, expected) -> None:
    """Recognised, said, or at its hour in the tenant's zone."""
    assert last_repair(rule, recognised, NOON) == expected
