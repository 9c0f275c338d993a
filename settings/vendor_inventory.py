"""Vendor Inventory Preferences: whether vendors' quantities are shown, alone or within the sum."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from settings.section import Section, setting


class VendorInventory(Section):
    """The vendors' quantities, from a generic inquiry."""

    include: Literal["no", "separate", "sum"] = setting(
        "no", "Do not include, Separate Value only, or Sum Total with Overall Quantity."
    )
    source: str = setting("", "Separate: Magento source that shows it.")
    attribute: str = setting("", "Separate: product attribute that shows it.")
    inquiry: str = setting("", "Generic inquiry (exposed by OData) with InventoryID, WarehouseID, VendorQty.")

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.include == "no":
            return self
        if not self.inquiry:
            raise ValueError("inquiry: name the generic inquiry that lists the vendor quantities")
        if self.include == "separate" and bool(self.source) == bool(self.attribute):
            raise ValueError("source: a separate value needs a SOURCE or an ATTRIBUTE, one of the two")
        return self
