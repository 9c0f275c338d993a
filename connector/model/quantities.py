"""The three figures that Acumatica has of a stock item in a warehouse."""

from __future__ import annotations

from typing import Literal, NamedTuple

Figure = Literal["available", "available_for_shipping", "on_hand"]


class WarehouseQuantity(NamedTuple):
    """An item's figures in a warehouse, in whole 1/10,000 of its base unit; `None` for one that was never read."""

    available: int | None = None
    available_for_shipping: int | None = None
    on_hand: int | None = None

    def plus(self, other: WarehouseQuantity) -> WarehouseQuantity:
        """Return the sums; a figure that is unknown in one of them is unknown."""
        return WarehouseQuantity(
            _sum(self.available, other.available),
            _sum(self.available_for_shipping, other.available_for_shipping),
            _sum(self.on_hand, other.on_hand),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def of_figure(quantity: WarehouseQuantity | int, figure: Figure) -> int | None:
    """Return one figure; `None` where it was never read.

    A plain number is what a version kept that read the chosen figure alone. The next full sync replaces it.
    """
    if isinstance(quantity, int):
        return quantity
    found: int | None = getattr(quantity, figure)
    return found
