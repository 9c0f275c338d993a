"""The lists of Acumatica that the connector reads, and the one way to read them: in pages behind a key, or by keys.

A list is a record type, a key and what is selected; whoever declares one maps its records and needs nothing else.
Acumatica gives neither a count nor a next page, its natural order is by key, and `$skip` is not safe while records are
written: so a page goes on behind the last key (contracts/acumatica.md §2.5). Archived documents are asked for: an
archived one is not a deleted one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.errors import RequestRefused
from connector.acumatica.query import AllOf, Condition, Dialect, Query, behind, ge, in_parts, same
from connector.acumatica.records import (
    UNDECODABLE,
    WITHOUT_KEY,
    Problem,
    Value,
    as_it_is,
    code,
    decode_page,
    decode_rows_of,
    raw_value,
)
from connector.acumatica.session import AcumaticaSession

T = TypeVar("T")
Key = tuple[Any, ...]
LARGEST_PAGE = 100_000
UNKNOWN_PART = "(none)"
"""What stands for a part of a key that cannot be read."""


@dataclass(frozen=True)
class Bad:
    """A record that cannot be read: its key as far as that can be told, its name for people, and why."""

    key: Key | None
    name: str
    why: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """Records, and those that cannot be read; `last`: the key to go on behind, none at the end.

    is_cut: the server's own page size cut the answer off.
    """

    records: list[T] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    last: str | None = None
    is_cut: bool = False

    def size(self) -> int:
        """How many records the answer had."""
        return len(self.records) + len(self.bad)

    def problems(self, kind: str = "") -> list[Problem]:
        """The records that cannot be read, with what they are before their name."""
        return [Problem(f"{kind}{one.name}", one.why) for one in self.bad]


@dataclass(frozen=True, kw_only=True)
class Listed(ABC, Generic[T]):
    """A list as it is read.

    key: the fields by which it is ordered. modified: the field of the last change. several_rows: a key may have
    several rows, which are handed on together.
    """

    name: str
    record: type[T]
    key: tuple[str, ...]
    select: tuple[str, ...]
    expand: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    modified: str = "LastModifiedDateTime"
    largest_page: int = LARGEST_PAGE
    keys_per_request: int = 40
    archived: bool = True
    several_rows: bool = False

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """Whom to ask."""

    @abstractmethod
    def url(self, access: AcumaticaAccess) -> str:
        """Where it is asked for."""

    @abstractmethod
    def what(self) -> str:
        """What it is, as errors name it."""

    @abstractmethod
    def decode(self, content: bytes) -> Page[T]:
        """Return the records of an answer."""

    @abstractmethod
    def key_of(self, record: Any) -> Key | None:
        """Return the key of a record; `None` where a part of it is missing."""

    @abstractmethod
    def text_of(self, key: Key) -> str:
        """Return a key as it is kept and told."""

    @abstractmethod
    def parted(self, text: str) -> Key:
        """Return the key of a text."""


@dataclass(frozen=True, kw_only=True)
class EntityList(Listed[T]):
    """A list of an entity of the endpoint. `called`: what one record is called. `separator`: between a key's parts."""

    called: str
    separator: str = " "

    @property
    def dialect(self) -> Dialect:
        return Dialect.ENDPOINT

    def url(self, access: AcumaticaAccess) -> str:
        return access.entity(self.name)

    def what(self) -> str:
        return f"the list of {self.name}"

    def decode(self, content: bytes) -> Page[T]:
        good, bad = decode_page(content, self.record, self.called)
        return Page(good, [self._bad(raw, why) for raw, why in bad])

    def key_of(self, record: Any) -> Key | None:
        key = tuple(code(getattr(record, name).value) for name in self.key)
        return key if all(key) else None

    def text_of(self, key: Key) -> str:
        return self.separator.join(map(str, key))

    def parted(self, text: str) -> Key:
        if len(self.key) == 1:
            return (text,)
        found = [part.strip() for part in text.strip().split(self.separator, len(self.key) - 1)]
        return (*found, *[""] * (len(self.key) - len(found)))

    def _bad(self, raw: Any, why: str) -> Bad:
        key = tuple(raw_value(raw, name) for name in self.key)
        name = self.separator.join(part or UNKNOWN_PART for part in key) if any(key) else WITHOUT_KEY
        return Bad(key if all(key) else None, name, why)


class ItemCode(msgspec.Struct, gc=False):
    """The expanded item of a feed's row."""

    InventoryCD: str | None = None


class ItemRow(msgspec.Struct, kw_only=True, gc=False):
    """What every row of a feed of items has: the item's number and code."""

    InventoryID: int | None = None
    InventoryItemByInventoryID: ItemCode | None = None

    def inventory_id(self) -> str:
        """The item's code, without the blanks that it is padded with."""
        item = self.InventoryItemByInventoryID
        return ((item.InventoryCD if item is not None else None) or "").rstrip()


ITEM_CODE = "InventoryItemByInventoryID/InventoryCD"
R = TypeVar("R", bound=ItemRow)


class _Answer(msgspec.Struct, Generic[R]):
    value: list[R]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


