"""The declaration of a list of Acumatica: a record type, a key and what is selected.

A new list needs this declaration and a mapping of its records; `pager` reads it. A list contains entities of the
endpoint, or rows of items from an OData feed. Archived documents are read too: an archived one is not a deleted one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.query import Dialect
from connector.acumatica.records import (
    UNDECODABLE,
    WITHOUT_KEY,
    Problem,
    RawNumber,
    Value,
    as_it_is,
    code,
    decode_page,
    decode_rows_of,
    raw_value,
)

T = TypeVar("T")
Key = tuple[Any, ...]
LARGEST_PAGE = 100_000
UNKNOWN_PART = "(none)"
"""The placeholder for a part of a key that cannot be read."""


@dataclass(frozen=True)
class Bad:
    """An unreadable record: its key as far as it is readable, its name for people, and the reason."""

    key: Key | None
    name: str
    why: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """Records, and unreadable ones. `last`: the key after which to continue; None at the end.

    is_cut: the server's own page size cut the answer off.
    """

    records: list[T] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    last: str | None = None
    is_cut: bool = False

    def size(self) -> int:
        """Return the number of records in the answer."""
        return len(self.records) + len(self.bad)

    def problems(self, kind: str = "") -> list[Problem]:
        """Return the unreadable records, each with its kind before its name."""
        return [Problem(f"{kind}{one.name}", one.why) for one in self.bad]


@dataclass(frozen=True, kw_only=True)
class Listed(ABC, Generic[T]):
    """A list and how it is read.

    key: the fields by which it is ordered. modified: the field with the last change. several_rows: a key may have
    several rows, which are passed on together.
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
        """Return the query dialect of the list's service."""

    @abstractmethod
    def url(self, access: AcumaticaAccess) -> str:
        """Return the list's URL."""

    @abstractmethod
    def what(self) -> str:
        """Return the list's name in errors."""

    @abstractmethod
    def decode(self, content: bytes) -> Page[T]:
        """Return the records of an answer."""

    @abstractmethod
    def key_of(self, record: Any) -> Key | None:
        """Return the key of a record; None if a part of it is missing."""

    def keys_of(self, records: Sequence[Any]) -> list[Key | None]:
        """Return the key of each record."""
        return list(map(self.key_of, records))

    @abstractmethod
    def text_of(self, key: Key) -> str:
        """Return a key as text, as it is stored and shown."""

    def texts_of(self, records: Sequence[Any]) -> list[str]:
        """Return the keys of the records that have one, as texts."""
        return [self.text_of(key) for record in records if (key := self.key_of(record)) is not None]

    @abstractmethod
    def parted(self, text: str) -> Key:
        """Return the key from its text."""


@dataclass(frozen=True, kw_only=True)
class EntityList(Listed[T]):
    """A list of an entity of the endpoint. `called`: the name of one record. `separator`: between the parts
    of a key.
    """

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

    def texts_of(self, records: Sequence[Any]) -> list[str]:
        if len(self.key) > 1:
            return super().texts_of(records)
        return [key for one in map(attrgetter(self.key[0]), records) if (key := (one.value or "").rstrip())]

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
        """Return the item's code without its padding blanks."""
        item = self.InventoryItemByInventoryID
        return ((item.InventoryCD if item is not None else None) or "").rstrip()


ITEM_CODE = "InventoryItemByInventoryID/InventoryCD"
R = TypeVar("R", bound=ItemRow)


class _Answer(msgspec.Struct, Generic[R]):
    value: list[R]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


@dataclass(frozen=True, kw_only=True)
class ItemFeed(Listed[R]):
    """A DAC-based OData feed of rows of items, several per item, in pages of whole items by the item's number."""

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

    def keys_of(self, records: Sequence[Any]) -> list[Key | None]:
        numbers = map(attrgetter("InventoryID"), records)
        return [None if number is None else (number,) for number in numbers]

    def text_of(self, key: Key) -> str:
        return str(key[0])

    def texts_of(self, records: Sequence[Any]) -> list[str]:
        numbers = list(map(attrgetter("InventoryID"), records))
        return [str(number) for number in dict.fromkeys(numbers) if number is not None]

    def parted(self, text: str) -> Key:
        return (int(text),)


def _number_of(raw: Any) -> Key | None:
    number = raw.get("InventoryID") if isinstance(raw, dict) else None
    return (number,) if isinstance(number, int) and not isinstance(number, bool) else None


def _code_of(raw: Any) -> str:
    item = raw.get("InventoryItemByInventoryID") if isinstance(raw, dict) else None
    found = item.get("InventoryCD") if isinstance(item, dict) else None
    return (found.rstrip() if isinstance(found, str) else "") or WITHOUT_KEY


def paths(record: type[Any]) -> tuple[str, ...]:
    """Return the path of every value of a record type, including those of its parts: what is selected to fill it."""
    return tuple(_paths(record, ""))


def parts(record: type[Any]) -> tuple[str, ...]:
    """Return the path of every part of a record type: what is expanded to fill it."""
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
    """Return the record type of a part (`Part | None`, or several parts); None for a plain value."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not issubclass(kind, Value | RawNumber):
        return kind
    if get_origin(kind) in (list, tuple, Union, UnionType):
        return next(filter(None, map(_part, get_args(kind))), None)
    return None
