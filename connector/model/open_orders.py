"""Open orders: what a Magento order reserves, and what Acumatica's order takes of the same items.

Quantities are whole 1/10,000 of the item's base unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

OpenAs = Literal["booked", "on_hold", "back_ordered"]


ENDED = ("complete", "closed", "canceled")
"""The states in which a Magento order no longer reserves anything."""


class Deducts(NamedTuple):
    """What the availability calculation rule of an item class deducts from Quantity Available (Acumatica, IN201500)."""

    booked: bool = False
    on_hold: bool = False
    back_ordered: bool = False
    allocated: bool = True


@dataclass(frozen=True)
class Demand:
    """What one Acumatica order takes of one item in one warehouse, in base units.

    `shipped`: on confirmed shipments. `allocated`: allocated, or on a shipment that is not confirmed yet. `open`: the
    rest that is still to be shipped, which counts as `open_as`. `elsewhere`: why the stock of the warehouse does not
    serve the line; empty if it does.
    """

    order: str
    inventory_id: str
    warehouse: str
    shipped: int = 0
    allocated: int = 0
    open: int = 0
    open_as: OpenAs = "booked"
    elsewhere: str = ""


@dataclass(frozen=True)
class Held:
    """The quantities of one product in a Magento order, in base units: ordered, and what is no longer reserved."""

    ordered: int
    shipped: int = 0
    canceled: int = 0
    refunded: int = 0

    @property
    def held(self) -> int:
        """What Magento still reserves."""
        return max(self.ordered - self.shipped - self.canceled - self.refunded, 0)


@dataclass(frozen=True)
class HeldLine:
    """One product of a Magento order, in Magento's unit. `sku` is the order item's own SKU, which may differ from the
    product's because of options and renamings.
    """

    product_id: int | None
    sku: str
    held: Held


@dataclass(frozen=True)
class ShopOrder:
    """An order of Magento with what it reserves; `updated_at` as Magento writes it, in UTC.

    `placed`: it came through a cart, and only then Magento reserves. An order that was made through the API did not
    (recorded: only placed orders have a `quote_id`).
    """

    order_id: int
    increment_id: str
    store_id: int
    state: str
    updated_at: str
    placed: bool
    lines: tuple[HeldLine, ...]

    @property
    def is_open(self) -> bool:
        """Whether it still reserves something."""
        return self.state not in ENDED and any(line.held.held for line in self.lines)
