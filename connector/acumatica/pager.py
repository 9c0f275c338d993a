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
    of: Listed[T],
    where: Sequence[Condition] = (),
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[Page[T]]:
    """Yield the records that meet all conditions and changed since a time, in pages after a key."""
    size = min(session.access.page_size, of.largest_page)
    since = [] if changed_since is None else [ge(of.modified, changed_since)]
    while True:
        more = [] if after is None else [behind(of.key, of.parted(after))]
        page = await read(session, of, [*where, *since, *more], top=size)
        if page.size() < size and not page.is_cut:
            yield page
            return
        keys = of.texts_of(page.records) or [of.text_of(one.key) for one in page.bad if one.key is not None]
        if after in keys:
            raise RequestRefused(f"{of.name}: a page repeats the one before it; Acumatica does not page by key.")
        if of.several_rows:
            page = _of_whole_keys(of, page)
            if page.last is None:
                size *= 2
                if size > LARGEST_PAGE or page.is_cut:
                    raise RequestRefused(
                        f"{of.name}: one item has more than {LARGEST_PAGE:,} rows, or the feed does not page."
                    )
                continue
        elif not keys:
            raise RequestRefused(f"{of.name}: a page has no key to go on behind; Acumatica does not page by key.")
        else:
            page = replace(page, last=keys[-1])
        yield page
        after = page.last


def _of_whole_keys(of: Listed[T], page: Page[T]) -> Page[T]:
    """Return the page without its last key, whose rows may continue on the next page; its `last` is the key before
    that, if any.

    The key of an unreadable record counts only if there is no other, because the key may be what is wrong with it.
    """
    keys = of.keys_of(page.records)
    known = {key for key in keys if key is not None} or {one.key for one in page.bad if one.key is not None}
    if not known:
        return replace(page, last=None)
    cut = max(known)
    before = max(known - {cut}, default=None)
    records = [record for record, key in zip(page.records, keys, strict=True) if key is None or key < cut]
    bad = [one for one in page.bad if one.key is None or one.key < cut]
    return replace(page, records=records, bad=bad, last=None if before is None else of.text_of(before))


async def with_keys(
    session: AcumaticaSession, of: Listed[T], keys: Iterable[str], where: Sequence[Condition] = ()
) -> Page[T]:
    """Return the records with these keys that meet all conditions; missing ones are left out."""
    parted = [key for text in dict.fromkeys(keys) if all(key := of.parted(text))]
    return await having(session, of, [same(of.key, key) for key in parted], where)


async def of_items(session: AcumaticaSession, of: Listed[T], codes: Iterable[str]) -> Page[T]:
    """Return the rows of a feed of these items."""
    return await having(session, of, [same((ITEM_CODE,), (one,)) for one in dict.fromkeys(codes)])


async def having(
    session: AcumaticaSession, of: Listed[T], each: Sequence[Condition], where: Sequence[Condition] = ()
) -> Page[T]:
    """Return the records that meet any one of `each` and all conditions, in as few requests as possible."""
    whole: Page[T] = Page()
    top = LARGEST_PAGE if of.dialect is Dialect.FEED else None
    for part in in_parts(each, of.keys_per_request, of.dialect):
        page = await read(session, of, [part, *where], top=top)
        if page.is_cut:
            raise RequestRefused(f"{of.name}: the rows of {len(part.conditions)} items do not fit the server's page.")
        whole.records.extend(page.records)
        whole.bad.extend(page.bad)
    return whole


async def read(
    session: AcumaticaSession, of: Listed[T], where: Sequence[Condition] = (), *, top: int | None = None
) -> Page[T]:
    """Send one request, and return a page of the records that meet all conditions."""
    params = Query(of.select, of.expand, of.custom, where=AllOf(tuple(where)), order=of.order, top=top).params(
        of.dialect
    )
    content = await session.get(of.url(session.access), params, what=of.what(), archived=of.archived)
    return of.decode(content)
