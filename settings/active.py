"""Individual Sync Status: which entities are sent at all."""

from __future__ import annotations

from settings.declare import setting
from settings.section import Section


class Active(Section, title="Individual Sync Status"):
    """Which entities are sent. If one is off, nothing of it is sent."""

    price: bool = setting(True, "Prices are sent.", label="Price is active")
    inventory: bool = setting(True, "Quantities are sent.", label="Inventory is active")
    shipment: bool = setting(False, "Shipments are sent.", label="Shipment is active")
    customer: bool = setting(False, "Customers are sent.", label="Customer is active")
    order: bool = setting(False, "Orders are sent.", label="Order is active")
