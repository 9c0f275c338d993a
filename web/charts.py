"""Charts as SVG: a bar for each hour, what was sent below, what failed on top, without a script and without a style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 288, 56
_GAP = 2
_LEAST = 3.0
"""The height of the smallest bar: one record among thousands is still seen."""


@dataclass(frozen=True)
class Bar:
    """A rectangle of a chart that is `WIDTH` times `HEIGHT`; kind: sent, failed."""

    kind: str
    x: float
    y: float
    width: float
    height: float


def bars(sent: Sequence[int], failed: Sequence[int]) -> list[Bar]:
    """Return the bars of equally many hours; what is 0 has none."""
    hours = list(zip(sent, failed, strict=True))
    most = max((one + other for one, other in hours), default=0)
    if not most:
        return []
    step = WIDTH / len(hours)
    found = []
    for number, counts in enumerate(hours):
        top = float(HEIGHT)
        for kind, count in zip(("sent", "failed"), counts, strict=True):
            if count:
                height = max(_LEAST, count / most * (HEIGHT - _LEAST))
                top -= height
                left = number * step + _GAP / 2
                found.append(Bar(kind, round(left, 1), round(top, 1), round(step - _GAP, 1), round(height, 1)))
    return found
