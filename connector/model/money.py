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
    """An order's amounts: `shipping` with its tax is what the next invoice takes of it. `items`: by item id.

    `refunded`: what was given back already. `paid`: of each item what was invoiced and not given back.
    """

    total: Decimal = NOTHING
    invoiced: Decimal = NOTHING
    shipping: Decimal = NOTHING
    items: Mapping[int, ItemMoney] = field(default_factory=dict)
    refunded: Decimal = NOTHING
    paid: Mapping[int, ItemMoney] = field(default_factory=dict)
