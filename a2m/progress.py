"""How far a command is, on standard error."""

from __future__ import annotations

from app.event_log import shows_waits
from app.logs import print_to_stderr
from entities.events import Event, Progress, Waiting


def show_progress(event: Event) -> None:
    """Print how far it is, and what is waited for where the log leaves that out; everything else is only logged."""
    if isinstance(event, Progress) or (isinstance(event, Waiting) and not shows_waits()):
        print_to_stderr(event.message)
