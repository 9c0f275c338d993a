"""The rule that shipments are sent by, and what is sent of one (settings sections Shipment, Dropship)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from connector.model.shipments import Track
from connector.model.units import Unit
from entities.marks import ONLY_SENDING

Trigger = Literal["shipment_confirmation", "invoice_release"]
Reference = Literal["external_ref", "customer_order", "order_nbr"]


@dataclass(frozen=True)
class Carrier:
    """What a ShipVia code is in Magento."""

    carrier_code: str
    title: str


@dataclass(frozen=True)
class ShipmentRule:
    """How shipments become Magento's (settings sections Shipment, Dropship, Order, Inventory, Items).

    `sources` maps warehouses to Magento sources; another warehouse is booked on `default_source`. `order_types` are the
    types of orders that the connector itself brings to Magento, none while orders are inactive; `order_branches` and
    `orders_from` narrow them. `zone` is the tenant's. `foreign_lines`: what becomes of lines that Magento does not
    know: they are named, or the shipment fails. `other_orders`: what becomes of shipments of orders that are neither
    the shop's nor sent. `placeholders`: what stands where a tracking number is missing.
    """

    trigger: Trigger = "shipment_confirmation"
    ship_vias: Mapping[str, Carrier] | None = None
    sources: Mapping[str, str] | None = None
    default_source: str = "default"
    reference: Reference = "external_ref"
    reference_pattern: str = ""
    unit: Unit = "base"
    decimals: bool = False
    notify: bool = field(default=False, metadata=ONLY_SENDING)
    dropship_via: str = ""
    dropship_source: str = ""
    order_types: frozenset[str] = frozenset()
    order_branches: frozenset[str] = frozenset()
    orders_from: datetime | None = None
    zone: tzinfo = UTC
    create_with_reference: bool = False
    foreign_lines: Literal["name", "fail"] = "name"
    other_orders: Literal["fail", "leave_out"] = "fail"
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContentLine:
    """What of one order line ships: `quantity` in Magento's unit, `shipped` in Acumatica's unit `uom`.

    `rank`: the how-manieth line of its order with this item it is; `item_ref`: Magento's item id, if Acumatica has it.
    `ordered`: what the order line has in all, in Magento's unit; `free`: it is given away for nothing.
    """

    order_line: int | None
    inventory_id: str
    sku: str
    quantity: Decimal
    shipped: Decimal
    uom: str
    rank: int = 0
    item_ref: str = ""
    ordered: Decimal | None = None
    free: bool = False


@dataclass(frozen=True)
class ShipmentContent:
    """What is sent of one shipment on one order. `mark` is the comment by which it is recognised there."""

    mark: str
    order: str
    order_date: date | None
    order_branch: str
    reference: str
    warehouse: str
    source: str
    lines: tuple[ContentLine, ...]
    tracks: tuple[Track, ...]
