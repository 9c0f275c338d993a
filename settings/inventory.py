"""Inventory Sync Preferences: which quantity Magento shows, from which warehouses, at which source."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from settings.checks import Instant, Names, refuse_duplicates
from settings.declare import setting
from settings.keys import refuse_misnamed
from settings.section import Section

SourceCode = Annotated[str, Field(min_length=1, max_length=255)]


def source_name(code: str) -> str:
    """Return a form in which all spellings of a source are equal: Magento ignores letter case."""
    return code.strip().casefold()


_DAILY = re.compile(r"daily at ([01]\d|2[0-3]):([0-5]\d)")


def _known_repair(value: str) -> str:
    if value not in ("detect", "none") and not _DAILY.fullmatch(value):
        raise ValueError("it must be detect, none, or daily at HH:MM, such as daily at 03:15")
    return value


def daily_repair(value: str) -> time | None:
    """Return the time of day of a daily repair; None for any other choice."""
    found = _DAILY.fullmatch(value)
    return None if found is None else time(int(found[1]), int(found[2]))


class BranchRow(Section):
    """One row of the branch-wise table: the warehouses of a branch are summed into one Magento source."""

    branch: str = setting(..., "The branch in Acumatica.", min_length=1)
    warehouses: Annotated[tuple[str, ...], AfterValidator(refuse_duplicates)] = setting(
        ..., "The warehouses of the branch.", min_length=1
    )
    source: SourceCode = setting(..., "The Magento source that shows their sum.")
    include_vendor_inventory: bool = setting(False, "Add the vendor quantity to this source.")


class Inventory(Section, title="Inventory Sync Preferences"):
    """Which quantities are sent, and to which sources. Branch-wise overrides warehouses and sources."""

    definition: Literal["configuration", "branch_wise"] = setting(
        "configuration",
        "Which warehouses count: those of this section, or those in the table of branches.",
        choices={"configuration": "Following configuration", "branch_wise": "Branch-wise"},
    )
    quantity: Literal["available", "available_for_shipping", "on_hand"] = setting(
        "available",
        "Which quantity of Acumatica is sent.",
        label="Magento Sync Qty",
        choices={
            "available": "Quantity Available",
            "available_for_shipping": "Quantity Available for Shipping",
            "on_hand": "Quantity Available on Hand",
        },
    )
    warehouses: Names = setting((), "The warehouses whose quantities count.")
    sources: dict[str, SourceCode] = setting(
        {},
        "The Magento source of each warehouse. Empty: all belong to the default source.",
        label="Warehouse to Magento source",
        columns=("Warehouse", "Magento source"),
    )
    default_source: SourceCode = setting("default", "The Magento source of warehouses that have none of their own.")
    branches: tuple[BranchRow, ...] = setting(
        (), "Branch-wise: the warehouses of each branch, and the Magento source that shows their sum."
    )
    safety: Decimal = setting(
        Decimal(0),
        "How much is held back at each source: Magento shows so much less.",
        label="Safety quantity",
        unit="base units",
        ge=0,
        le=1_000_000,
    )
    decimals: bool = setting(False, "Send fractions. If off, quantities are rounded down.")
    status: Literal["follow_quantity", "leave"] = setting(
        "follow_quantity",
        "Whether a product is set to in stock while its quantity is above 0, or its stock status is left unchanged.",
        label="Stock status",
        choices={"follow_quantity": "Follows the quantity", "leave": "Is left alone"},
    )

    add_back_open_orders: bool = setting(
        True,
        "Acumatica's quantity does not include what the shop's open orders have taken, and Magento reserves it too. "
        "Add it back, so that Magento sells Acumatica's figure. On Hand does not need it. It needs the permission to "
        "view orders.",
    )
    available_deducts: tuple[Literal["booked", "on_hold", "back_ordered", "allocated"], ...] = setting(
        (),
        "Which quantities of open sales orders Quantity Available does not include (Availability Calculation Rules, "
        "IN201500). Empty: it is read from the item classes.",
    )
    reservation_repair: Annotated[str, AfterValidator(_known_repair)] = setting(
        "detect",
        "When Magento's reservations are repaired (bin/magento inventory:reservation:create-compensations): detect, "
        "none, or daily at HH:MM in the tenant's time zone.",
    )
    reservations_cleared: Instant | None = setting(
        None,
        "When Magento last cleared what shipments of orders made in Acumatica left in its reservations "
        "(bin/magento inventory:reservation:create-compensations). Quantities compensate only for later shipments.",
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
            raise ValueError(f"branches: {', '.join(twice)} occurs twice")
        return self

    @model_validator(mode="after")
    def _map_names_warehouses(self) -> Self:
        if self.definition == "configuration" and self.warehouses:
            refuse_misnamed("sources", "chosen warehouse", self.sources, self.warehouses)
        return self

    def source_of_warehouse(self) -> dict[str, str]:
        """Return the source of every warehouse that counts under *following configuration*."""
        chosen = self.warehouses or tuple(self.sources)
        return {warehouse: self.sources.get(warehouse, self.default_source) for warehouse in chosen}
