"""The rule and the read plan of inventory, from the settings."""

from __future__ import annotations

from datetime import datetime

from connector.model.open_orders import Deducts
from entities.from_settings import item_fields, plan_of
from entities.inventory.rules import ONE, QuantityRule
from entities.inventory.salable import OpenOrderRule
from entities.read_plan import ReadPlan
from entities.shop_orders.from_settings import repair_rule
from entities.sources import ATTRIBUTE, source_key
from settings import Settings


def source_of_warehouse(settings: Settings) -> dict[str, str]:
    """Return the key of the Magento source of each warehouse that counts. Branch-wise overrides the plain setting."""
    if settings.inventory.definition == "branch_wise":
        rows = settings.inventory.branches
        return {warehouse: source_key(row.source) for row in rows for warehouse in row.warehouses}
    return {warehouse: source_key(source) for warehouse, source in settings.inventory.source_of_warehouse().items()}


def quantity_rule(settings: Settings) -> QuantityRule:
    """Return the rule for which quantity Magento shows at which source, or in which product attribute."""
    section, vendor = settings.inventory, settings.vendor_inventory
    deducted = section.available_deducts
    separate = source_key(vendor.source or f"{ATTRIBUTE}{vendor.attribute}")
    return QuantityRule(
        sources=source_of_warehouse(settings),
        vendor_sources=_vendor_sources(settings),
        vendor_source=separate if vendor.include == "separate" else None,
        safety=int(section.safety * ONE),
        decimals=section.decimals,
        unit=settings.items.unit,
        status=section.status,
        compensated_store=settings.order.store_id,
        open_orders=OpenOrderRule(
            adds_back=section.add_back_open_orders,
            figure=section.quantity,
            deducts=Deducts(**{name: name in deducted for name in Deducts._fields}) if deducted else None,
            reference=settings.order.reference,
            pattern=settings.order.reference_pattern,
            repair=repair_rule(settings),
        ),
    )


def _vendor_sources(settings: Settings) -> frozenset[str]:
    """Return the sources to which Sum Total adds the vendor quantity: one per stock, so that no stock
    counts it twice.
    """
    if settings.vendor_inventory.include != "sum":
        return frozenset()
    if settings.inventory.definition == "branch_wise":
        return frozenset(source_key(row.source) for row in settings.inventory.branches if row.include_vendor_inventory)
    sources = set(source_of_warehouse(settings).values())
    return frozenset(sources if len(sources) == 1 else {source_key(settings.inventory.default_source)})


def read_plan(settings: Settings, _active_since: datetime | None) -> ReadPlan:
    """Return what inventory reads. Items are read last, so that nothing is published before its other data is there."""
    by_branch = settings.inventory.definition == "branch_wise"
    vendor = settings.vendor_inventory
    return plan_of(
        settings,
        (*(("vendor_quantities",) if vendor.include != "no" else ()), "quantities", "items"),
        item_fields(settings),
        quantity_read=settings.acumatica.quantity_read,
        figure=settings.inventory.quantity,
        warehouses=tuple(source_of_warehouse(settings)),
        mapped=() if by_branch else tuple(sorted(settings.inventory.sources)),
        vendor_inquiry=vendor.inquiry if vendor.include != "no" else "",
    )
