"""Watermarks and cursors: how far each feed of an entity was pulled, and the position within an unfinished window.

A feed is one kind of data that an entity reads in Acumatica: `items`, `quantities`, `vendor_quantities`, `price_rows`.
Either its changes are read, in a window that begins at the watermark, or the whole feed is read, in a sweep. Sweeps are
numbered, so that a record that the last sweep did not see is known to be gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, select

from connector.state.rows import upsert
from connector.state.schema import instant, micros, watermarks

_OF_FEED = select(watermarks).where(
    watermarks.c.entity == bindparam("the_entity"), watermarks.c.feed == bindparam("the_feed")
)


class Cursor(msgspec.Struct, frozen=True):
    """The position of an unfinished pull: its window (instants in microseconds) or its sweep, and the last key that was
    queued.
    """

    started_at: int
    changed_since: int | None
    sweep: int | None
    after: str | None
    lookback_is_due: bool = False


@dataclass(frozen=True)
class Watermark:
    """How far one feed has been pulled; instants are aware, in UTC."""

    feed: str
    pulled_to: datetime | None = None
    swept_at: datetime | None = None
    sweep: int = 0
    cursor: Cursor | None = None
    looked_back_at: datetime | None = None

    def moved(self, cursor: Cursor) -> Watermark:
        """Return the watermark with its cursor replaced by a later one."""
        return replace(self, cursor=cursor)

    def finished(self, cursor: Cursor) -> Watermark:
        """Return the watermark after the cursor's window or sweep has ended."""
        started = instant(cursor.started_at)
        looked_back_at = started if cursor.lookback_is_due or cursor.sweep is not None else self.looked_back_at
        if cursor.sweep is None:
            return replace(self, pulled_to=started, cursor=None, looked_back_at=looked_back_at)
        return Watermark(
            self.feed,
            pulled_to=started,
            swept_at=started,
            sweep=cursor.sweep,
            cursor=None,
            looked_back_at=looked_back_at,
        )


def read(connection: Connection, entity: str, feed: str) -> Watermark:
    """Return the watermark of one feed, or a new watermark if it was never pulled."""
    row = connection.execute(_OF_FEED, {"the_entity": entity, "the_feed": feed}).one_or_none()
    if row is None:
        return Watermark(feed)
    return Watermark(
        feed,
        pulled_to=None if row.pulled_to is None else instant(row.pulled_to),
        swept_at=None if row.swept_at is None else instant(row.swept_at),
        sweep=row.sweep,
        cursor=None if row.cursor is None else msgspec.json.decode(row.cursor, type=Cursor),
        looked_back_at=None if row.looked_back_at is None else instant(row.looked_back_at),
    )


def write(connection: Connection, entity: str, marks: list[Watermark]) -> None:
    """Store the watermarks, one row per feed, replacing earlier ones."""
    upsert(
        connection,
        watermarks,
        [
            {
                "entity": entity,
                "feed": mark.feed,
                "pulled_to": None if mark.pulled_to is None else micros(mark.pulled_to),
                "swept_at": None if mark.swept_at is None else micros(mark.swept_at),
                "sweep": mark.sweep,
                "looked_back_at": None if mark.looked_back_at is None else micros(mark.looked_back_at),
                "cursor": None if mark.cursor is None else msgspec.json.encode(mark.cursor).decode(),
            }
            for mark in marks
        ],
    )
