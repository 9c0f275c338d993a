"""What an entity reads in Acumatica, and how. `Entity.read_plan` makes it from the settings, and the feeds use it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from connector.acumatica.items import ItemFields
from connector.model.quantities import Figure

CLOCKS_DIFFER = timedelta(seconds=30)
"""How far the clocks of this machine and Acumatica may differ. Each sync begins to read this far before its
watermark.
"""


class ReadPlan(msgspec.Struct, frozen=True):
    """The feeds of an entity in their order (items last, so that nothing is published before its other data is there).

    `overlap`: seconds before the watermark that are read again. `full_read_interval`: seconds between two reads of a
    feed that does not report changes. `warehouses`: those that count. `mapped`: those that a map names. For documents:
    `begins` is the time before which none is read, `begins_on` its date in the tenant's zone, `chosen` the chosen
    customer classes or order types, `branches` the branches (empty: all), `trigger` what makes a shipment due. `zone`:
    the time zone whose date decides which prices of the list are valid; None if no prices are read.
    """

    feeds: tuple[str, ...]
    fields: ItemFields = ItemFields()
    overlap: float = 300.0
    full_read_interval: float = 900.0
    quantity_read: Literal["odata", "storage_details", "inventory_summary"] = "odata"
    figure: Figure = "available"
    price_read: Literal["odata", "inquiry"] = "odata"
    warehouses: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    vendor_inquiry: str = ""
    begins: datetime | None = None
    begins_on: date | None = None
    branches: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    trigger: Literal["shipment_confirmation", "invoice_release"] = "shipment_confirmation"
    zone: ZoneInfo | None = None
