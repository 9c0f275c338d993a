"""An order as Magento must show it, independent of either API."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class PostalAddress:
    """A billing or shipping address; `state` is Acumatica's code."""

    firstname: str
    lastname: str
    company: str
    street: tuple[str, ...]
    city: str
    state: str
    postcode: str
    country: str
    telephone: str


@dataclass(frozen=True)
class Line:
    """A line as Magento shows it, to the cent. `number`: Acumatica's line number. `row_total`: before
    discount and tax.
    """

    number: int
    sku: str
    name: str
    quantity: Decimal
    price: Decimal
    row_total: Decimal
    discount: Decimal
    tax: Decimal
    virtual: bool = False


@dataclass(frozen=True)
class NewOrder:
    """An order as Magento must show it.

    Invariants: subtotal + shipping + tax - discount = grand total; and the row totals, discounts and taxes of the lines
    (with the tax on shipping) sum up to the order's.
    """

    currency: str
    customer: str
    email: str
    created_at: str
    payment_method: str
    shipping_method: str
    shipping_title: str
    billing: PostalAddress
    shipping: PostalAddress | None
    lines: tuple[Line, ...]
    subtotal: Decimal
    discount: Decimal
    shipping_amount: Decimal
    shipping_tax: Decimal
    tax: Decimal
    total: Decimal
