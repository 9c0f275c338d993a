"""The rule and the read plan of customers, from the settings."""

from __future__ import annotations

from datetime import datetime

from connector.acumatica.items import ItemFields
from entities.customer.types import CustomerRule
from entities.from_settings import plan_of
from entities.read_plan import ReadPlan
from settings import Settings


def customer_rule(settings: Settings) -> CustomerRule:
    """Return the rule that chooses the customers to send and how they are sent."""
    section = settings.customer
    return CustomerRule(
        classes=frozenset(section.classes),
        groups=section.groups,
        attributes=section.attributes if settings.additional.customer_attributes else None,
        create=section.create,
        create_limit=section.create_limit,
        telephone=section.telephone,
        website_id=settings.magento.website_id,
        without_email=section.without_email,
        shared=section.accounts == "global",
    )


def read_plan(settings: Settings, _active_since: datetime | None) -> ReadPlan:
    """Return what is read for customers. They have no first date."""
    return plan_of(settings, ("customers",), ItemFields(), chosen=settings.customer.classes)
