"""The rule of items and the common part of read plans, from the settings."""

from __future__ import annotations

from typing import Any

from connector.acumatica.items import ItemFields
from entities.item_rule import ItemRule
from entities.read_plan import ReadPlan
from settings import Settings


def item_rule(settings: Settings) -> ItemRule:
    """Return which items go to Magento."""
    section = settings.items
    return ItemRule(
        statuses=frozenset(section.statuses),
        classes=frozenset(section.classes),
        exported_only=section.exported_only,
        unit=section.unit,
    )


def item_fields(settings: Settings, *, price_field: str = "", conversions: bool = False) -> ItemFields:
    """Return which fields of an item are read. `price_field`: the item's field with the price, if prices come from
    there.
    """
    return ItemFields(
        sku=settings.items.sku,
        price_field=price_field,
        conversions=conversions or settings.items.unit == "sales",
        unit=settings.items.unit,
    )


def plan_of(settings: Settings, feeds: tuple[str, ...], fields: ItemFields, **more: Any) -> ReadPlan:
    """Return a read plan with what all entities share; `more`: the entity's other fields of `ReadPlan`.

    It holds what the entity reads and nothing else, because a change of it makes everything be read and computed again.
    """
    return ReadPlan(feeds=feeds, fields=fields, overlap=settings.acumatica.overlap, **more)
