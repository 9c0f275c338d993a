"""Which items are published, as the section Items says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ItemRule:
    """Which items are published: their statuses, classes (empty: all), only *Export to External*; and the unit."""

    statuses: frozenset[str] = frozenset({"Active", "No Purchases"})
    classes: frozenset[str] = frozenset()
    exported_only: bool = False
    unit: Literal["base", "sales"] = "base"
