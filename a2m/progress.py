"""Print the progress of a command on standard error."""

from __future__ import annotations

from app.listeners.event_log import shows_waits
from app.logs import print_to_stderr
from entities.events import ChunkQueued, Event, Listener, Progress, Waiting


def show_progress(event: Event) -> None:
    """Print progress, and what the run waits for unless the log shows it already. Other events are only logged."""
    if isinstance(event, Progress) or (isinstance(event, Waiting) and not shows_waits()):
        print_to_stderr(event.message)


def show_reading() -> Listener:
    """Return a listener that prints how much a comparison has read; its other progress would be about sending."""
    read = 0

    def show(event: Event) -> None:
        nonlocal read
        if isinstance(event, ChunkQueued):
            read += event.records
            if event.records:
                print_to_stderr(f"{event.entity}: {read:,} read")
        elif not isinstance(event, Progress):
            show_progress(event)

    return show
