"""Lists of documents in pages by key, and documents by key: what the readers of documents have in common.

Acumatica gives neither a count nor a next page; natural order is by key, so a page goes on behind the last key
(contracts/acumatica.md §2.5). Archived documents are asked for everywhere: an archived one is not a deleted one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

import msgspec

from connector.acumatica.errors import RequestRefused
from connector.acumatica.items import quoted
from connector.acumatica.records import WITHOUT_KEY, decode_page, possible_keys, raw_value
from connector.acumatica.session import AcumaticaSession

KEYS_PER_REQUEST = 40

T = TypeVar("T")


@dataclass(frozen=True)
class Listed(Generic[T]):
    """An entity as it is read: its record type, the fields to select, what to expand, and the field of its number."""

    entity: str
    record: type[T]
    select: str
    expand: str
    number: str
    what: str

    def key(self, record: Any) -> str:
        """The number of a record."""
        return str(getattr(record, self.number).value or "").rstrip()

    def raw_key(self, raw: Any) -> str:
        """The number of a record that cannot be read."""
        return raw_value(raw, self.number) or WITHOUT_KEY


@dataclass(frozen=True)
class Page(Generic[T]):
    """Records; (number, why) of those that cannot be read; the number to go on behind, none at the end."""

    records: list[T]
    bad: list[tuple[str, str]]
    last: str | None = None


def since(field: str, moment: datetime) -> str:
    """The condition for what changed since an instant."""
    return f"{field} ge datetimeoffset'{moment.astimezone(UTC).isoformat(timespec='milliseconds')}'"


def on_or_after(field: str, day: date) -> str:
    """The condition for a date; without an offset Acumatica reads it in the server's zone, as it keeps its dates."""
    return f"{field} ge datetimeoffset'{day.isoformat()}'"


def either(field: str, values: Sequence[str]) -> str:
    """The condition for one of several values."""
    return "(" + " or ".join(f"{field} eq '{quoted(value)}'" for value in values) + ")"


async def pages(
    session: AcumaticaSession, of: Listed[T], conditions: Sequence[str], after: str | None
) -> AsyncIterator[Page[T]]:
    """The records that meet all conditions, archived ones too, in pages behind a number."""
    size = session.access.page_size
    while True:
        behind = [] if after is None else [f"{of.number} gt '{quoted(after)}'"]
        found = await read(session, of, [*conditions, *behind], {"$top": str(size)})
        numbers = [*(of.key(record) for record in found.records), *(number for number, _why in found.bad)]
        is_last = len(numbers) < size
        if not is_last and (max(numbers) == after or after in numbers):
            raise RequestRefused(f"{of.entity}: a page repeats the one before it; Acumatica does not page by key.")
        after = max(numbers) if numbers else after
        yield Page(found.records, found.bad, None if is_last else after)
        if is_last:
            return


async def with_numbers(
    session: AcumaticaSession, of: Listed[T], numbers: Sequence[str], conditions: Sequence[str] = ()
) -> Page[T]:
    """The records with these numbers, archived ones too; those that are not there are left out."""
    return await having(session, of, [either(of.number, part) for part in _parts(numbers)], conditions)


async def having(
    session: AcumaticaSession, of: Listed[T], each: Sequence[str], conditions: Sequence[str] = ()
) -> Page[T]:
    """The records that meet any one of `each` and all conditions, archived ones too; one request for each."""
    whole: Page[T] = Page([], [])
    for one in each:
        found = await read(session, of, [one, *conditions], {})
        whole.records.extend(found.records)
        whole.bad.extend(found.bad)
    return whole


def _parts(values: Sequence[str]) -> list[list[str]]:
    distinct = possible_keys(values)
    return [distinct[start : start + KEYS_PER_REQUEST] for start in range(0, len(distinct), KEYS_PER_REQUEST)]


async def read(session: AcumaticaSession, of: Listed[T], conditions: Sequence[str], paging: dict[str, str]) -> Page[T]:
    """One request: the records that meet all conditions, archived ones too: an archived document is no deleted one."""
    query = {"$select": of.select, **paging}
    if of.expand:
        query["$expand"] = of.expand
    if conditions:
        query["$filter"] = " and ".join(conditions)
    content = await session.get(session.access.entity(of.entity), query, what=f"the list of {of.entity}", archived=True)
    good, bad = decode_page(content, of.record, of.what)
    return Page(good, [(of.raw_key(raw), why) for raw, why in bad])


def plain_values(value: Any) -> dict[str, Any]:
    """A value of `connector.rules` as the state gives it back, so that an unchanged record equals itself."""
    kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return kept
