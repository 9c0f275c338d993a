"""Inventory Sync Preferences: which quantity Magento shows, from which warehouses, at which source."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from settings.keys import refuse_misnamed
from settings.section import Instant, Names, Section, refuse_duplicates, setting

SourceCode = Annotated[str, Field(min_length=1, max_length=255)]


def source_name(code: str) -> str:
    """Return the form in which two spellings of one source are equal: Magento does not tell letter cases apart."""
    return code.strip().casefold()


_DAILY = re.compile(r"daily at ([01]\d|2[0-3]):([0-5]\d)")


def _known_repair(value: str) -> str:
    if value not in ("detect", "none") and not _DAILY.fullmatch(value):
        raise ValueError("it must be detect, none, or daily at HH:MM, such as daily at 03:15")
    return value


def daily_repair(value: str) -> time | None:
    """The time of day of a repair that is done daily; `None` for any other choice."""
    found = _DAILY.fullmatch(value)
    return None if found is None else time(int(found[1]), int(found[2]))


class BranchRow(Section):
    """One row of the branch-wise table: the warehouses of a branch are summed into one Magento source."""

    branch: str = setting(..., "Branch in Acumatica.", min_length=1)
    warehouses: Annotated[tuple[str, ...], AfterValidator(refuse_duplicates)] = setting(
        ..., "Its warehouses.", min_length=1
    )
    source: SourceCode = setting(..., "Magento source that shows their sum.")
    include_vendor_inventory: bool = setting(False, "Add the vendor quantity to this source.")


class Inventory(Section):
    """The quantities. Branch-wise overrides warehouses and sources."""

    definition: Literal["configuration", "branch_wise"] = setting(
        "configuration", "Warehouses of this section, or the table of branches."
    )
    quantity: Literal["available", "available_for_shipping", "on_hand"] = setting(
        "available", "Quantity Available, Quantity Available for Shipping, or Quantity Available on Hand."
    )
    warehouses: Names = setting((), "Warehouses whose quantities count.")
    sources: dict[str, SourceCode] = setting({}, "Warehouse to Magento source; empty: all into the default source.")
    default_source: SourceCode = setting("default", "Magento source of warehouses that are not mapped.")
    branches: tuple[BranchRow, ...] = setting((), "Branch-wise: branch, warehouses, source, include vendor inventory.")
    safety: Decimal = setting(Decimal(0), "Kept back at each source.", unit="base units", ge=0, le=1_000_000)
    decimals: bool = setting(False, "Send fractions; otherwise quantities are rounded down.")
    status: Literal["follow_quantity", "leave"] = setting(
        "follow_quantity", "Stock status: in stock while the quantity is above 0, or left alone."
    )

    add_back_open_orders: bool = setting(
        True,
        "Acumatica's quantity lacks the shop's open orders that it has taken, and Magento reserves them too; add them "
        "back, so that Magento sells Acumatica's figure. Not needed with On Hand. Needs the permission to view orders.",
    )
    available_deducts: tuple[Literal["booked", "on_hold", "back_ordered", "allocated"], ...] = setting(
        (),
        "What Quantity Available lacks of open sales orders (Availability Calculation Rules, IN201500); empty: read "
        "from the item classes.",
    )
    reservation_repair: Annotated[str, AfterValidator(_known_repair)] = setting(
        "detect",
        "When Magento's reservations are repaired (bin/magento inventory:reservation:create-compensations): detect, "
        "none, or daily at HH:MM in the tenant's time zone.",
    )
    reservations_cleared: Instant | None = setting(
        None,
        "When Magento last wrote off what shipments of Acumatica's own orders left in its reservations "
        "(bin/magento inventory:reservation:create-compensations); quantities make up only for later ones.",
    )

    @model_validator(mode="after")
    def _nothing_counts_twice(self) -> Self:
        owners: dict[str, str] = {}
        for row in self.branches:
            for warehouse in row.warehouses:
                other = owners.setdefault(warehouse.casefold(), row.branch)
                if other != row.branch:
                    raise ValueError(
                        f"branches: warehouse {warehouse} would count twice: branches {other} and {row.branch} both "
                        "have it, and in Acumatica a warehouse belongs to one branch"
                    )
        names = [row.branch.casefold() for row in self.branches]
        twice = sorted({row.branch for row in self.branches if names.count(row.branch.casefold()) > 1})
        if twice:
            raise ValueError(f"branches: {', '.join(twice)} stands in it twice")
        return self

    @model_validator(mode="after")
    def _map_names_warehouses(self) -> Self:
        if self.definition == "configuration" and self.warehouses:
            refuse_misnamed("sources", "chosen warehouse", self.sources, self.warehouses)
        return self

    def source_of_warehouse(self) -> dict[str, str]:
        """The source of every warehouse that counts under *following configuration*."""
        chosen = self.warehouses or tuple(self.sources)
        return {warehouse: self.sources.get(warehouse, self.default_source) for warehouse in chosen}
