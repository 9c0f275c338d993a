"""What Magento must show of the pulled items, and where it does not show it yet.

The rules are pure; what is added here is what they may not know: the other items with the same SKU, and what Magento
shows (`entities.values.compare`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec
import pandas as pd

from connector.state.queue.desired import Computed
from connector.state.sync import ledger, records
from connector.state.sync.records import Stored
from entities.base import R, RunContext
from entities.pulled import Pulled
from entities.shown import Shown
from entities.values import frames, items
from entities.values.compare import read_from_magento
from entities.values.items import Published
from entities.values.parts import ValueParts


async def compute_values(context: RunContext[R], entity: ValueParts[R], pulled: Pulled) -> Computed:
    """Return what has to be stored and queued for one chunk of pulled records."""
    with context.state.read() as connection:  # before all that the values are made of, so that none of it is older
        due = ledger.due_places(connection, context.name, context.clock.now())
    chosen = _with_same_sku(context, pulled.to_compute)
    with pd.option_context("mode.copy_on_write", True):  # frames are made anew at each step, and none is written to
        published = items.published(frames.items(chosen.values()), context.items)
        keys = dict(zip(published.keys["inventory_id"], published.keys["key"], strict=True))
        ruled = await entity.ruled(context, published, chosen, keys)
    _name_other_skus(context, published)
    if ruled.notes is not None:
        for note in ruled.notes.itertuples():
            context.remarks.note(str(note.sku), str(note.reason))
    shown, everything = pulled.shown or Shown(context.shop.readers, context.clock), pulled.shown is not None
    asked = await read_from_magento(context, entity, ruled.values, chosen, due, shown=shown, everything=everything)
    values = await entity.corrected(context, ruled.values, asked.confirmed)
    return Computed(
        acumatica_keys=[*chosen, *(key for key, _reason in pulled.problems), *pulled.missing],
        wanted=[
            *frames.unreadable(pulled.problems),
            *frames.problems(published.problems),
            *frames.problems(ruled.problems),
            *([asked.rejected.get((want.key, want.source), want) for want in values] if asked.rejected else values),
        ],
        withdrawn_value=entity.withdrawn_value,
        stored=[*(_with_columns(one, keys, ruled.next_change) for one in chosen.values()), *pulled.to_keep.values()],
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
    """An item has one SKU in Magento: what else it is called in Acumatica is named, because nobody sends it."""
    for sku, others in zip(published.items["sku"], published.items["other_skus"], strict=True):
        if others:
            context.remarks.count(
                "SKUs are not sent: their items have several by the SKU setting, and one is sent", len(others)
            )
            context.remarks.note(
                str(sku), f"Its item has further SKUs by the SKU setting, which are not sent: {', '.join(others)}."
            )


def _with_same_sku(context: RunContext[R], chosen: Mapping[str, Stored]) -> dict[str, Stored]:
    """Return the records of the chunk, and every other record with one of their SKUs, now or before."""
    fresh: set[str] = set()
    kept_keys: list[str] = []
    for one, key in zip(chosen.values(), frames.sku_keys(chosen.values()), strict=True):
        if key is not None and key == one.key:
            kept_keys.append(key)
        else:
            fresh.update(name for name in (key, one.key) if name)
    with context.state.read() as connection:
        fresh.update(records.shared(connection, context.name, kept_keys))
        others = records.sharing_sku(connection, context.name, sorted(fresh), chosen)
    return {**others, **chosen} if others else dict(chosen)


def _with_columns(stored: Stored, keys: Mapping[str, str], next_change: Mapping[str, date]) -> Stored:
    day = next_change.get(stored.acumatica_key)
    key, ordinal = keys.get(stored.acumatica_key), None if day is None else day.toordinal()
    if stored.key == key and stored.next_change == ordinal:
        return stored
    return msgspec.structs.replace(stored, key=key, next_change=ordinal)
