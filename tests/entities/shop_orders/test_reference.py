"""Magento's order number in the reference field of an order."""

import pytest

from entities.shop_orders.reference import increment_id_of


@pytest.mark.parametrize(
    ("reference", "pattern", "number"),
    [
        ("100000001", "", "100000001"),
        ("  100000001 ", "", "100000001"),
        ("", "", None),
        (None, "", None),
        ("#100000001", "#(.+)", "100000001"),
        ("WEB-100000001", "WEB-(.+)", "100000001"),
        ("web-100000001", "(?i)WEB-(.+)", "100000001"),
        ("100000001 / shop", r"(\d+) / shop", "100000001"),
        ("# 100000001 ", "#(.+)", "100000001"),
        ("100000001", "#?(.+)", "100000001"),
    ],
)
def test_the_number_is_what_the_group_holds(reference: str | None, pattern: str, number: str | None) -> None:
    """Without a pattern it is the whole field; blanks around it do not count."""
    assert increment_id_of(reference, pattern) == number


@pytest.mark.parametrize(
    ("reference", "pattern"),
    [
        ("100000001", "#(.+)"),
        ("PO 100000001 of May", r"(\d{9})"),
        ("1000000012", r"(\d{9})"),
        ("#", "#(.*)"),
        ("WEB-", "WEB-( *)"),
        ("PO-7", "(?:WEB-(.+)|PO-.*)"),
    ],
)
def test_what_does_not_fit_whole_is_no_number(reference: str, pattern: str) -> None:
    """A part of a customer's own number is never taken for an order of the shop."""
    assert increment_id_of(reference, pattern) is None
