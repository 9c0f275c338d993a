"""Settings that inventory and orders share."""

from __future__ import annotations

from entities.shop_orders.repair import RepairRule
from settings import Settings
from settings.inventory import daily_repair


def repair_rule(settings: Settings) -> RepairRule:
    """Return how a repair of Magento's reservations is recognised."""
    section = settings.inventory
    daily = daily_repair(section.reservation_repair)
    return RepairRule(
        detects=section.reservation_repair == "detect",
        daily=daily,
        zone=None if daily is None else settings.acumatica.zone(),
        from_setting=section.reservations_cleared,
    )
