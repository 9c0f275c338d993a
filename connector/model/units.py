"""Convert quantities between units of measure, exactly.

Input: an item's units, each as base units per unit in text ("6", "1/3"). Output: fractions, never binary floats (spec,
*Rules of the field*, "Unit").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Unit = Literal["base", "sales"]
DIGITS = 4
"""Magento stores quantities with four decimals."""


@dataclass(frozen=True)
class ItemUnits:
    """An item's SKU (None if the SKU setting yields none), its base and sales unit, and the base units per unit for all
    of its units.
    """

    sku: str | None
    base: str
    sales: str
    in_base: Mapping[str, str]

    def unit(self, rule: Unit) -> str:
        """Return the unit in which Magento counts the item."""
        return self.base if rule == "base" else self.sales

    def converted(self, quantity: Decimal, uom: str, to: str) -> Fraction | None:
        """Return a quantity in another unit of the item; None if Acumatica has no conversion."""
        if uom == to:
            return Fraction(quantity)
        if uom not in self.in_base or to not in self.in_base:
            return None
        return Fraction(quantity) * Fraction(self.in_base[uom]) / Fraction(self.in_base[to])


def decimal(quantity: Fraction) -> Decimal | None:
    """Return the fraction as the shortest decimal of at most four digits; None if it has more."""
    scaled = quantity * 10**DIGITS
    if scaled.denominator != 1:
        return None
    return plain(Decimal(scaled.numerator).scaleb(-DIGITS))


def plain(number: Decimal) -> Decimal:
    """Return a decimal without trailing zeros and without an exponent: 2.0 and 2 become the same number and the same
    text.
    """
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()
