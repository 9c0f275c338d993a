"""How far a command is, on standard error."""

from __future__ import annotations

from app.logs import print_to_stderr
from entities.events import Event, Progress


def show_progress(event: Event) -> None:
    """Say how far it is; everything else that happens is logged."""
    if isinstance(event, Progress):
        print_to_stderr(event.message)
