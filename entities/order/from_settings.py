"""The rule and the read plan of orders, from the settings."""

from __future__ import annotations

from datetime import datetime

from entities.documents.from_settings import document_plan
from entities.order.status import spelled
from entities.order.types import OrderRule
from entities.read_plan import ReadPlan
from entities.shop_orders.from_settings import repair_rule
from settings import Settings


def order_rule(settings: Settings) -> OrderRule:
    """Return the rule that chooses the orders to send and how they are sent."""
    section = settings.order
    return OrderRule(
        types=section.types,
        branches=section.branches,
        reference=section.reference,
        reference_pattern=section.reference_pattern,
        create_with_reference=section.create_with_reference,
        statuses={name: spelled(status) for name, status in section.statuses.items()},
        states=section.states,
        payment_methods=section.payment_methods,
        shipping_methods=section.shipping_methods,
        titles={name: one.title for name, one in settings.shipment.ship_vias.items()},
        store_id=section.store_id,
        telephone=settings.customer.telephone,
        invoices=section.invoice == "offline",
        cancels_rest=section.close_rest in ("cancel", "refund"),
        refunds_rest=section.close_rest == "refund",
        ships=settings.active.shipment,
        unit=settings.items.unit,
        repair=repair_rule(settings),
    )


def read_plan(settings: Settings, active_since: datetime | None) -> ReadPlan:
    """Return what is read for orders: from FROM on, or from when orders were first active."""
    section = settings.order
    begins = section.from_ or active_since
    return document_plan(
        settings,
        (*(("order_invoices",) if section.invoice == "offline" else ()), "orders"),
        begins,
        begins=begins,
        branches=section.branches,
        chosen=section.types,
    )
