"""The steps of a sync at which a process may die. In production reaching one does nothing; tests put a crash there."""

from __future__ import annotations

from typing import Literal, get_args

Step = Literal[
    "pulled", "computed", "chunk_written", "queued", "claimed", "delivered", "settled", "confirmed", "remembered"
]
STEPS: tuple[Step, ...] = get_args(Step)

PriceStep = Literal["bulk_begun", "bulk_published"]
PRICE_STEPS: tuple[PriceStep, ...] = get_args(PriceStep)
"""Around the publishing of a bulk of prices: it is recorded, then Magento has returned its number."""

ShipmentStep = Literal["doubted", "raised", "shipped"]
SHIPMENT_STEPS: tuple[ShipmentStep, ...] = get_args(ShipmentStep)
"""Between the calls of one shipment: its source is in doubt, then raised, then Magento has shipped."""

AdoptionStep = Literal["adopted"]
"""Of a shipment that somebody else made: Magento has our mark on it."""

OrderStep = Literal["made", "followed"]
ORDER_STEPS: tuple[OrderStep, ...] = get_args(OrderStep)
"""Between the calls of one order: Magento has made it, and each time that an invoice or a status followed."""


def hit(step: Step | PriceStep | ShipmentStep | AdoptionStep | OrderStep) -> None:
    """A sync reached this step."""
