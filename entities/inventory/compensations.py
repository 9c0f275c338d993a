"""Compute quantities that make up for what Magento counts too high after our orders were shipped there.

Input: the quantities to publish, what such shipments took, and the sources of the stock that these orders are sold
from. Output: the quantities to publish instead. Their sum in the stock is too low by exactly as much as Magento's
reservations are too high, so its salable quantity is right. What one source cannot provide is taken from the others.
What none can provide is left over; then all of them show 0, so nothing is sold that does not exist (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from entities.sources import source_key


class Compensated(NamedTuple):
    """Quantities by (SKU key, source), and by SKU key what could not be subtracted anywhere; all in 1/10,000."""

    quantities: dict[tuple[str, str], int]
    left_over: dict[str, int]


def compensated(
    quantities: Mapping[tuple[str, str], int],
    taken: Mapping[tuple[str, str], int],
    stock: Collection[str],
) -> Compensated:
    """Return the quantities by (SKU key, source) less what was taken: at its own source first, then in the rest of the
    stock.

    Wherever the goods left from, the reservation belongs to the stock, so a source outside of it provides nothing.
    """
    result = dict(quantities)
    left_over: dict[str, int] = {}
    spelled = {(key, source_key(source)): (key, source) for key, source in quantities}
    names = sorted(source_key(source) for source in stock)
    for (key, source), quantity in sorted(taken.items()):
        left = quantity
        for name in sorted(names, key=lambda name: name != source_key(source)):
            target = spelled.get((key, name))
            if target is not None:
                part = min(left, max(result[target], 0))
                result[target] -= part
                left -= part
        if left:
            left_over[key] = left_over.get(key, 0) + left
    return Compensated(result, left_over)
