"""Test Connection for inventory: warehouses, branches, vendor quantities, and what the item classes deduct.

Nothing is written in either system.
"""

from __future__ import annotations

from functools import partial

from connector.acumatica import setup
from connector.acumatica.errors import NoRights, RequestRefused
from connector.acumatica.order_demands import availability_rules
from connector.acumatica.session import AcumaticaSession
from connector.magento import queries
from connector.magento.client import MagentoClient
from entities.checks import Check, PlannedCheck, not_among
from entities.inventory.check_reservations import reservations
from entities.inventory.check_sources import SOURCES, sources
from entities.inventory.checks import inventory_in_magento
from entities.inventory.from_settings import quantity_rule, read_plan
from settings import Settings

AVAILABILITY = "Availability calculation rules"


INQUIRY, ATTRIBUTE = "Vendor inquiry", "Vendor attribute"


_COLUMNS = ("InventoryID", "VendorQty")


def availability_in_acumatica(session: AcumaticaSession, *, deducts: bool) -> list[PlannedCheck]:
    """Return the check that the item classes' availability rules can be read, if it is read there what Quantity
    Available deducts for open orders.
    """
    return [PlannedCheck(AVAILABILITY, partial(_availability, session))] if deducts else []


def vendor_in_acumatica(session: AcumaticaSession, inquiry: str) -> list[PlannedCheck]:
    """Return the check of the generic inquiry that lists vendor quantities."""
    return [PlannedCheck(INQUIRY, partial(_inquiry, session, inquiry))] if inquiry else []


def vendor_in_magento(client: MagentoClient, attribute: str) -> list[PlannedCheck]:
    """Return the check of the product attribute that shows vendor quantities."""
    return [PlannedCheck(ATTRIBUTE, partial(_attribute, client, attribute))] if attribute else []


async def _availability(session: AcumaticaSession) -> Check:
    rules = await availability_rules(session)
    if rules is None:
        message = (
            "what Quantity Available lacks of open orders is unknown: only what is allocated or shipped of the shop's "
            "orders is added back. Grant the user access to form Availability Calculation Rules (IN201500), or say it "
            "in A2M_INVENTORY__AVAILABLE_DEDUCTS."
        )
        return Check(AVAILABILITY, "could not be checked", message)
    return Check(AVAILABILITY, "passed", f"read for {len(rules)} item class{'' if len(rules) == 1 else 'es'}")


async def _inquiry(session: AcumaticaSession, inquiry: str) -> Check:
    try:
        columns = await setup.columns_of_inquiry(session, inquiry)
    except NoRights as fault:
        return Check(INQUIRY, "failed", str(fault))
    except RequestRefused as refused:
        message = (
            f"Acumatica shows no generic inquiry {inquiry} by OData. Correct A2M_VENDOR_INVENTORY__INQUIRY, or tick "
            f"Expose via OData on form Generic Inquiry (SM208000). {refused}"
        )
        return Check(INQUIRY, "failed", message)
    if columns is None:
        message = f"{inquiry} is there and lists nothing now, so its columns are unknown: no vendor quantity is listed"
        return Check(INQUIRY, "could not be checked", message)
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        message = f"{inquiry} has no column {' and no column '.join(missing)}; it has {', '.join(sorted(columns))}."
        return Check(INQUIRY, "failed", f"{message} Name its columns so: InventoryID, WarehouseID, VendorQty.")
    return Check(INQUIRY, "passed", f"{inquiry}: {', '.join(sorted(columns))}")


async def _attribute(client: MagentoClient, attribute: str) -> Check:
    if not await queries.has_attribute(client, attribute):
        message = f"Magento has no product attribute {attribute}. Make it, or correct A2M_VENDOR_INVENTORY__ATTRIBUTE."
        return Check(ATTRIBUTE, "failed", message)
    return Check(ATTRIBUTE, "passed", attribute)


async def _warehouses(session: AcumaticaSession, names: tuple[str, ...]) -> Check:
    existing = await setup.warehouses(session)
    missing = not_among(names, existing)
    if missing:
        message = f"Acumatica has no warehouse {', '.join(missing)}; it has {', '.join(sorted(existing))}."
        return Check("Warehouses", "failed", f"{message} Correct A2M_INVENTORY__WAREHOUSES or A2M_INVENTORY__BRANCHES.")
    return Check("Warehouses", "passed", ", ".join(names) or "none are configured")


async def _branches(session: AcumaticaSession, names: tuple[str, ...]) -> Check:
    existing = {branch.branch for branch in await setup.branches(session)}
    missing = [name for name in names if name.strip().casefold() not in {code.casefold() for code in existing}]
    if missing:
        known = ", ".join(sorted(existing))
        message = f"Acumatica has no branch {', '.join(missing)}; it has {known}. Correct A2M_INVENTORY__BRANCHES."
        return Check("Branches", "failed", message)
    return Check("Branches", "passed", ", ".join(names) or "none are configured")


def checks_in_acumatica(settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
    """Return the checks of quantities in Acumatica."""
    section, vendor = settings.inventory, settings.vendor_inventory
    plan = read_plan(settings, None)
    warehouses = tuple(dict.fromkeys([*plan.warehouses, *plan.mapped]))
    branches = tuple(row.branch for row in section.branches)
    reads_rules = section.add_back_open_orders and not section.available_deducts and section.quantity == "available"
    counts_vendors = settings.active.inventory and vendor.include != "no"
    return [
        PlannedCheck("Warehouses", partial(_warehouses, session, warehouses)),
        PlannedCheck("Branches", partial(_branches, session, branches)),
        *availability_in_acumatica(session, deducts=settings.active.inventory and reads_rules),
        *vendor_in_acumatica(session, vendor.inquiry if counts_vendors else ""),
    ]


def checks_in_magento(settings: Settings, client: MagentoClient) -> list[PlannedCheck]:
    """Return the checks of quantities in Magento."""
    active, vendor = settings.active, settings.vendor_inventory
    own = (vendor.source,) if vendor.include == "separate" and vendor.source else ()
    codes = tuple(sorted({*settings.sources(), *own}))
    return [
        PlannedCheck(SOURCES, partial(sources, client, codes)),
        *reservations(client, inventory=active.inventory, shipment=active.shipment),
        *vendor_in_magento(client, vendor.attribute if active.inventory and shows_attribute(settings) else ""),
        *(inventory_in_magento(client, quantity_rule(settings)) if active.inventory else []),
    ]


def shows_attribute(settings: Settings) -> bool:
    """Return whether vendor quantities are shown in a product attribute."""
    return settings.vendor_inventory.include == "separate" and bool(settings.vendor_inventory.attribute)
