"""A to M Dropship ShipVia: how drop-shipments become shipments of Magento."""

from __future__ import annotations

from settings.declare import setting
from settings.section import Section


class Dropship(Section, title="A to M Dropship ShipVia"):
    """How drop-shipments are sent."""

    ship_via: str = setting(
        "", "The ShipVia code of drop-shipments. It is required once there are any.", label="ShipVia for DropShip"
    )
    source: str = setting("", "The Magento source that drop-shipments are taken from.")
