"""Scaled whole numbers, as decimals and as text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

EXACT_BELOW = 10**15
"""A float of at most 15 digits is written with exactly these digits, and never with others that mean the same float."""

_LAST_DIGIT = [Decimal(1).scaleb(-digits) for digits in range(7)]


def decimal(value: int | None, digits: int) -> Decimal:
    """Return a scaled whole number as the shortest plain decimal: 125000 with four digits is 12.5."""
    whole, rest = divmod(value or 0, 10**digits)
    return (Decimal(value or 0) * _LAST_DIGIT[digits]).normalize() if rest else Decimal(whole)


def as_sent(values: Iterable[int | None], digits: int) -> list[int | float | Decimal]:
    """Return scaled whole numbers as numbers that JSON writes as the same decimals: 125000 with four digits is 12.5,
    and one with more than 15 digits is a `Decimal`.
    """
    one = 10**digits
    wholes = [value or 0 for value in values]
    if min(wholes, default=0) > -EXACT_BELOW and max(wholes, default=0) < EXACT_BELOW:
        return [whole / one if whole % one else whole // one for whole in wholes]
    return [decimal(whole, digits) for whole in wholes]


def as_text(value: int | None, in_stock: bool | None, digits: int) -> str:
    """Return a value as people read it: the number, and the stock status if it has one."""
    number = f"{Decimal(value or 0).scaleb(-digits).normalize():f}"
    return number if in_stock is None else f"{number}, {'in stock' if in_stock else 'out of stock'}"
