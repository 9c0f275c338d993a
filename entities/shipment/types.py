"""The rule by which shipments are sent, and the content that is sent (settings sections Shipment and Dropship)."""

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
    """The Magento carrier of a ShipVia code."""

    carrier_code: str
    title: str


@dataclass(frozen=True)
class ShipmentRule:
    """The rule by which shipments are sent (settings sections Shipment, Dropship, Order, Inventory, Items).

    `sources` maps warehouses to Magento sources; any other warehouse is booked on `default_source`. `order_types` are
    the types of orders that the connector itself sends to Magento, none while orders are inactive; `order_branches` and
    `orders_from` narrow them. `zone` is the tenant's. `foreign_lines`: whether lines that Magento does not know are
    reported, or make the shipment fail. `other_orders`: what happens to shipments of orders that are neither the shop's
    nor sent. `placeholders`: words that stand for a missing tracking number.
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
    """What ships of one order line: `quantity` in Magento's unit, `shipped` in Acumatica's unit `uom`.

    `rank`: the position of this line among the order's lines with the same item, from 0. `item_ref`: Magento's item id,
    if Acumatica has it. `ordered`: the whole quantity of the order line, in Magento's unit. `free`: the goods are free
    of charge.
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
    """What is sent of one shipment for one order. `mark` is the comment by which the shipment is recognised
    in Magento.
    """

    mark: str
    order: str
    order_date: date | None
    order_branch: str
    reference: str
    warehouse: str
    source: str
    lines: tuple[ContentLine, ...]
    tracks: tuple[Track, ...]
