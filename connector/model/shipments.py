"""Shipments and receipts of Acumatica, with the orders and items that they name (acumatica.md §5.5, §5.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from connector.model.units import ItemUnits


@dataclass(frozen=True)
class ShippedLine:
    """A line of a shipment; `order` is "TYPE NBR", empty if Acumatica does not state it."""

    order: str
    order_line: int | None
    inventory_id: str
    uom: str
    shipped: Decimal
    ordered: Decimal
    warehouse: str


@dataclass(frozen=True)
class Package:
    """A tracking number, and the orders whose goods it covers; empty if Acumatica does not state them."""

    number: str
    orders: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrderLine:
    """A line of a sales order. `external_ref` may contain Magento's item id. `free`: the goods are free of charge."""

    number: int
    inventory_id: str
    uom: str
    quantity: Decimal
    external_ref: str = ""
    free: bool = False


@dataclass(frozen=True)
class ShippedOrder:
    """The fields of a sales order that its shipments need."""

    number: str
    date: date | None
    external_ref: str
    customer_order: str
    branch: str
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True)
class Shipment:
    """A shipment, or the receipt of drop-shipped goods, with its orders by "TYPE NBR" and its items by inventory id.

    `released`: the orders whose invoice for this shipment is released; only read under that trigger. `purchases`: the
    purchase orders of a receipt.
    """

    kind: Literal["shipment", "receipt"]
    number: str
    type: str
    operation: str
    status: str
    date: date | None
    ship_via: str
    lines: tuple[ShippedLine, ...]
    packages: tuple[Package, ...]
    orders: Mapping[str, ShippedOrder]
    items: Mapping[str, ItemUnits]
    released: tuple[str, ...] = ()
    purchases: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The Acumatica key: receipts and shipments are numbered apart, so a receipt's says what it is."""
        return acumatica_key(self.kind, self.number)

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.kind} {self.number}"


def acumatica_key(kind: str, number: str) -> str:
    """Return the key under which a shipment or a receipt is stored."""
    return number if kind == "shipment" else f"Receipt {number}"


@dataclass(frozen=True)
class Track:
    """A tracking number with its carrier."""

    number: str
    carrier_code: str
    title: str
