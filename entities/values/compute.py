"""Compute what Magento must show of the pulled items, and where it does not show it yet.

The rules are pure. This module adds what they do not know: other items with the same SKU, and what Magento shows
(`entities.values.compare`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from connector.state.queue.desired import Computed
from connector.state.sync import ledger, records
from connector.state.sync.records import Stored
from entities.base import R, RunContext
from entities.pulled import Pulled
from entities.shown import Shown
from entities.values import conversion, items
from entities.values.columns import Items
from entities.values.compare import read_from_magento
from entities.values.items import Published
from entities.values.parts import ValueParts


async def compute_values(context: RunContext[R], entity: ValueParts[R], pulled: Pulled) -> Computed:
    """Return what has to be stored and queued for one chunk of pulled records."""
    with (
        context.state.read() as connection
    ):  # before reading what the values are computed from, so that none of that is older
        due = ledger.due_places(connection, context.name, context.clock.now())
    chosen, of_items = _with_same_sku(context, pulled.to_compute)
    published = items.published(of_items, context.items)
    ruled = await entity.ruled(context, published, chosen)
    _name_other_skus(context, published)
    for note in ruled.notes:
        context.remarks.note(note.sku, note.reason)
    shown, everything = pulled.shown or Shown(context.shop.readers, context.clock), pulled.shown is not None
    asked = await read_from_magento(context, entity, ruled.values, chosen, due, shown=shown, everything=everything)
    values = await entity.corrected(context, ruled.values, asked.confirmed)
    return Computed(
        acumatica_keys=[*chosen, *(key for key, _reason in pulled.problems), *pulled.missing],
        wanted=[
            *conversion.unreadable(pulled.problems),
            *conversion.problems((*published.problems, *ruled.problems)),
            *([asked.rejected.get((want.key, want.source), want) for want in values] if asked.rejected else values),
        ],
        withdrawn_value=entity.withdrawn_value,
        stored=[*_with_columns(chosen, published, ruled.next_change), *pulled.to_keep.values()],
        seen=pulled.seen,
        confirmed=asked.confirmed,
        read_again={place: due[place] for place in asked.targets if place in due} if due else {},
        asked_at=shown.asked_at,
        marks=list(pulled.marks.values()),
        open_orders=ruled.open_orders,
        gone=asked.missing,
        unshown=asked.unshown,
    )


def _name_other_skus(context: RunContext[R], published: Published) -> None:
    """Add a remark for the further SKUs of an item: it has one in Magento, so the others are not sent."""
    others = published.items.column("other_skus")
    if not any(others):
        return
    for sku, of_item in zip(published.items.column("sku"), others, strict=True):
        if of_item:
            context.remarks.count(
                "SKUs are not sent: their items have several by the SKU setting, and one is sent", len(of_item)
            )
            context.remarks.note(
                sku, f"Its item has further SKUs by the SKU setting, which are not sent: {', '.join(of_item)}."
            )


def _with_same_sku(context: RunContext[R], chosen: dict[str, Stored]) -> tuple[dict[str, Stored], Items]:
    """Return the records of the chunk, and every other record with one of their present or former SKUs; and their
    items.
    """
    of_chunk = conversion.items(chosen.values())
    before = [one.key for one in chosen.values()]
    fresh: set[str] = set()
    if before == of_chunk.keys and all(before):  # nearly always: no item was added or removed or has another SKU
        kept_keys: list[Any] = before
    else:
        now = dict(zip(of_chunk.inventory_ids, of_chunk.keys, strict=True))
        names = [(now.get(one), key) for one, key in zip(chosen, before, strict=True)]
        kept_keys = [key for key, key_before in names if key and key == key_before]
        fresh.update(name for pair in names if pair[0] != pair[1] for name in pair if name)
    with context.state.read() as connection:
        fresh.update(records.shared(connection, context.name, kept_keys))
        others = records.sharing_sku(connection, context.name, sorted(fresh), chosen) if fresh else {}
    if not others:
        return chosen, of_chunk
    together = {**others, **chosen}
    return together, conversion.items(together.values())


def _with_columns(
    chosen: Mapping[str, Stored], published: Published, next_change: Mapping[str, date]
) -> Iterable[Stored]:
    """Return the records with the SKU and the date by which they are searched; nearly always they have them already."""
    candidates, days = published.candidates, {one.next_change for one in chosen.values()}
    is_same = candidates.inventory_ids == list(chosen) and candidates.keys == [one.key for one in chosen.values()]
    if is_same and not next_change and days <= {None}:
        return chosen.values()
    keys = published.keys()
    return [_with_these(one, keys.get(key), next_change.get(key)) for key, one in chosen.items()]


def _with_these(stored: Stored, key: str | None, day: date | None) -> Stored:
    ordinal = None if day is None else day.toordinal()
    if stored.key == key and stored.next_change == ordinal:
        return stored
    return msgspec.structs.replace(stored, key=key, next_change=ordinal)
