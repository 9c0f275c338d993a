"""Which items go to Magento, under which SKU, in which unit; the same for every entity."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator

from settings.section import Names, Section, setting

STATUSES = ("Active", "No Purchases", "No Sales", "No Request", "Inactive", "Marked for Deletion")


class Items(Section):
    """The items."""

    sku: str = setting(
        "inventory_id",
        "Where the SKU stands: inventory_id, alternate:TYPE (an alternate id, such as alternate:Global), "
        "or field:NAME (a field of the stock item).",
    )
    classes: Names = setting((), "Item classes that go to Magento; empty: all.")
    statuses: Names = setting(("Active", "No Purchases"), "Item statuses that go to Magento.", min_length=1)
    exported_only: bool = setting(False, "Only items that are marked Export to External System.")
    unit: Literal["base", "sales"] = setting("base", "Unit of prices and quantities in Magento.")
    unknown_sku: Literal["fail", "skip"] = setting("fail", "What happens with a SKU that Magento does not have.")

    @field_validator("sku")
    @classmethod
    def _names_a_place(cls, value: str) -> str:
        if value != "inventory_id" and not re.fullmatch(r"(alternate|field):\S.*", value):
            raise ValueError("it must be inventory_id, alternate:TYPE or field:NAME")
        return value

    @field_validator("statuses")
    @classmethod
    def _are_statuses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [value for value in values if value not in STATUSES]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is no status; choose from {', '.join(STATUSES)}")
        return values
