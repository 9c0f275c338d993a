"""What a pull makes of the pages that it reads: what is computed, what is only kept, and what is dropped as known."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from support.moment import NOW

from connector.state.engine import State
from connector.state.queue.desired import Computed
from connector.state.sync import records
from connector.state.sync.records import DUE, Record, Stored
from connector.state.sync.watermarks import Cursor
from entities.base import Feed, FeedPage, RunContext, merged, replaced
from entities.pulled import Pulled
from tasks import pull
from tasks.pull import Pull

Contexts = Callable[..., RunContext[Any]]


class Listed:
    """A list in Acumatica: `parts` by key, in pages of `page`; `vendor`, `quantities` and documents alike."""

    def __init__(self, parts: Mapping[str, Any], attribute: str, seen: str, page: int = 2, **traits: Any) -> None:
        self.parts, self.page = dict(parts), page
        self.asked: list[tuple[datetime | None, str | None]] = []
        self.there: dict[str, Any] = {}
        empty: Callable[[], Any] = dict if traits.get("merge") is merged else lambda: None
        self.feed = Feed(self._pages, self._of_keys, empty, attribute, seen, **traits)

    async def _pages(
        self, _context: RunContext[Any], since: datetime | None, after: str | None
    ) -> AsyncIterator[FeedPage]:
        self.asked.append((since, after))
        keys = [key for key in sorted(self.parts) if after is None or key > after]
        for start in range(0, len(keys), self.page):
            part = keys[start : start + self.page]
            yield FeedPage({key: self.parts[key] for key in part}, part[-1])

    async def _of_keys(self, _context: RunContext[Any], keys: list[str]) -> FeedPage:
        known = {**self.parts, **self.there}
        return FeedPage({key: known[key] for key in keys if key in known})


def documents(parts: Mapping[str, int], **traits: Any) -> Listed:
    """Records of one list each, which say a number."""
    return Listed(
        {key: {"says": message} for key, message in parts.items()}, "document", "facts_seen", of_records=True, **traits
    )


def quantities(parts: Mapping[str, dict[str, int]]) -> Listed:
    """Parts of records: quantities by warehouse."""
    return Listed(parts, "quantities", "rows_seen", merge=merged)


async def read_all(state: State, context: RunContext[Any], **how: Any) -> list[Pulled]:
    """Every chunk of one sync, each kept before the next is asked for, as the stages do it."""
    pulling, chunks = Pull(context, **how), []
    while (chunk := await pulling.next_chunk()) is not None:
        for stored in chunk.to_compute.values():
            stored.next_change = None
        kept = [*chunk.to_compute.values(), *chunk.to_keep.values()]
        marks = list(chunk.marks.values())
        context.state.commit(Computed([], [], None, stored=kept, seen=chunk.seen, marks=marks), NOW)
        pulling.queued()
        chunks.append(chunk)
    return chunks


def computed(chunks: list[Pulled]) -> list[str]:
    return sorted(key for chunk in chunks for key in chunk.to_compute)


@pytest.mark.parametrize(
    ("merge", "whole", "before", "part", "after"),
    [
        (merged, False, {"MAIN": 1, "EAST": 2}, {"EAST": 3}, {"MAIN": 1, "EAST": 3}),
        (merged, False, {"MAIN": 1}, {"EAST": 3}, {"MAIN": 1, "EAST": 3}),
        (merged, False, {"MAIN": 1}, {"MAIN": 1}, None),
        (merged, False, {"MAIN": 1}, {}, None),
        (merged, True, {"MAIN": 1, "EAST": 2}, {"EAST": 2}, {"EAST": 2}),
        (merged, True, {"MAIN": 1}, {}, {}),
        (replaced, False, {"MAIN": 1}, {"EAST": 3}, {"EAST": 3}),
        (replaced, False, {"MAIN": 1}, {"MAIN": 1}, None),
    ],
)
def test_what_was_read_is_merged_with_what_is_known(
    merge: Any, whole: bool, before: dict[str, int], part: dict[str, int], after: dict[str, int] | None
) -> None:
    """A part adds to its record, a whole one takes its place; nothing is news that was known (`None`)."""
    record = Record.of(quantities=dict(before))
    has_changed = pull._merge_into(record, replace(quantities({}).feed, merge=merge), part, whole=whole)
    assert (has_changed, record.quantities) == (after is not None, before if after is None else after)


async def test_the_first_sync_computes_everything_in_pages(state: State, make_context: Contexts) -> None:
    """The list is swept, and its watermark is kept at the end."""
    context = make_context(feeds={"items": documents({"A": 1, "B": 1, "C": 1}).feed})
    chunks = await read_all(state, context)
    assert computed(chunks) == ["A", "B", "C"]
    mark = chunks[-1].marks["items"]
    assert (mark.sweep, mark.pulled_to, mark.cursor) == (1, NOW, None)


async def test_what_is_known_already_is_dropped(state: State, make_context: Contexts) -> None:
    """Of a window's rows only those are computed that say something new; reading the others again costs nothing."""
    items = documents({"A": 1, "B": 1})
    context = make_context(feeds={"items": items.feed})
    await read_all(state, context)
    items.parts["B"] = {"says": 2}
    context.clock.advance(60)
    chunks = await read_all(state, context)
    assert (computed(chunks), [sorted(chunk.to_keep) for chunk in chunks]) == (["B"], [[]])


