"""Which items go to Magento, as the settings say."""

from __future__ import annotations

from typing import Any

from connector.acumatica.items import ItemFields
from entities.item_rule import ItemRule
from entities.read_plan import ReadPlan
from settings import Settings


def item_rule(settings: Settings) -> ItemRule:
    """Return which items go to Magento."""
    chosen = settings.items
    return ItemRule(
        statuses=frozenset(chosen.statuses),
        classes=frozenset(chosen.classes),
        exported_only=chosen.exported_only,
        unit=chosen.unit,
    )


def item_fields(settings: Settings, *, price_field: str = "", conversions: bool = False) -> ItemFields:
    """Return which fields of an item are read. `price_field`: of the item, where a price comes from there."""
    return ItemFields(
        sku=settings.items.sku,
        price_field=price_field,
        conversions=conversions or settings.items.unit == "sales",
        unit=settings.items.unit,
    )


def plan_of(settings: Settings, feeds: tuple[str, ...], fields: ItemFields, **more: Any) -> ReadPlan:
    """Return a plan with what is the same for every entity; `more`: its own fields of `ReadPlan`.

    It holds what the entity reads and nothing else: a change of it makes everything be read and computed again.
    """
    return ReadPlan(feeds=feeds, fields=fields, overlap=settings.acumatica.overlap, **more)
