"""The types of the rules of orders: the settings, the order that Magento must show, and what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from connector.model.failures import FailureCode, Rejected
from connector.model.orders import NewOrder
from connector.model.units import Unit
from entities.shop_orders.repair import RepairRule

Reference = Literal["external_ref", "customer_order", "order_nbr"]


@dataclass(frozen=True)
class OrderRule:
    """The settings of A to M Order Sync, and those of other sections that concern orders.

    `states`: the Magento state of each Magento status. `titles`: the text that customers read for a ShipVia.
    `invoices`: offline invoices are made. `cancels_rest`, `refunds_rest`: what Acumatica closed short is canceled in
    Magento, and the invoiced part of it is refunded as far as Acumatica has refunded it. `ships`: shipments are sent,
    so an invoiced order becomes complete by itself. `repair`: how a repair of Magento's reservations is recognised.
    """

    types: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    reference: Reference = "external_ref"
    reference_pattern: str = ""
    create_with_reference: bool = False
    statuses: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    payment_methods: Mapping[str, str] = field(default_factory=dict)
    shipping_methods: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    store_id: int = 1
    telephone: str = ""
    invoices: bool = False
    cancels_rest: bool = False
    refunds_rest: bool = False
    ships: bool = False
    unit: Unit = "base"
    repair: RepairRule = field(default_factory=RepairRule)


@dataclass(frozen=True)
class InvoiceLine:
    """The quantity of one order line on one invoice, in Magento's unit."""

    number: int
    sku: str
    quantity: Decimal


@dataclass(frozen=True)
class Invoice:
    """A released invoice of the order. `completes`: with it and the earlier ones the whole order is invoiced.

    `total`: its amount; None if it also invoices other orders.
    """

    number: str
    lines: tuple[InvoiceLine, ...]
    completes: bool = False
    total: Decimal | None = None


@dataclass(frozen=True)
class WhyNot:
    """Why an order cannot be created, as stored with its content: the label of a `FailureCode`, and the reason.

    The label is part of the document's fingerprint, from before there were codes. Another text would send again what a
    person skipped.
    """

    cause: str
    reason: str

    @property
    def code(self) -> FailureCode:
        """The failure code with this label."""
        known = (one for one in FailureCode if self.cause == one.label)
        return next(known, FailureCode.NOT_POSSIBLE)

    def rejected(self) -> Rejected:
        """Return the exception to raise."""
        return Rejected(self.code, self.reason.removeprefix(self.code.because("")))


@dataclass(frozen=True)
class OrderContent:
    """The content of one message about one order.

    `reference`: Magento's number of the order, if it came from there. `facts`: everything that a customer sees, as
    Acumatica has it. `status` and `state`: Magento's, by the map of statuses; None if the map has none for
    `acumatica_status`, or if the status waits for invoices. `new`: the order to create if Magento does not have it, or
    `why_not` if it cannot be created. `rest`: what Acumatica closed short and never ships.
    """

    key: str
    reference: str
    acumatica_status: str
    facts: dict[str, Any]
    status: str | None = None
    state: str | None = None
    new: NewOrder | None = None
    why_not: WhyNot | None = None
    invoices: tuple[Invoice, ...] = ()
    rest: tuple[InvoiceLine, ...] = ()
