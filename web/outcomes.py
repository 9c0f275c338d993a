"""The outcome of a delivery, as the pages show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.failures import label_of

if TYPE_CHECKING:
    from app.explain.from_state import Delivered

OUTCOMES = {"sent": ("Accepted", "good"), "failed": ("Failed", "bad"), "sending": ("No answer yet", "accent")}


def outcome_of(delivered: Delivered) -> tuple[str, str]:
    """Return the label and the colour of a delivery's outcome."""
    if delivered.outcome in OUTCOMES:
        return OUTCOMES[delivered.outcome]
    return ("Put off" if delivered.outcome == "pending" else delivered.outcome.capitalize(), "warn")


def why_of(delivered: Delivered) -> str:
    """Return why a delivery was not accepted, beginning with the label of its code."""
    label, reason = label_of(delivered.code) if delivered.code else "", delivered.reason
    return reason if not label or reason.startswith(label) else f"{label}: {reason}".rstrip(": ")
