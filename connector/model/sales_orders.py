"""Sales orders of Acumatica: everything of an order that a customer of the shop sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connector.model.money import NOTHING

Day = date
"""The type `date`, for classes with a field of that name."""


@dataclass(frozen=True)
class Party:
    """The billed party or the recipient; `state` and `country` are codes."""

    attention: str = ""
    business: str = ""
    email: str = ""
    phone: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True)
class SalesLine:
    """A line; quantities are in `uom`, amounts in the order's currency. `on_shipments`: the quantity on shipments."""

    number: int
    item: str = ""
    description: str = ""
    uom: str = ""
    quantity: Decimal = NOTHING
    price: Decimal = NOTHING
    discount: Decimal = NOTHING
    amount: Decimal = NOTHING
    operation: str = ""
    line_type: str = ""
    completed: bool = False
    on_shipments: Decimal = NOTHING
    po_source: str = ""


@dataclass(frozen=True)
class InvoicedLine:
    """The quantity of an order's line on a released invoice; `number` is the order's line number.

    `total`: the amount of the invoice, set on its first line if the invoice belongs to a single order.
    """

    number: int
    item: str = ""
    uom: str = ""
    quantity: Decimal = NOTHING
    total: Decimal | None = None


@dataclass(frozen=True)
class SalesOrder:
    """An order; `date` is its date, `created` the time of its entry. `invoices`: its lines on each released invoice.

    The invoices are read separately and stored next to the order, by "TYPE|NBR".
    """

    type: str = ""
    number: str = ""
    status: str = ""
    customer: str = ""
    branch: str = ""
    date: Day | None = None
    created: datetime | None = None
    external_ref: str = ""
    customer_order: str = ""
    currency: str = ""
    ship_via: str = ""
    payment_method: str = ""
    total: Decimal = NOTHING
    tax: Decimal = NOTHING
    discount: Decimal = NOTHING
    freight: Decimal = NOTHING
    premium_freight: Decimal = NOTHING
    bill_to: Party = Party()
    ship_to: Party = Party()
    lines: tuple[SalesLine, ...] = ()
    invoices: Mapping[str, tuple[InvoicedLine, ...]] = field(default_factory=dict)


def order_document(order: SalesOrder) -> dict[str, Any]:
    """Return the order in the form in which it is stored and sent: plain JSON values.

    That form is older than `SalesOrder` and does not change: decimals are strings without an exponent, times have their
    offset.
    """
    document: dict[str, Any] = _plain(order)
    del document["invoices"]  # they are stored separately
    return document


def invoiced_document(line: InvoicedLine) -> dict[str, Any]:
    """Return an invoice's line in the form in which it is stored: plain JSON values."""
    document: dict[str, Any] = _plain(line)
    if line.total is None:
        del document["total"]
    return document


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value
