"""Lists of Acumatica's DAC-based OData feeds, in pages that hold whole items.

Pages go by the item's number (`InventoryID gt 41`), in the order of the feed's keys. A page that is full may end within
an item: the rows of its last item are left to the next page, so that an item is never handed on in two pieces.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from connector.acumatica.errors import RequestRefused
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


class _Answer(msgspec.Struct, Generic[R]):
    value: list[R]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


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
) -> AsyncIterator[tuple[list[R], str | None]]:
    """The rows of a feed as (rows of whole items, the last item's number to go on behind; none at the end)."""
    size = session.access.page_size
    while True:
        conditions = [condition] if condition else []
        if changed_since is not None:
            conditions.append(f"LastModifiedDateTime ge {moment(changed_since)}")
        if after is not None:
            conditions.append(f"InventoryID gt {int(after)}")
        rows, is_cut = await read_rows(session, dac, kind, select, expand, " and ".join(conditions), order, size)
        if len(rows) < size and not is_cut:
            yield rows, None
            return
        last = rows[-1].InventoryID
        whole = [row for row in rows if row.InventoryID != last]
        if not whole:
            size *= 2
            if size > LARGEST_PAGE or is_cut:
                raise RequestRefused(f"{dac}: one item has more than {LARGEST_PAGE:,} rows, or the feed does not page.")
            continue
        number = str(whole[-1].InventoryID)
        if number == after:
            raise RequestRefused(f"{dac}: a page repeats the one before it; the feed does not page by key.")
        yield whole, number
        after = number


async def read_rows(
    session: AcumaticaSession, dac: str, kind: type[R], select: str, expand: str, condition: str, order: str, size: int
) -> tuple[list[R], bool]:
    """One request's rows, and whether the server's own page size cut them off (`@odata.nextLink`)."""
    params = {"$select": select, "$expand": expand, "$orderby": order, "$top": str(size)}
    if condition:
        params["$filter"] = condition
    content = await session.get(session.access.dac(dac), params, what=f"the OData feed {dac}")
    answer: _Answer[R] = decoded(content, _Answer[kind], dac)  # type: ignore[valid-type]
    return answer.value, answer.next_link is not None


async def rows_of_items(
    session: AcumaticaSession, dac: str, kind: type[R], keys: Sequence[str], *, select: str, expand: str, order: str
) -> list[R]:
    """The rows of these items."""
    rows: list[R] = []
    for start in range(0, len(keys), 20):
        part = keys[start : start + 20]
        either = " or ".join(
            f"InventoryItemByInventoryID/InventoryCD eq '{key.replace(chr(39), chr(39) * 2)}'" for key in part
        )
        found, is_cut = await read_rows(session, dac, kind, select, expand, either, order, LARGEST_PAGE)
        if is_cut:
            raise RequestRefused(f"{dac}: the rows of {len(part)} items do not fit the server's page.")
        rows += found
    return rows


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decoded(content: bytes, kind: Any, what: str) -> Any:
    """An OData answer; an empty body is what a filter on a computed column gives (acumatica.md §4)."""
    try:
        return _decoder(kind).decode(content)
    except msgspec.DecodeError as error:
        raise RequestRefused(f"The OData feed {what} answered something unexpected: {error}.") from error
