"""The pages that every page links to, in their order."""

from __future__ import annotations

PAGES = (
    ("/", "Overview"),
    ("/failed", "Failed messages"),
    ("/record", "One record"),
    ("/activity", "Activity"),
    ("/reconcile", "Reconcile"),
    ("/setup", "Setup Parameters"),
)
