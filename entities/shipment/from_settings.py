"""The rule and the read plan of shipments, from the settings."""

from __future__ import annotations

from datetime import datetime

from entities.documents.from_settings import document_plan
from entities.inventory.from_settings import source_of_warehouse
from entities.read_plan import ReadPlan
from entities.shipment.types import Carrier, ShipmentRule
from entities.sources import source_key
from settings import Settings


def shipment_rule(settings: Settings) -> ShipmentRule:
    """Return the rule by which shipments and drop-shipments are sent."""
    section, order, inventory = settings.shipment, settings.order, settings.inventory
    by_branch = inventory.definition == "branch_wise"
    by_warehouse = {warehouse: source_key(source) for warehouse, source in inventory.sources.items()}
    return ShipmentRule(
        trigger=section.trigger,
        ship_vias={code: Carrier(via.carrier_code, via.title) for code, via in section.ship_vias.items()},
        sources=source_of_warehouse(settings) if by_branch else by_warehouse,
        default_source=source_key(inventory.default_source),
        reference=order.reference,
        reference_pattern=order.reference_pattern,
        unit=settings.items.unit,
        decimals=inventory.decimals,
        notify=section.notify,
        dropship_via=settings.dropship.ship_via,
        dropship_source=source_key(settings.dropship.source),
        foreign_lines=section.foreign_lines,
        other_orders=section.other_orders,
        placeholders=section.placeholders,
        order_types=frozenset(order.types if settings.active.order else ()),
        order_branches=frozenset(order.branches),
        orders_from=order.from_,
        zone=settings.acumatica.zone(),
        create_with_reference=order.create_with_reference,
    )


def read_plan(settings: Settings, active_since: datetime | None) -> ReadPlan:
    """Return what is read for shipments: from FROM on, or from when shipments were first active."""
    section = settings.shipment
    by_branch = settings.inventory.definition == "branch_wise"
    return document_plan(
        settings,
        ("shipments", "receipts"),
        section.from_ or active_since,
        trigger=section.trigger,
        warehouses=tuple(source_of_warehouse(settings)) if by_branch else (),
        mapped=() if by_branch else tuple(sorted(settings.inventory.sources)),
    )