async def test_a_full_sync_computes_what_is_known_too(state: State, make_context: Contexts) -> None:
    """It compares with Magento, so nothing is dropped; and it tells compute to ask."""
    context = make_context(feeds={"items": documents({"A": 1, "B": 1}).feed})
    await read_all(state, context)
    chunks = await read_all(state, context, full=True)
    assert computed(chunks) == ["A", "B"]
    assert all(chunk.shown is not None for chunk in chunks)


async def test_a_sweep_that_saw_the_same_only_notes_it(state: State, make_context: Contexts) -> None:
    """A list that cannot tell what changed is read whole: what says the same is marked as seen and no more."""
    items = documents({"A": 1, "B": 1}, reports_changes=lambda _context: False)
    context = make_context(feeds={"items": items.feed})
    await read_all(state, context)
    context.clock.advance(900)
    chunk, _watermark = await read_all(state, context)
    assert chunk.to_compute == chunk.to_keep == {}
    assert [(one.column, one.sweep, list(one.acumatica_keys)) for one in chunk.seen] == [("facts_seen", 2, ["A", "B"])]


async def test_what_a_sweep_no_longer_sees_is_gone(state: State, make_context: Contexts) -> None:
    """Its part is emptied and its record is computed once, so that what Magento shows can be withdrawn."""
    items = documents({"A": 1, "B": 1})
    context = make_context(feeds={"items": items.feed})
    await read_all(state, context)
    del items.parts["A"]
    gone = [chunk for chunk in await read_all(state, context, full=True) if "A" in chunk.to_compute]
    assert [chunk.to_compute["A"].record.document for chunk in gone] == [None]
    again = await read_all(state, context, full=True)
    assert computed(again) == ["B"], "it is gone already"


async def test_a_document_may_outlive_the_sweeps(state: State, make_context: Contexts) -> None:
    """One that a sweep did not see is asked for by its key, and is what Acumatica says then."""
    items = documents({"A": 1, "B": 1}, outlives_sweeps=True)
    context = make_context(feeds={"items": items.feed})
    await read_all(state, context)
    items.there["A"] = {"says": 5}
    del items.parts["A"]
    chunks = await read_all(state, context, full=True)
    found = [chunk.to_compute["A"].record.document for chunk in chunks if "A" in chunk.to_compute]
    assert found == [{"says": 5}]


