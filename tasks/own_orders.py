"""Which open orders Magento reserves: those placed in the shop, and of the others those that a repair has reserved.

An order that came by `POST /V1/orders` reserves nothing, whoever made it (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connector.queue.open_orders import OpenOrder

if TYPE_CHECKING:
    from tasks.work import Work


def reserved_of(_work: Work, orders: Sequence[OpenOrder]) -> list[OpenOrder]:
    """The orders that Magento reserves."""
    return [one for one in orders if one.order.placed]
