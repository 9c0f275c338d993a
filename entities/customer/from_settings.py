"""Which customers go to Magento, and what is read of them, as the settings say."""

from __future__ import annotations

from datetime import datetime

from connector.acumatica.items import ItemFields
from entities.customer.types import CustomerRule
from entities.from_settings import plan_of
from entities.read_plan import ReadPlan
from settings import Settings


def customer_rule(settings: Settings) -> CustomerRule:
    """Return which customers go to Magento, and how."""
    chosen = settings.customer
    return CustomerRule(
        classes=frozenset(chosen.classes),
        groups=chosen.groups,
        attributes=chosen.attributes if settings.additional.customer_attributes else None,
        create=chosen.create,
        create_limit=chosen.create_limit,
        telephone=chosen.telephone,
        website_id=settings.magento.website_id,
        without_email=chosen.without_email,
        shared=chosen.accounts == "global",
    )


def read_plan(settings: Settings, _active_since: datetime | None) -> ReadPlan:
    """Return what customers read, since whenever they are."""
    return plan_of(settings, ("customers",), ItemFields(), chosen=settings.customer.classes)
