"""Vendor Inventory Preferences: whether vendors' quantities are shown, alone or within the sum."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from settings.declare import setting
from settings.section import Section


class VendorInventory(Section, title="Vendor Inventory Preferences"):
    """How vendors' quantities are used. They come from a generic inquiry."""

    include: Literal["no", "separate", "sum"] = setting(
        "no",
        "Whether and how Magento shows the vendors' quantities.",
        label="Vendor quantity",
        choices={
            "no": "Do not include",
            "separate": "Separate Value only",
            "sum": "Sum Total with Overall Quantity",
        },
    )
    source: str = setting("", "Separate Value only: the Magento source that shows the vendor quantity.")
    attribute: str = setting("", "Separate Value only: the product attribute that shows it.")
    inquiry: str = setting(
        "", "The generic inquiry, exposed by OData, that has InventoryID, WarehouseID and VendorQty."
    )

    @model_validator(mode="after")
    def _separate_needs_a_target(self) -> Self:
        if self.include == "no":
            return self
        if not self.inquiry:
            raise ValueError("inquiry: name the generic inquiry that lists the vendor quantities")
        if self.include == "separate" and bool(self.source) == bool(self.attribute):
            raise ValueError("source: a separate value needs a SOURCE or an ATTRIBUTE, one of the two")
        return self
