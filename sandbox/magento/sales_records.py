"""The documents of sales: orders with their lines, addresses, payments and comments, shipments, invoices, credit memos.

Their fields are rows (see `sales_tables`). The other attributes here are what Magento has in columns or options that
its API does not show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.magento.sales_tables import Row


@dataclass
class Line:
    """A line of an order; `parent` is the line that it belongs to, `options` is Magento's `product_option`.

    `selection_qty`: for a bundle's child, the number in one bundle. `separately`: the bundle ships as its children.
    `calculated`: the line's children carry the amounts (a bundle with a dynamic price).
    """

    row: Row
    parent: Line | None = None
    children: list[Line] = field(default_factory=list)
    options: dict[str, Any] | None = None
    selection_qty: Any = None
    separately: bool = False
    calculated: bool = False

    @property
    def id(self) -> int:
        """The id of the line."""
        return int(self.row["item_id"])


@dataclass(frozen=True)
class Reservation:
    """What an event of an order reserves (negative) or releases of a SKU in a stock, in ten-thousandths."""

    sku: str
    stock_id: int
    quantity: int
    event_type: str


@dataclass
class Order:
    """An order; its last payment is the relevant one."""

    row: Row
    lines: list[Line] = field(default_factory=list)
    addresses: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    shipping_method: str | None = None
    reservations: list[Reservation] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The id of the order."""
        return int(self.row["entity_id"])

    def address(self, kind: str) -> Row | None:
        """Return the address of a kind, `billing` or `shipping`."""
        return next((one for one in self.addresses if one.get("address_type") == kind), None)


@dataclass
class Shipment:
    """A shipment, from one source, or without the inventory modules from none; `moved` is what left the source."""

    row: Row
    source_code: str | None
    items: list[Row] = field(default_factory=list)
    tracks: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    moved: list[tuple[str, Any]] = field(default_factory=list)


@dataclass
class Invoice:
    """An invoice; `moved` is what left a source with it, as (source code, (SKU, quantity))."""

    row: Row
    items: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    moved: list[tuple[str, tuple[str, Any]]] = field(default_factory=list)


@dataclass
class CreditMemo:
    """A credit memo."""

    row: Row
    items: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)


@dataclass
class Cart:
    """A guest's cart; its items are those of `sold`."""

    id: int
    store_id: int
    items: list[Any] = field(default_factory=list)
    billing: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    has_method: bool = False


@dataclass
class Sales:
    """All documents by id, carts by their secret names, and orders also by their numbers as the database
    compares them.
    """

    orders: dict[int, Order] = field(default_factory=dict)
    shipments: dict[int, Shipment] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    creditmemos: dict[int, CreditMemo] = field(default_factory=dict)
    carts: dict[str, Cart] = field(default_factory=dict)
    increments: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def increment(self, kind: str) -> str:
        """Return the next number of the shop for a kind of document."""
        self.increments[kind] = self.increments.get(kind, 0) + 1
        return f"{self.increments[kind]:09d}"
