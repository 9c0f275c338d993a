"""Which orders go to Magento, and what is read of them, as the settings say."""

from __future__ import annotations

from datetime import datetime

from entities.documents.from_settings import document_plan
from entities.order.status import spelled
from entities.order.types import OrderRule
from entities.read_plan import ReadPlan
from entities.shop_orders.from_settings import repair_rule
from settings import Settings


def order_rule(settings: Settings) -> OrderRule:
    """Return which orders go to Magento, and how."""
    chosen = settings.order
    return OrderRule(
        types=chosen.types,
        branches=chosen.branches,
        reference=chosen.reference,
        reference_pattern=chosen.reference_pattern,
        create_with_reference=chosen.create_with_reference,
        statuses={name: spelled(status) for name, status in chosen.statuses.items()},
        states=chosen.states,
        payment_methods=chosen.payment_methods,
        shipping_methods=chosen.shipping_methods,
        titles={name: one.title for name, one in settings.shipment.ship_vias.items()},
        store_id=chosen.store_id,
        telephone=settings.customer.telephone,
        invoices=chosen.invoice == "offline",
        cancels_rest=chosen.close_rest in ("cancel", "refund"),
        refunds_rest=chosen.close_rest == "refund",
        ships=settings.active.shipment,
        unit=settings.items.unit,
        repair=repair_rule(settings),
    )


def read_plan(settings: Settings, active_since: datetime | None) -> ReadPlan:
    """Return what orders read, from FROM on, or from when orders were first made active."""
    chosen = settings.order
    begins = chosen.from_ or active_since
    return document_plan(
        settings,
        (*(("order_invoices",) if chosen.invoice == "offline" else ()), "orders"),
        begins,
        begins=begins,
        branches=chosen.branches,
        chosen=chosen.types,
    )
