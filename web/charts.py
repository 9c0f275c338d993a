"""Charts as SVG: a bar for each hour, without a script and without a style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 288, 56
_GAP = 2
_LEAST = 2.0
"""The height of the smallest bar: one record among thousands is still seen."""


@dataclass(frozen=True)
class Bar:
    """A rectangle of a chart that is `WIDTH` times `HEIGHT`."""

    x: float
    y: float
    width: float
    height: float


def bars(counts: Sequence[int]) -> list[Bar]:
    """Return a bar for each count that is not 0, in its place."""
    most = max(counts, default=0)
    if not most:
        return []
    step = WIDTH / len(counts)
    found = []
    for number, count in enumerate(counts):
        if count:
            height = max(_LEAST, count / most * HEIGHT)
            left, top = number * step + _GAP / 2, HEIGHT - height
            found.append(Bar(round(left, 1), round(top, 1), round(step - _GAP, 1), round(height, 1)))
    return found
