"""The counts of a run are made of its events."""

from app.listeners.counting import counting_listener
from entities.counters import Counters
from entities.events import AnswersFound, ChunkQueued, MessagesFailed, PageRead, Progress, RequestSettled


def test_events_are_counted():
    """What was read, queued, sent and failed adds up; what only tells something counts nothing."""
    counters = Counters("price")
    count = counting_listener(counters)
    for event in (
        PageRead("price", "items", 100),
        PageRead("price", "prices", 20),
        ChunkQueued("price", 120, queued=7, failed=1, superseded=2),
        RequestSettled("price", 5, sent=4, failed=1, seconds=0.1),
        AnswersFound("price", sent=2, failed=1),
        MessagesFailed("price", "unknown_sku", 3, "A"),
        Progress("price: 120 read"),
    ):
        count(event)
    assert counters == Counters("price", pulled=120, changed=8, queued=7, sent=6, failed=3, superseded=2)


def test_a_sync_has_counts_of_its_own():
    """In a run of many syncs the line of one tells what that one did."""
    before = Counters("price", pulled=10, sent=4, seconds=3.0)
    after = Counters("price", pulled=15, sent=4, failed=1, seconds=0.5)
    assert after.since(before) == Counters("price", pulled=5, failed=1, seconds=0.5)
