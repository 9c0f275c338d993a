"""Bar charts in SVG: one stacked bar for each hour, sent below and failed on top. They need no script and no style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 288, 56
_GAP = 2
_LEAST = 3.0
"""The smallest height of a bar, so that one record among thousands is visible."""


@dataclass(frozen=True)
class Bar:
    """A rectangle in a chart of `WIDTH` by `HEIGHT`. `kind`: sent or failed."""

    kind: str
    x: float
    y: float
    width: float
    height: float


def bars(sent: Sequence[int], failed: Sequence[int]) -> list[Bar]:
    """Return the bars for the counts of each hour; a count of 0 has none."""
    hours = list(zip(sent, failed, strict=True))
    most = max((sum(counts) for counts in hours), default=0)
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
