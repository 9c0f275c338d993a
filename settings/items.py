"""Items: which of them are sent to Magento, under which SKU and in which unit, for all entities."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from settings.checks import Names
from settings.declare import setting
from settings.section import Section

STATUSES = ("Active", "No Purchases", "No Sales", "No Request", "Inactive", "Marked for Deletion")


class Items(Section, title="Items"):
    """Which items are sent to Magento, and under which SKU."""

    sku: str = setting(
        "inventory_id",
        "Where Acumatica has Magento's SKU: inventory_id, alternate:TYPE (an alternate id, such as alternate:Global), "
        "or field:NAME (a field of the stock item).",
        label="SKU",
    )
    classes: Names = setting((), "The item classes that are sent to Magento. Empty: all.")
    statuses: Names = setting(("Active", "No Purchases"), "The item statuses that are sent to Magento.", min_length=1)
    exported_only: bool = setting(False, "Send only items that are marked Export to External System.")
    unit: Literal["base", "sales"] = setting(
        "base",
        "The unit of prices and quantities in Magento.",
        choices={"base": "Base unit", "sales": "Sales unit"},
    )
    unknown_sku: Literal["fail", "skip"] = setting(
        "fail",
        "What happens to a message whose SKU Magento does not have.",
        label="Unknown SKU",
        choices={"fail": "The message fails", "skip": "The message is skipped"},
    )

    @field_validator("sku")
    @classmethod
    def _is_a_known_field(cls, value: str) -> str:
        kind, colon, name = (part.strip() for part in value.partition(":"))
        if kind.lower() == "inventory_id" and not colon:
            return "inventory_id"
        if kind.lower() not in ("alternate", "field") or not name:
            raise ValueError("it must be inventory_id, alternate:TYPE or field:NAME")
        return f"{kind.lower()}:{name}"

    @field_validator("statuses")
    @classmethod
    def _are_statuses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        spelled = {status.casefold(): status for status in STATUSES}
        unknown = [value for value in values if value.casefold() not in spelled]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is not an item status; choose from {', '.join(STATUSES)}")
        return tuple(spelled[value.casefold()] for value in values)
