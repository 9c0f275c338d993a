"""Rows of the price list as they come in: those of a window are added, those of a whole read take the place of all."""

import pytest

from connector.records import PriceListRow
from entities.price.read import FEEDS


def row(number: int, price: int) -> PriceListRow:
    return PriceListRow(number, "B", "", "EA", "", False, 0, price, "USD", None, None, "")


@pytest.mark.parametrize(
    ("part", "whole", "after"),
    [
        ([row(2, 99)], False, [row(1, 10), row(2, 99)]),
        ([row(3, 30), row(0, 5)], False, [row(0, 5), row(1, 10), row(2, 20), row(3, 30)]),
        ([], False, [row(1, 10), row(2, 20)]),
        ([row(2, 20)], True, [row(2, 20)]),
        ([], True, []),
    ],
)
def test_rows_are_merged_by_their_id(part: list[PriceListRow], whole: bool, after: list[PriceListRow]) -> None:
    """The newer one of an id counts, and they are always in the same order: otherwise the same rows would be news."""
    assert FEEDS["price_rows"].merge([row(1, 10), row(2, 20)], part, whole=whole) == after
