"""The only way to read a list of Acumatica: in pages after a key, or by keys.

Acumatica returns neither a count nor a next page, its natural order is by key, and `$skip` is not safe while records
are written. So a page continues after the last key of the previous page (contracts/acumatica.md §2.5).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from connector.acumatica.errors import RequestRefused
from connector.acumatica.lists import ITEM_CODE, LARGEST_PAGE, Listed, Page
from connector.acumatica.query import AllOf, Condition, Dialect, Query, behind, ge, in_parts, same
from connector.acumatica.session import AcumaticaSession

T = TypeVar("T")


async def pages(
    session: AcumaticaSession,
    listed: Listed[T],
    where: Sequence[Condition] = (),
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[Page[T]]:
    """Yield the records that meet all conditions and changed since a time, in pages after a key."""
    size = min(session.access.page_size, listed.largest_page)
    since = [] if changed_since is None else [ge(listed.modified, changed_since)]
    while True:
        more = [] if after is None else [behind(listed.key, listed.parted(after))]
        page = await read(session, listed, [*where, *since, *more], top=size)
        if page.size() < size and not page.is_cut:
            yield page
            return
        keys = listed.texts_of(page.records) or [listed.text_of(one.key) for one in page.bad if one.key is not None]
        if after in keys:
            raise RequestRefused(f"{listed.name}: a page repeats the one before it; Acumatica does not page by key.")
        if listed.several_rows:
            page = _of_whole_keys(listed, page)
            if page.last is None:
                size *= 2
                if size > LARGEST_PAGE or page.is_cut:
                    raise RequestRefused(
                        f"{listed.name}: one item has more than {LARGEST_PAGE:,} rows, or the feed does not page."
                    )
                continue
        elif not keys:
            raise RequestRefused(f"{listed.name}: a page has no key to go on behind; Acumatica does not page by key.")
        else:
            page = replace(page, last=keys[-1])
        yield page
        after = page.last


def _of_whole_keys(listed: Listed[T], page: Page[T]) -> Page[T]:
    """Return the page without its last key, whose rows may continue on the next page; its `last` is the key before
    that, if any.

    The key of an unreadable record counts only if there is no other, because the key may be what is wrong with it.
    """
    keys = listed.keys_of(page.records)
    known = {key for key in keys if key is not None} or {one.key for one in page.bad if one.key is not None}
    if not known:
        return replace(page, last=None)
    cut = max(known)
    before = max(known - {cut}, default=None)
    records = [record for record, key in zip(page.records, keys, strict=True) if key is None or key < cut]
    bad = [one for one in page.bad if one.key is None or one.key < cut]
    return replace(page, records=records, bad=bad, last=None if before is None else listed.text_of(before))


async def with_keys(
    session: AcumaticaSession, listed: Listed[T], keys: Iterable[str], where: Sequence[Condition] = ()
) -> Page[T]:
    """Return the records with these keys that meet all conditions; missing ones are left out."""
    parted = [key for text in dict.fromkeys(keys) if all(key := listed.parted(text))]
    return await having(session, listed, [same(listed.key, key) for key in parted], where)


async def of_items(session: AcumaticaSession, listed: Listed[T], codes: Iterable[str]) -> Page[T]:
    """Return the rows of a feed of these items."""
    return await having(session, listed, [same((ITEM_CODE,), (one,)) for one in dict.fromkeys(codes)])


async def having(
    session: AcumaticaSession, listed: Listed[T], each: Sequence[Condition], where: Sequence[Condition] = ()
) -> Page[T]:
    """Return the records that meet any one of `each` and all conditions, in as few requests as possible."""
    whole: Page[T] = Page()
    top = LARGEST_PAGE if listed.dialect is Dialect.FEED else None
    for part in in_parts(each, listed.keys_per_request, listed.dialect):
        page = await read(session, listed, [part, *where], top=top)
        if page.is_cut:
            raise RequestRefused(
                f"{listed.name}: the rows of {len(part.conditions)} items do not fit the server's page."
            )
        whole.records.extend(page.records)
        whole.bad.extend(page.bad)
    return whole


async def read(
    session: AcumaticaSession, listed: Listed[T], where: Sequence[Condition] = (), *, top: int | None = None
) -> Page[T]:
    """Send one request, and return a page of the records that meet all conditions."""
    params = Query(
        listed.select, listed.expand, listed.custom, where=AllOf(tuple(where)), order=listed.order, top=top
    ).params(listed.dialect)
    content = await session.get(listed.url(session.access), params, what=listed.what(), archived=listed.archived)
    return listed.decode(content)
