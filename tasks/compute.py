"""Stage 2, compute: what Magento must show for the pulled records, and where it does not show it yet.

Comes in: a pulled chunk. Goes out: what the queue stage commits. The rules are pure; what this stage adds is what they
may not know: the other items with the same SKU, and what Magento shows (`entities.values.compare`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec
import pandas as pd

from connector.state.queue.chunk import Computed, DesiredValue
from connector.state.sync import ledger, records
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.records import Stored
from entities.context import RunContext
from entities.documents.document import compute_documents
from entities.inventory import rules as quantities
from entities.inventory.compensate import less_compensations
from entities.inventory.open_orders import AddedBack, add_back
from entities.price import rules as prices
from entities.price.rules import PriceRule
from entities.pulled import Pulled
from entities.registry import DOCUMENTS
from entities.values import frames, items
from entities.values.compare import ask_magento
from entities.values.current_values import sold_below_zero
from entities.values.items import Published

WITHOUT_ROW = {
    "default_price": "without a row in the price list got their Default Price",
    "leave": "without a row in the price list were left alone",
}
"""What the run says of items that the price list has no row of."""


class Ruled(NamedTuple):
    """What a rule said: VALUES, PROBLEMS and NOTES frames, and the days on which prices change by themselves."""

    values: pd.DataFrame
    problems: pd.DataFrame
    notes: pd.DataFrame | None
    next_change: Mapping[str, date]


async def compute(context: RunContext, pulled: Pulled) -> Computed:
    """The stage: what has to be kept and queued for one chunk of pulled records."""
    if context.entity in DOCUMENTS:
        return await compute_documents(context, DOCUMENTS[context.entity], pulled)
    chosen = _with_same_sku(context, pulled.to_compute)
    with pd.option_context("mode.copy_on_write", True):  # frames are made anew at each step, and none is written to
        published = items.published(frames.items(chosen.values()), context.items)
        keys = dict(zip(published.keys["inventory_id"], published.keys["key"], strict=True))
        added = await add_back(context, chosen, keys)
        ruled = _apply_rule(context, published, chosen, added)
    _name_other_skus(context, published)
    if ruled.notes is not None:
        for note in ruled.notes.itertuples():
            context.report.note(str(note.sku), str(note.reason))
    values = await less_compensations(context, frames.wanted(ruled.values))
    asked_at = context.clock.now()
    asked = await ask_magento(context, values, chosen, everything=pulled.compare)
    values = await _keep_status_of_backorders(context, values, asked.confirmed)
    return Computed(
        acumatica_keys=[*chosen, *(key for key, _reason in pulled.problems), *pulled.vanished],
        wanted=[
            *frames.unreadable(pulled.problems),
            *frames.problems(published.problems),
            *frames.problems(ruled.problems),
            *([asked.unfit.get((want.key, want.source), want) for want in values] if asked.unfit else values),
        ],
        withdrawn_value=0 if context.entity == "inventory" else None,
        stored=[*(_with_columns(one, keys, ruled.next_change) for one in chosen.values()), *pulled.to_keep.values()],
        seen=pulled.seen,
        confirmed=asked.confirmed,
        settled_doubts=asked.places,
        asked_at=asked_at,
        marks=list(pulled.marks.values()),
        open_orders=added.orders,
        gone=asked.gone,
        unshown=asked.unshown,
    )


def _name_other_skus(context: RunContext, published: Published) -> None:
    """An item has one SKU in Magento: what else it is called in Acumatica is named, because nobody sends it."""
    for sku, others in zip(published.items["sku"], published.items["other_skus"], strict=True):
        if others:
            context.report.count(
                "SKUs are not sent: their items have several by the SKU setting, and one is sent", len(others)
            )
            context.report.note(
                str(sku), f"Its item has further SKUs by the SKU setting, which are not sent: {', '.join(others)}."
            )


def _with_same_sku(context: RunContext, chosen: Mapping[str, Stored]) -> dict[str, Stored]:
    """The records of the chunk, and every other record with one of their SKUs, now or before."""
    fresh: set[str] = set()
    kept: list[str] = []
    for one, key in zip(chosen.values(), frames.sku_keys(chosen.values()), strict=True):
        if key is not None and key == one.key:
            kept.append(key)
        else:
            fresh.update(name for name in (key, one.key) if name)
    with context.state.read() as connection:
        fresh.update(records.shared(connection, context.entity, kept))
        others = records.sharing_sku(connection, context.entity, sorted(fresh), chosen)
    return {**others, **chosen} if others else dict(chosen)


def _apply_rule(context: RunContext, published: Published, chosen: Mapping[str, Stored], added: AddedBack) -> Ruled:
    if isinstance(context.rule, PriceRule):
        priced = prices.compute(published.items, frames.price_rows(chosen.values()), context.rule, context.today())
        context.report.count(WITHOUT_ROW[context.rule.without_row], priced.gaps)
        return Ruled(priced.values, priced.problems, priced.notes, priced.next_change)
    counted = quantities.compute(
        published.items, *frames.stock(chosen.values(), context.rule), context.rule, added.frame
    )
    return Ruled(counted.values, counted.problems, None, {})


async def _keep_status_of_backorders(
    context: RunContext, values: list[DesiredValue], confirmed: list[LedgerRow]
) -> list[DesiredValue]:
    """A product that Magento sells below 0 stays in stock when its quantity goes to 0 (spec, *Rules*, "Quantity").

    Only products that Magento shows in stock are asked about, when they go to 0. One that it shows in stock with 0 is
    left so without asking: without backorders Magento does not sell it anyway.
    """
    gone = [want for want in values if want.value == 0 and want.in_stock is False]
    if not gone:
        return values
    with context.state.read() as connection:
        shown = ledger.of_records(connection, context.entity, [], sorted({want.key for want in gone}))
    shown.update(((row.key, row.source), row) for row in confirmed)
    kept: set[tuple[str, str]] = set()
    asked: dict[str, list[tuple[str, str]]] = {}
    for want in gone:
        place = (want.key, want.source)
        before = shown.get(place)
        if before is not None and before.in_stock:
            if before.value == 0:
                kept.add(place)
            else:
                asked.setdefault(want.sku or want.key, []).append(place)
    for sku in await sold_below_zero(context, sorted(asked)):
        kept.update(asked[sku])
    return [
        msgspec.structs.replace(want, in_stock=True) if (want.key, want.source) in kept else want for want in values
    ]


def _with_columns(stored: Stored, keys: Mapping[str, str], next_change: Mapping[str, date]) -> Stored:
    day = next_change.get(stored.acumatica_key)
    key, ordinal = keys.get(stored.acumatica_key), None if day is None else day.toordinal()
    if stored.key == key and stored.next_change == ordinal:
        return stored
    return msgspec.structs.replace(stored, key=key, next_change=ordinal)
