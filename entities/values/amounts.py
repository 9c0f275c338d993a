"""Whole numbers of a last digit, as decimals and as text."""

from __future__ import annotations

from decimal import Decimal

_LAST_DIGIT = [Decimal(1).scaleb(-digits) for digits in range(7)]


def decimal(value: int | None, digits: int) -> Decimal:
    """Return a whole number of its last digit as the shortest plain decimal: 125000 with four digits is 12.5."""
    whole, rest = divmod(value or 0, 10**digits)
    return (Decimal(value or 0) * _LAST_DIGIT[digits]).normalize() if rest else Decimal(whole)


def as_text(value: int | None, in_stock: bool | None, digits: int) -> str:
    """Return a value as people read it: the number, and the stock status where it has one."""
    number = f"{Decimal(value or 0).scaleb(-digits).normalize():f}"
    return number if in_stock is None else f"{number}, {'in stock' if in_stock else 'out of stock'}"