@dataclass(frozen=True, kw_only=True)
class ItemFeed(Listed[R]):
    """A DAC-based OData feed of rows of items, several an item, in pages of whole items by the item's number."""

    key: tuple[str, ...] = ("InventoryID",)
    keys_per_request: int = 20
    archived: bool = False
    several_rows: bool = True

    @property
    def dialect(self) -> Dialect:
        return Dialect.FEED

    def url(self, access: AcumaticaAccess) -> str:
        return access.dac(self.name)

    def what(self) -> str:
        return f"the OData feed {self.name}"

    def decode(self, content: bytes) -> Page[R]:
        try:
            answer = msgspec.json.decode(content, type=_Answer[self.record])  # type: ignore[name-defined]
        except UNDECODABLE:
            whole = as_it_is(content, self.what())
            rows, bad = decode_rows_of(whole, "value", self.record, self.what())
            found = [Bad(_number_of(raw), _code_of(raw), why) for raw, why in bad]
            return Page(rows, found, is_cut="@odata.nextLink" in whole)
        return Page(answer.value, is_cut=answer.next_link is not None)

    def key_of(self, record: Any) -> Key | None:
        return None if record.InventoryID is None else (record.InventoryID,)

    def text_of(self, key: Key) -> str:
        return str(key[0])

    def parted(self, text: str) -> Key:
        return (int(text),)


def _number_of(raw: Any) -> Key | None:
    number = raw.get("InventoryID") if isinstance(raw, dict) else None
    return (number,) if isinstance(number, int) and not isinstance(number, bool) else None


def _code_of(raw: Any) -> str:
    item = raw.get("InventoryItemByInventoryID") if isinstance(raw, dict) else None
    found = item.get("InventoryCD") if isinstance(item, dict) else None
    return (found.rstrip() if isinstance(found, str) else "") or WITHOUT_KEY


async def pages(
    session: AcumaticaSession,
    of: Listed[T],
    where: Sequence[Condition] = (),
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[Page[T]]:
    """The records that meet all conditions and changed since an instant, in pages behind a key."""
    size = min(session.access.page_size, of.largest_page)
    since = [] if changed_since is None else [ge(of.modified, changed_since)]
    while True:
        more = [] if after is None else [behind(of.key, of.parted(after))]
        page = await read(session, of, [*where, *since, *more], top=size)
        if page.size() < size and not page.is_cut:
            yield page
            return
        keys = [of.text_of(key) for key in _keys(of, page)]
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


def _keys(of: Listed[T], page: Page[T]) -> list[Key]:
    """The keys of a page in order: of those that can be read, for a bad record's key may be what is wrong with it."""
    good = [key for record in page.records if (key := of.key_of(record)) is not None]
    return good or [one.key for one in page.bad if one.key is not None]


def _of_whole_keys(of: Listed[T], page: Page[T]) -> Page[T]:
    """The page without its last key, which may go on behind it; its last is then the key before that, if any is."""
    keys = _keys(of, page)
    if not keys:
        return replace(page, last=None)
    cut = max(keys)
    before = max((key for key in keys if key < cut), default=None)
    records = [record for record in page.records if (key := of.key_of(record)) is None or key < cut]
    bad = [one for one in page.bad if one.key is None or one.key < cut]
    return replace(page, records=records, bad=bad, last=None if before is None else of.text_of(before))


async def with_keys(
    session: AcumaticaSession, of: Listed[T], keys: Iterable[str], where: Sequence[Condition] = ()
) -> Page[T]:
    """The records with these keys that meet all conditions; those that are not there are left out."""
    parted = [key for text in dict.fromkeys(keys) if all(key := of.parted(text))]
    return await having(session, of, [same(of.key, key) for key in parted], where)


async def of_items(session: AcumaticaSession, of: Listed[T], codes: Iterable[str]) -> Page[T]:
    """The rows of a feed of these items."""
    return await having(session, of, [same((ITEM_CODE,), (one,)) for one in dict.fromkeys(codes)])


async def having(
    session: AcumaticaSession, of: Listed[T], each: Sequence[Condition], where: Sequence[Condition] = ()
) -> Page[T]:
    """The records that meet any one of `each` and all conditions, in as few requests as can be made."""
    whole: Page[T] = Page()
    top = LARGEST_PAGE if of.dialect is Dialect.FEED else None
    for part in in_parts(each, of.keys_per_request, of.dialect):
        found = await read(session, of, [part, *where], top=top)
        if found.is_cut:
            raise RequestRefused(f"{of.name}: the rows of {len(part.conditions)} items do not fit the server's page.")
        whole.records.extend(found.records)
        whole.bad.extend(found.bad)
    return whole


async def read(
    session: AcumaticaSession, of: Listed[T], where: Sequence[Condition] = (), *, top: int | None = None
) -> Page[T]:
    """One request: the records that meet all conditions."""
    params = Query(of.select, of.expand, of.custom, AllOf(tuple(where)), of.order, top).params(of.dialect)
    content = await session.get(of.url(session.access), params, what=of.what(), archived=of.archived)
    return of.decode(content)


def paths(record: type[Any]) -> tuple[str, ...]:
    """The path of every value of a record type, those of its parts included: what is selected to fill it."""
    return tuple(_paths(record, ""))


def parts(record: type[Any]) -> tuple[str, ...]:
    """The path of every part of a record type: what is expanded to fill it."""
    found = (path.rpartition("/")[0] for path in _paths(record, ""))
    return tuple(dict.fromkeys(part for path in found if path for part in _with_parents(path)))


def _with_parents(path: str) -> Iterator[str]:
    steps = path.split("/")
    return ("/".join(steps[:length]) for length in range(1, len(steps) + 1))


def _paths(record: type[Any], before: str) -> Iterator[str]:
    for name, kind in get_type_hints(record).items():
        inner = _part(kind)
        if inner is None:
            yield f"{before}{name}"
        else:
            yield from _paths(inner, f"{before}{name}/")


def _part(kind: Any) -> type[Any] | None:
    """The record type of a part: `Part | None`, or a list of them; `None` for a plain value."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not issubclass(kind, Value):
        return kind
    if get_origin(kind) in (list, Union, UnionType):
        return next(filter(None, map(_part, get_args(kind))), None)
    return None
