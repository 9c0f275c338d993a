"""What became of a delivery, as pages say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.failures import label_of

if TYPE_CHECKING:
    from app.explain.from_state import Delivered

OUTCOMES = {"sent": ("Accepted", "good"), "failed": ("Failed", "bad"), "sending": ("No answer yet", "accent")}


def outcome_of(one: Delivered) -> tuple[str, str]:
    """Return the label of a delivery's outcome, and its colour."""
    if one.outcome in OUTCOMES:
        return OUTCOMES[one.outcome]
    return ("Waits" if one.outcome == "pending" else one.outcome.capitalize(), "warn")


def why_of(one: Delivered) -> str:
    """Return why it was not accepted. Reasons of ours begin with the label of their code, Magento's do not."""
    label = label_of(one.code) if one.code else ""
    return one.reason if not label or one.reason.startswith(label) else f"{label}: {one.reason}".rstrip(": ")
