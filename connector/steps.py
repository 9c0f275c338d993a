"""The steps of a look at which a process may die. In production reaching one does nothing; tests put a crash there."""

from __future__ import annotations

from typing import Literal

Step = Literal[
    "pulled",
    "computed",
    "chunk_written",
    "queued",
    "claimed",
    "delivered",
    "settled",
    "confirmed",
    "remembered",
    "doubted",
    "raised",
    "shipped",
    "made",
    "followed",
]
STEPS: tuple[Step, ...] = (
    "pulled",
    "computed",
    "chunk_written",
    "queued",
    "claimed",
    "delivered",
    "settled",
    "confirmed",
    "remembered",
)
SHIPMENT_STEPS: tuple[Step, ...] = ("doubted", "raised", "shipped")
"""Between the calls of one shipment: its source is in doubt, then raised, then Magento has shipped."""

ORDER_STEPS: tuple[Step, ...] = ("made", "followed")
"""Between the calls of one order: Magento has made it, and each time that an invoice or a status followed."""


def reached(step: Step) -> None:
    """A look reached this step."""
