"""Which items are published, as the section Items says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connector.model.comparison import same_code


@dataclass(frozen=True)
class ItemRule:
    """Which items are published: their statuses, classes (empty: all), only *Export to External*; and the unit."""

    statuses: frozenset[str] = frozenset({"Active", "No Purchases"})
    classes: frozenset[str] = frozenset()
    exported_only: bool = False
    unit: Literal["base", "sales"] = "base"

    def has_class(self, item_class: str) -> bool:
        """Return whether it is one of the classes, in whatever letter case the settings name it."""
        return any(same_code(item_class, one) for one in self.classes)
