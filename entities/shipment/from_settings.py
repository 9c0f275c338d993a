"""How shipments become Magento's, and what is read of them, as the settings say."""

from __future__ import annotations

from datetime import datetime

from entities.documents.from_settings import document_plan
from entities.inventory.from_settings import source_of_warehouse
from entities.read_plan import ReadPlan
from entities.shipment.types import Carrier, ShipmentRule
from entities.sources import source_key
from settings import Settings


def shipment_rule(settings: Settings) -> ShipmentRule:
    """Return how shipments and drop-shipments become Magento's."""
    chosen, order, inventory = settings.shipment, settings.order, settings.inventory
    by_branch = inventory.definition == "branch_wise"
    of_warehouses = {warehouse: source_key(source) for warehouse, source in inventory.sources.items()}
    return ShipmentRule(
        trigger=chosen.trigger,
        ship_vias={code: Carrier(via.carrier_code, via.title) for code, via in chosen.ship_vias.items()},
        sources=source_of_warehouse(settings) if by_branch else of_warehouses,
        default_source=source_key(inventory.default_source),
        reference=order.reference,
        reference_pattern=order.reference_pattern,
        unit=settings.items.unit,
        decimals=inventory.decimals,
        notify=chosen.notify,
        dropship_via=settings.dropship.ship_via,
        dropship_source=source_key(settings.dropship.source),
        foreign_lines=chosen.foreign_lines,
        other_orders=chosen.other_orders,
        placeholders=chosen.placeholders,
        order_types=frozenset(order.types if settings.active.order else ()),
        order_branches=frozenset(order.branches),
        orders_from=order.from_,
        zone=settings.acumatica.zone(),
        create_with_reference=order.create_with_reference,
    )


def read_plan(settings: Settings, active_since: datetime | None) -> ReadPlan:
    """Return what shipments read, from FROM on, or from when shipments were first made active."""
    chosen = settings.shipment
    by_branch = settings.inventory.definition == "branch_wise"
    return document_plan(
        settings,
        ("shipments", "receipts"),
        chosen.from_ or active_since,
        trigger=chosen.trigger,
        warehouses=tuple(source_of_warehouse(settings)) if by_branch else (),
        mapped=() if by_branch else tuple(sorted(settings.inventory.sources)),
    )
