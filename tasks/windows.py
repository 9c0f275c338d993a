"""Choose which window or sweep of a feed is read next, from its watermark alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.state.schema import micros
from connector.state.sync.watermarks import Cursor, Watermark
from entities.read_plan import CLOCKS_DIFFER

LOOKBACK_EVERY = timedelta(seconds=60)


def next_cursor(
    mark: Watermark, now: datetime, *, full: bool, reports_changes: bool, overlap: float, full_read_interval: float
) -> Cursor | None:
    """Return where reading begins or continues; None if nothing is to be read yet.

    full: everything is to be read. reports_changes: the feed can report only what changed. overlap, full_read_interval:
    seconds. If the clock was ahead, everything is read again, because the changes since then were not requested.
    """
    unfinished = mark.cursor
    if unfinished is not None and (unfinished.sweep is not None or not full):
        return unfinished
    if not full and mark.pulled_to is not None and mark.pulled_to - now <= CLOCKS_DIFFER:
        if reports_changes:
            return _window(mark, mark.pulled_to, now, timedelta(seconds=overlap))
        if mark.swept_at is not None and now < mark.swept_at + timedelta(seconds=full_read_interval):
            return None
    return Cursor(micros(now), changed_since=None, sweep=mark.sweep + 1, after=None)


def _window(mark: Watermark, pulled_to: datetime, now: datetime, overlap: timedelta) -> Cursor:
    """Return the window since the watermark. From time to time it begins further back, to find records with an early
    timestamp that were saved late.

    Reading the whole overlap at every sync would read each change a hundred times.
    """
    reads_further_back = mark.looked_back_at is None or now - mark.looked_back_at >= LOOKBACK_EVERY
    since = pulled_to - (overlap + LOOKBACK_EVERY if reads_further_back else CLOCKS_DIFFER)
    return Cursor(micros(now), changed_since=micros(since), sweep=None, after=None, lookback_is_due=reads_further_back)