async def test_parts_are_computed_when_no_list_can_have_news_any_more(
    state: State, make_context: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A usual sync reads the list of parts last and computes its changes at once; those of a list before it are kept
    and computed at the end, so that a record that both tell of is computed once, with the news of both.
    """
    items, rows = documents({"A": 1, "B": 1}), quantities({"A": {"MAIN": 1}, "B": {"MAIN": 1}})
    context = make_context(feeds={"rows": rows.feed, "items": items.feed})
    await read_all(state, context)
    items.parts |= {"A": {"says": 2}, "B": {"says": 2}}
    rows.parts["B"] = {"MAIN": 7}
    context.clock.advance(60)
    monkeypatch.setattr(pull, "FIRST_CHUNK_RECORDS", 1)
    monkeypatch.setattr(pull, "CHUNK_RECORDS", 1)
    chunks = await read_all(state, context)
    assert computed(chunks) == ["A", "B"], "each of them once"
    assert all(stored.next_change is None for chunk in chunks for stored in chunk.to_compute.values())
    with state.read() as connection:
        kept = records.read(connection, "price", ["A", "B"])
    assert {key: (one.record.document, one.record.quantities) for key, one in kept.items()} == {
        "A": ({"says": 2}, {"MAIN": 1}),
        "B": ({"says": 2}, {"MAIN": 7}),
    }


async def test_rows_of_a_record_that_is_not_there_are_kept_only(state: State, make_context: Contexts) -> None:
    """Nothing is published before its facts are there; once they come, the rows that came before them count."""
    items, rows = documents({}), quantities({"A": {"MAIN": 4}})
    context = make_context(feeds={"rows": rows.feed, "items": items.feed})
    chunks = await read_all(state, context)
    assert (computed(chunks), [list(chunk.to_keep) for chunk in chunks if chunk.to_keep]) == ([], [["A"]])
    items.parts["A"] = {"says": 1}
    context.clock.advance(60)
    (chunk,) = [one for one in await read_all(state, context) if one.to_compute]
    assert chunk.to_compute["A"].record.quantities == {"MAIN": 4}


async def test_a_sweep_replaces_what_a_window_only_adds_to(state: State, make_context: Contexts) -> None:
    """A change names one warehouse and leaves the others; of all that is there, a warehouse that is missing is gone."""
    rows = quantities({"A": {"MAIN": 4, "EAST": 2}})
    context = make_context(feeds={"items": documents({"A": 1}).feed, "rows": rows.feed})
    await read_all(state, context)
    rows.parts["A"] = {"MAIN": 5}
    for full, after in ((False, {"MAIN": 5, "EAST": 2}), (True, {"MAIN": 5})):
        context.clock.advance(60)
        await read_all(state, context, full=full)
        with state.read() as connection:
            assert records.read(connection, "price", ["A"])["A"].record.quantities == after


async def test_what_broke_off_goes_on_behind_the_last_key(state: State, make_context: Contexts) -> None:
    """A sync that did not come to its end begins the next one there, in the same sweep."""
    items = documents({"A": 1, "B": 1, "C": 1})
    context = make_context(feeds={"items": items.feed})
    broken_off = Cursor(1, None, 1, "B")
    found = await read_all(state, context)
    mark = replace(found[-1].marks["items"], pulled_to=None, sweep=0, cursor=broken_off)
    context.state.commit(Computed([], [], None, marks=[mark]), NOW)
    items.asked.clear()
    await read_all(state, context)
    assert items.asked == [(None, "B")]


async def test_what_changes_by_itself_is_computed_on_its_day(state: State, make_context: Contexts) -> None:
    """A promotion begins without any news from Acumatica: the record as it was kept is computed again."""
    context = make_context(feeds={"items": documents({"A": 1}).feed})
    await read_all(state, context)
    for day, due in ((NOW.date().toordinal() + 1, []), (NOW.date().toordinal(), ["A"]), (DUE, ["A"])):
        stored = Stored("A", None, Record.of(document={"says": 1}), next_change=day, facts_seen=1)
        context.state.commit(Computed([], [], None, stored=[stored]), NOW)
        context.clock.advance(60)
        assert computed(await read_all(state, context)) == due


async def test_only_these_keys(state: State, make_context: Contexts) -> None:
    """They are read and computed whatever is known of them; no watermark moves; what Acumatica has not has vanished."""
    items = documents({"A": 1, "B": 1})
    context = make_context(feeds={"items": items.feed})
    await read_all(state, context)
    (chunk,) = await read_all(state, context, keys=["B", "no such record"])
    assert (list(chunk.to_compute), chunk.marks, chunk.missing) == (["B"], {}, ["no such record"])


async def test_a_record_that_cannot_be_read_is_no_record_that_is_gone(state: State, make_context: Contexts) -> None:
    """A sweep that met it as a problem tells the problem, and leaves alone what is known of it."""
    items = documents({"A": 1, "B": 1})
    context = make_context(feeds={"items": items.feed})
    await read_all(state, context)

    async def pages(*_asked: Any) -> AsyncIterator[FeedPage]:
        yield FeedPage({"B": {"says": 1}}, "B", [("A", "its price is not a number")])

    context.entity.feeds = {"items": replace(items.feed, pages=pages)}
    chunks = await read_all(state, context, full=True)
    assert computed(chunks) == ["B"]
    assert [chunk.problems for chunk in chunks if chunk.problems] == [[("A", "its price is not a number")]]


async def test_chunks_grow(state: State, make_context: Contexts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is small, so that something is under way early; each next one three times as large, up to the limit."""
    monkeypatch.setattr(pull, "FIRST_CHUNK_RECORDS", 2)
    monkeypatch.setattr(pull, "CHUNK_RECORDS", 10)
    items = documents({f"{number:03}": 1 for number in range(40)})
    context = make_context(feeds={"items": items.feed})
    assert [len(chunk.to_compute) for chunk in await read_all(state, context)] == [2, 6, 10, 10, 10, 2]
