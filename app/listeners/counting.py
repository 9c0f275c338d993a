"""Count what a run does, from its events."""

from __future__ import annotations

from entities.counters import Counters
from entities.events import AnswersFound, ChunkQueued, Event, Listener, PageRead, RequestSettled


def counting_listener(counters: Counters) -> Listener:
    """Return a listener that adds to the counters. Requests themselves are counted by the clients that send them."""

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
