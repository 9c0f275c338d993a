"""Amounts of an order and of its items in Magento, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

CENT = Decimal("0.01")


NOTHING = Decimal(0)


@dataclass(frozen=True)
class ItemMoney:
    """An item's amounts, or what is left of them."""

    row_total: Decimal = NOTHING
    discount: Decimal = NOTHING
    tax: Decimal = NOTHING
    compensation: Decimal = NOTHING


@dataclass(frozen=True)
class OrderMoney:
    """An order's amounts. `shipping`: the amount, with tax, that the next invoice takes. `items`: by item id.

    `refunded`: what was already refunded. `paid`: for each item, what was invoiced and not refunded.
    """

    total: Decimal = NOTHING
    invoiced: Decimal = NOTHING
    shipping: Decimal = NOTHING
    items: Mapping[int, ItemMoney] = field(default_factory=dict)
    refunded: Decimal = NOTHING
    paid: Mapping[int, ItemMoney] = field(default_factory=dict)
