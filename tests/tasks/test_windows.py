"""What of a feed is read next: a window of what changed, a sweep of everything, or nothing yet."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.state.schema import instant
from connector.state.sync.watermarks import Cursor, Watermark
from tasks.windows import next_cursor

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
A_MOMENT_AGO = NOW - timedelta(seconds=10)
PULLED = Watermark("items", pulled_to=A_MOMENT_AGO, swept_at=A_MOMENT_AGO, sweep=3, looked_back_at=A_MOMENT_AGO)


def planned(mark: Watermark, now: datetime = NOW, *, full: bool = False, reports_changes: bool = True) -> Cursor | None:
    return next_cursor(mark, now, full=full, reports_changes=reports_changes, overlap=300, full_read_interval=900)


def since(cursor: Cursor | None) -> datetime:
    assert cursor is not None and cursor.changed_since is not None
    return instant(cursor.changed_since)


def test_a_window_begins_before_the_watermark():
    """Half a minute, as far as two clocks may be apart; the next watermark is the moment at which it began."""
    found = planned(PULLED)
    assert since(found) == A_MOMENT_AGO - timedelta(seconds=30)
    assert found is not None and PULLED.finished(found).pulled_to == NOW


def test_once_a_minute_a_window_begins_further_back():
    """By the overlap and that minute: what was stamped before and saved later is not missed between two of these."""
    later = A_MOMENT_AGO + timedelta(seconds=60)
    found = planned(PULLED, later)
    assert since(found) == A_MOMENT_AGO - timedelta(seconds=300 + 60)
    assert found is not None and PULLED.finished(found).looked_back_at == later
    assert since(planned(PULLED, later - timedelta(microseconds=1))) == A_MOMENT_AGO - timedelta(seconds=30)


@pytest.mark.parametrize("reports_changes", [True, False])
def test_a_feed_that_was_never_pulled_is_swept(reports_changes: bool):
    """Everything is read, as sweep number 1."""
    found = planned(Watermark("items"), reports_changes=reports_changes)
    assert found is not None
    assert (found.changed_since, found.sweep) == (None, 1)


def test_a_full_sync_sweeps():
    """Whatever the watermark says, with the next number."""
    found = planned(PULLED, full=True)
    assert found is not None
    assert (found.changed_since, found.sweep) == (None, 4)


def test_a_feed_that_does_not_report_changes_is_swept_now_and_then():
    """Not before its time is up."""
    due = A_MOMENT_AGO + timedelta(seconds=900)
    assert planned(PULLED, due - timedelta(microseconds=1), reports_changes=False) is None
    found = planned(PULLED, due, reports_changes=False)
    assert found is not None and found.sweep == 4


@pytest.mark.parametrize("reports_changes", [True, False])
@pytest.mark.parametrize(("ahead", "sweeps"), [(29, False), (31, True), (86_400, True)])
def test_a_clock_that_was_ahead(reports_changes: bool, ahead: int, sweeps: bool):
    """By more than two clocks may differ: what changed meanwhile was not asked for, and everything is read again."""
    later = NOW + timedelta(seconds=ahead)
    found = planned(Watermark("items", later, later, 3, None, later), reports_changes=reports_changes)
    assert (found is not None and found.sweep == 4) == sweeps


@pytest.mark.parametrize(("sweep", "full", "goes_on"), [(None, False, True), (None, True, False), (4, True, True)])
def test_what_was_broken_off_goes_on(sweep: int | None, full: bool, goes_on: bool):
    """At the key that was queued last; a full sync has no use for a window that was."""
    unfinished = Cursor(1, None if sweep else 1, sweep, "K")
    found = planned(PULLED.moved(unfinished), full=full)
    assert (found is unfinished) == goes_on
