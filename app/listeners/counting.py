"""The events of a run, counted."""

from __future__ import annotations

from entities.counters import Counters
from entities.events import AnswersFound, ChunkQueued, Event, Listener, PageRead, RequestSettled


def counting(counters: Counters) -> Listener:
    """Return a listener that counts what happens. What is sent over a connection is counted where it is sent."""

    def count(event: Event) -> None:
        match event:
            case PageRead(records=records):
                counters.pulled += records
            case ChunkQueued(queued=queued, failed=failed, superseded=superseded):
                counters.changed += queued + failed
                counters.queued += queued
                counters.failed += failed
                counters.superseded += superseded
            case RequestSettled(sent=sent, failed=failed) | AnswersFound(sent=sent, failed=failed):
                counters.sent += sent
                counters.failed += failed

    return count
