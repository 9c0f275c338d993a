"""The catalogue that both lean servers and the checks agree on: every value follows from a number and a generation.

Generation 0 is what Acumatica and Magento show at first; each change in Acumatica is the next one.
"""

from __future__ import annotations

WAREHOUSES = tuple(f"WH{number:02d}" for number in range(1, 11))


def sku(number: int) -> str:
    """The SKU of an item; numbers and SKUs have one order."""
    return f"SKU-{number:07d}"


def number_of(text: str) -> int:
    """The item's number in a SKU."""
    return int(text[4:11])


def cents(number: int, generation: int) -> int:
    """An item's price in cents."""
    return 500 + (number * 7919) % 40_000 + 3 * generation


def pieces(number: int, warehouse: int, generation: int) -> int:
    """What a warehouse has of an item."""
    return 1 + (number * 31 + warehouse * 17) % 90 + generation
