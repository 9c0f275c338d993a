"""Stage 1, pull: read what changed in Acumatica since the watermark, and merge it with what was read before.

Input: the watermark of each feed. Output: chunks of whole records (all rows of an item together), with the cursors to
store when the chunk is queued. A row without news is dropped here, so the overlap of two windows costs nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from connector.state.queue.desired import Seen
from connector.state.schema import instant
from connector.state.sync import records
from connector.state.sync.records import Record, Stored
from connector.state.sync.watermarks import Cursor, Watermark
from connector.state.text import are_all_kept, kept_name
from entities.base import Feed, FeedPage, RunContext, merged, replaced
from entities.events import PageRead
from entities.pulled import Pulled
from entities.shown import Shown
from tasks.decision_log import log_pulled
from tasks.windows import next_cursor

FIRST_CHUNK_RECORDS = 2_000
CHUNKS_GROW = 3
CHUNK_RECORDS = 20_000
"""The first chunk of a sync is small, so that sending starts early. Each further chunk is larger by this factor, up to
the maximum, because Magento takes longer for a record than we do, and fewer chunks cost less.
"""


class Pull:
    """The pull of one sync: `begin` reads the first pages, outside any task; `next_chunk` returns one chunk after the
    other.

    The next chunk is read while the previous one is computed and queued; call `queued` when that is done. Whatever may
    depend on it waits: records that are in both, and reads from the state database. `goes_on`: whether there may be
    another chunk. With `keys` only these Acumatica records are read, and no watermark moves. A full sync, and any other
    sync with `compare`, compares with what Magento shows, which is requested as soon as a page is there.
    """

    def __init__(
        self, context: RunContext[Any], *, full: bool = False, keys: list[str] | None = None, compare: bool = False
    ) -> None:
        self._context = context
        self._full = full
        self._feeds = context.entity.feeds
        self._compare = full or compare
        self._chunk = self._new_chunk()
        self._without_record: set[str] = set()
        self._followed: tuple[str, ...] = ()
        self._cuts = self._walk() if keys is None else self._walk_keys(keys)
        self._first: Pulled | None = None
        self._has_begun = False
        self._under_way: set[str] = set()
        self._is_queued = asyncio.Event()
        self._is_queued.set()
        self._chunk_records = FIRST_CHUNK_RECORDS
        self.goes_on = False

    async def begin(self) -> Pulled | None:
        """Read until there is something to do. The first chunk holds only watermarks if nothing changed."""
        if not self._has_begun:
            self._has_begun = True
            self._first = await self._next()
        return self._first

    async def next_chunk(self) -> Pulled | None:
        """Return the next chunk once the previous one is queued; None at the end of the last window."""
        if not self._has_begun:
            await self.begin()
        chunk, self._first = self._first, None
        chunk = chunk if chunk is not None else await self._next()
        if chunk is not None:
            await self._is_queued.wait()
            self._under_way = chunk.keys()
            self._is_queued.clear()
        return chunk

    def queued(self) -> None:
        """Record that the chunk that was returned last is queued."""
        self._under_way = set()
        self._is_queued.set()

    def _new_chunk(self) -> Pulled:
        return Pulled.nothing(Shown(self._context.shop.readers, self._context.clock) if self._compare else None)

    async def _next(self) -> Pulled | None:
        self.goes_on = False
        async for cut_here in self._cuts:
            if self._chunk.size() >= self._chunk_records or (cut_here and not self._chunk.is_idle()):
                self.goes_on, self._chunk_records = True, min(self._chunk_records * CHUNKS_GROW, CHUNK_RECORDS)
                break
        chunk, self._chunk = self._chunk, self._new_chunk()
        log_pulled(self._context, chunk)
        return chunk if chunk.marks or not chunk.is_idle() else None

    async def _walk(self) -> AsyncIterator[bool]:
        await self._context.entity.before_pull(self._context, full=self._full)
        names = self._in_order()
        self._followed = names[:-1] if self._context.entity.merges_feeds else ()
        for feed in names:
            compute_all = self._full and (self._feeds[feed].of_records or feed == names[-1])
            async for cut_here in self._pull_feed(feed, compute_all=compute_all):
                yield cut_here
        for stored in list(self._chunk.to_keep.values()):
            if stored.next_change == records.DUE:
                self._chunk.add(stored, compute=True)
        await self._is_queued.wait()
        due = self._context.state.records_due(self._context.today(), self._context.clock.now())
        for start in range(0, len(due), CHUNK_RECORDS):
            self._take_again(due[start : start + CHUNK_RECORDS])
            yield False
        if self._full:
            await self._is_queued.wait()
            self._vanish([one.acumatica_key for one in self._context.state.failed()])
            yield False

    def _in_order(self) -> tuple[str, ...]:
        """Return the feeds in the order in which they are read. What the last one reports is computed at once. What an
        earlier one reports of a value is stored, and computed when no other feed of the sync can have news of the
        record any more.

        So a full sync reads the items last, which computes them all, and a normal sync the feed that changes most.
        """
        names = self._context.read.feeds
        if self._full:
            return names
        return tuple(sorted(names, key=lambda name: not self._feeds[name].of_records))

    async def _walk_keys(self, keys: list[str]) -> AsyncIterator[bool]:
        await self._context.entity.before_pull(self._context, full=False)
        for feed in self._context.read.feeds:
            mark = self._context.state.watermark(feed)
            page = await self._feeds[feed].of_keys(self._context, keys)
            self._merge(feed, page, mark, None, whole=True, compute_all=True)
        self._take_again([key for key in keys if self._chunk.find(key) is None])
        self._vanish([key for key in keys if self._chunk.find(key) is None])
        yield False

    def _vanish(self, keys: list[str]) -> None:
        """Handle keys of which nothing was read: either no record is stored for them, or one that had been deleted."""
        unread = [key for key in keys if key not in self._without_record and self._chunk.find(key) is None]
        known = self._context.state.records(unread)
        self._chunk.missing.extend(key for key in unread if key not in known)
        for stored in known.values():
            if not stored.record.is_there():
                self._chunk.add(stored, compute=True)

    def _take_again(self, keys: list[str]) -> None:
        fresh = [key for key in keys if self._chunk.find(key) is None]
        for stored in self._context.state.records(fresh).values():
            self._chunk.add(stored, compute=True)

    async def _pull_feed(self, feed: str, *, compute_all: bool) -> AsyncIterator[bool]:
        mark = self._context.state.watermark(feed)
        cursor = self._cursor(feed, mark)
        if cursor is None:
            return
        since = None if cursor.changed_since is None else instant(cursor.changed_since)
        async for page in self._feeds[feed].pages(self._context, since, cursor.after):
            whole = cursor.sweep is not None or page.whole
            if not self._under_way.isdisjoint(page.parts):
                await self._is_queued.wait()
            self._merge(feed, page, mark, cursor.sweep, whole=whole, compute_all=compute_all)
            if page.last_key is not None:
                cursor = msgspec.structs.replace(cursor, after=page.last_key)
                self._chunk.marks[feed] = mark.moved(cursor)
            yield False
        if cursor.sweep is not None and mark.sweep > 0:
            yield True  # store what the sweep saw before searching for what it did not see
            async for cut_here in self._find_deleted(feed, cursor.sweep):
                yield cut_here
        self._chunk.marks[feed] = mark.finished(cursor)
        yield False

    def _cursor(self, feed: str, mark: Watermark) -> Cursor | None:
        read = self._context.read
        return next_cursor(
            mark,
            self._context.clock.now(),
            full=self._full,
            reports_changes=self._feeds[feed].reports_changes(self._context),
            overlap=read.overlap,
            full_read_interval=read.full_read_interval,
        )

    def _merge(
        self, feed: str, page: FeedPage, mark: Watermark, sweep: int | None, *, whole: bool, compute_all: bool
    ) -> None:
        self._note_without_record(page)
        self._context.events.emit(PageRead(self._context.name, feed, len(page.parts)))
        chunk, of = self._chunk, self._feeds[feed]
        earlier = chunk.earlier(page.parts.keys())
        known = self._context.state.records(
            [key for key in page.parts if key not in earlier] if earlier else [*page.parts]
        )
        is_followed = not compute_all and feed in self._followed
        is_all = of.merge is replaced or (whole and of.merge is merged)
        unchanged: list[str] = []
        wanted: dict[str, Stored] = {}
        for key, part in page.parts.items():
            stored = known.get(key)
            is_kept = stored is not None
            if stored is None:
                stored = earlier.get(key) or Stored(key, None, Record())
            record = stored.record
            was_there = record.is_there()
            has_changed = record.take(of.attribute, part) if is_all else _merge_into(record, of, part, whole=whole)
            if is_kept and not has_changed and not compute_all:
                unchanged.append(key)
                continue
            if sweep is not None:
                setattr(stored, of.seen, sweep)
            elif part and getattr(stored, of.seen) is None:
                # so that the next sweep notices the absence of a record that only a window saw
                setattr(stored, of.seen, mark.sweep)
            is_wanted = (compute_all or has_changed) and (was_there or record.is_there())
            if is_wanted and is_followed:
                stored.next_change, is_wanted = records.DUE, False
            if is_wanted:
                wanted[key] = stored
            else:
                chunk.add(stored, compute=False)
        chunk.compute(wanted)
        if sweep is not None and unchanged:
            chunk.seen.append(Seen(of.seen, sweep, unchanged))
        if chunk.shown is not None:
            self._context.entity.ask_ahead(self._context, list(wanted.values()), chunk.shown)

    def _note_without_record(self, page: FeedPage) -> None:
        """Note keys that exist and have no stored record: the record is unreadable, or its key cannot be stored
        unchanged.
        """
        self._chunk.problems.extend(page.problems)
        self._without_record.update(kept_name(key) for key, _reason in page.problems)
        if not are_all_kept(list(page.parts)):
            self._without_record.update(kept_name(key) for key in page.parts if kept_name(key) != key)

    async def _find_deleted(self, feed: str, sweep: int) -> AsyncIterator[bool]:
        present = set(self._without_record)  # an unreadable record exists
        while True:
            await self._is_queued.wait()
            keys = self._context.state.records_not_seen(
                self._feeds[feed].seen, sweep, self._feeds[feed].kind, CHUNK_RECORDS
            )
            found = self._context.state.records([key for key in keys if key not in present])
            if not found:
                return
            present.update(found)
            there = await self._still_there(feed, list(found))
            for key, stored in found.items():
                _merge_into(stored.record, self._feeds[feed], there.get(key, self._feeds[feed].nothing()), whole=True)
                setattr(stored, self._feeds[feed].seen, None)
                self._chunk.add(stored, compute=True)
            yield True

    async def _still_there(self, feed: str, keys: list[str]) -> dict[str, Any]:
        """Return documents that a sweep did not see and that still exist: archived ones, or ones that are no longer
        chosen.
        """
        if not self._feeds[feed].outlives_sweeps:
            return {}
        page = await self._feeds[feed].of_keys(self._context, keys)
        self._note_without_record(page)
        return page.parts


def _merge_into(record: Record, feed: Feed, part: Any, *, whole: bool) -> bool:
    """Merge what a feed reports of a record into it, and return whether anything changed. With `whole` the part is
    everything that the feed has for the record.
    """
    return record.take(feed.attribute, feed.merge(getattr(record, feed.attribute), part, whole=whole))
