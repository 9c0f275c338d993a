"""What inventory and orders share of the settings."""

from __future__ import annotations

from entities.shop_orders.repair import RepairRule
from settings import Settings
from settings.inventory import daily_repair


def repair_rule(settings: Settings) -> RepairRule:
    """Return how a repair of Magento's reservations becomes known."""
    chosen = settings.inventory
    daily = daily_repair(chosen.reservation_repair)
    return RepairRule(
        detects=chosen.reservation_repair == "detect",
        daily=daily,
        zone=None if daily is None else settings.acumatica.zone(),
        from_setting=chosen.reservations_cleared,
    )
