"""The rule for which items are published, from the section Items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connector.model.comparison import same_code


@dataclass(frozen=True)
class ItemRule:
    """Which items are published: their statuses, classes (empty: all), whether only *Export to External* items; and the
    unit.
    """

    statuses: frozenset[str] = frozenset({"Active", "No Purchases"})
    classes: frozenset[str] = frozenset()
    exported_only: bool = False
    unit: Literal["base", "sales"] = "base"

    def has_class(self, item_class: str) -> bool:
        """Return whether this is one of the classes, in any letter case."""
        return any(same_code(item_class, chosen) for chosen in self.classes)
