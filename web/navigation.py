"""The pages in the navigation of every page, in order."""

from __future__ import annotations

PAGES = (
    ("/", "Overview"),
    ("/failed", "Failed messages"),
    ("/record", "One record"),
    ("/activity", "Activity"),
    ("/reconcile", "Reconcile"),
    ("/setup", "Setup Parameters"),
)
