"""Lists of Acumatica's DAC-based OData feeds, in pages that hold whole items.

Pages go by the item's number (`InventoryID gt 41`), in the order of the feed's keys. A page that is full may end within
an item: the rows of its last item are left to the next page, so that an item is never handed on in two pieces.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from connector.acumatica.errors import RequestRefused
from connector.acumatica.records import UNDECODABLE, WITHOUT_KEY, Problem, as_it_is, decode_rows_of
from connector.acumatica.session import AcumaticaSession, moment

LARGEST_PAGE = 100_000
KEYS_PER_REQUEST = 200


class ItemCode(msgspec.Struct, gc=False):
    """The expanded item of a row."""

    InventoryCD: str | None = None


class Row(msgspec.Struct, kw_only=True, gc=False):
    """What every row has: the item's number and code."""

    InventoryID: int | None = None
    InventoryItemByInventoryID: ItemCode | None = None

    def inventory_id(self) -> str:
        """The item's code, without the blanks that it is padded with."""
        item = self.InventoryItemByInventoryID
        return ((item.InventoryCD if item is not None else None) or "").rstrip()


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Rows(Generic[R]):
    """Rows of whole items; the last item's number to go on behind, none at the end; which items cannot be read."""

    rows: list[R]
    last: str | None = None
    problems: list[Problem] = field(default_factory=list)


class _Answer(msgspec.Struct, Generic[R]):
    value: list[R]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


@dataclass(frozen=True)
class _Page(Generic[R]):
    """One answer, good rows and bad; `is_cut`: the server's own page size cut it off."""

    rows: list[R]
    bad: list[tuple[Any, str]]
    is_cut: bool

    def size(self) -> int:
        return len(self.rows) + len(self.bad)

    def last_number(self) -> int | None:
        numbers = [row.InventoryID for row in self.rows if row.InventoryID is not None]
        return max(
            [*numbers, *(number for raw, _why in self.bad if (number := _number_of(raw)) is not None)], default=None
        )

    def below(self, number: int | None) -> Rows[R]:
        """What belongs to items before that number; all for none."""
        rows = [row for row in self.rows if number is None or (row.InventoryID or 0) < number]
        bad = [(raw, why) for raw, why in self.bad if number is None or (_number_of(raw) or 0) < number]
        return Rows(rows, None, [Problem(_code_of(raw), why) for raw, why in bad])


def _number_of(raw: Any) -> int | None:
    number = raw.get("InventoryID") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _code_of(raw: Any) -> str:
    item = raw.get("InventoryItemByInventoryID") if isinstance(raw, dict) else None
    found = item.get("InventoryCD") if isinstance(item, dict) else None
    return (found.rstrip() if isinstance(found, str) else "") or WITHOUT_KEY


async def item_rows(
    session: AcumaticaSession,
    dac: str,
    kind: type[R],
    *,
    select: str,
    expand: str,
    order: str,
    condition: str = "",
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[Rows[R]]:
    """The rows of a feed, in pages of whole items."""
    size = session.access.page_size
    while True:
        conditions = [condition] if condition else []
        if changed_since is not None:
            conditions.append(f"LastModifiedDateTime ge {moment(changed_since)}")
        if after is not None:
            conditions.append(f"InventoryID gt {int(after)}")
        page = await read_rows(session, dac, kind, select, expand, " and ".join(conditions), order, size)
        if page.size() < size and not page.is_cut:
            yield page.below(None)
            return
        last = page.last_number()
        whole = page.below(last) if last is not None else Rows([])
        before = [row.InventoryID for row in whole.rows if row.InventoryID is not None]
        if not before:
            size *= 2
            if size > LARGEST_PAGE or page.is_cut:
                raise RequestRefused(f"{dac}: one item has more than {LARGEST_PAGE:,} rows, or the feed does not page.")
            continue
        number = str(max(before))
        if number == after:
            raise RequestRefused(f"{dac}: a page repeats the one before it; the feed does not page by key.")
        yield replace(whole, last=number)
        after = number


async def read_rows(
    session: AcumaticaSession, dac: str, kind: type[R], select: str, expand: str, condition: str, order: str, size: int
) -> _Page[R]:
    """One request's rows."""
    params = {"$select": select, "$expand": expand, "$orderby": order, "$top": str(size)}
    if condition:
        params["$filter"] = condition
    what = f"the OData feed {dac}"
    content = await session.get(session.access.dac(dac), params, what=what)
    try:
        answer = msgspec.json.decode(content, type=_Answer[kind])  # type: ignore[valid-type]
    except UNDECODABLE:
        whole = as_it_is(content, what)
        rows, bad = decode_rows_of(whole, "value", kind, what)
        return _Page(rows, bad, "@odata.nextLink" in whole)
    return _Page(answer.value, [], answer.next_link is not None)


async def rows_of_items(
    session: AcumaticaSession, dac: str, kind: type[R], keys: Sequence[str], *, select: str, expand: str, order: str
) -> Rows[R]:
    """The rows of these items."""
    whole: Rows[R] = Rows([])
    for start in range(0, len(keys), 20):
        part = keys[start : start + 20]
        either = " or ".join(
            f"InventoryItemByInventoryID/InventoryCD eq '{key.replace(chr(39), chr(39) * 2)}'" for key in part
        )
        page = await read_rows(session, dac, kind, select, expand, either, order, LARGEST_PAGE)
        if page.is_cut:
            raise RequestRefused(f"{dac}: the rows of {len(part)} items do not fit the server's page.")
        found = page.below(None)
        whole.rows.extend(found.rows)
        whole.problems.extend(found.problems)
    return whole
