"""Stage 2, compute: what Magento must show for the pulled records, and where it does not show it yet.

Comes in: a pulled chunk. Goes out: what the queue stage commits. The rules are pure (`connector.rules`); what this
stage adds is what they may not know: the other items with the same SKU, what Magento last confirmed, and, for keys that
it never confirmed, what it shows now and whether it has the product at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec
import pandas as pd

from connector.queue import ledger, records
from connector.queue.chunk import Computed, Wanted
from connector.queue.ledger import LedgerRow
from connector.queue.records import Stored
from connector.rules import items, prices, quantities
from connector.rules.items import Published
from connector.rules.prices import PriceRule
from tasks import frames
from tasks.compensate import less_compensations
from tasks.document import compute_documents
from tasks.magento_now import Place, read_unknown, sold_below_zero
from tasks.open_orders import AddedBack, add_back
from tasks.pull import Pulled
from tasks.registry import DOCUMENTS
from tasks.work import Work


class Ruled(NamedTuple):
    """What a rule said: VALUES, PROBLEMS and NOTES frames, and the days on which prices change by themselves."""

    values: pd.DataFrame
    problems: pd.DataFrame
    notes: pd.DataFrame | None
    next_change: Mapping[str, date]


class Asked(NamedTuple):
    """What Magento said: ledger rows to keep, and messages that cannot be sent by place."""

    confirmed: list[LedgerRow]
    unfit: dict[tuple[str, str], Wanted]


async def compute(work: Work, pulled: Pulled) -> Computed:
    """The stage: what has to be kept and queued for one chunk of pulled records."""
    if work.entity in DOCUMENTS:
        return await compute_documents(work, DOCUMENTS[work.entity], pulled)
    chosen = _with_same_sku(work, pulled.to_compute)
    with pd.option_context("mode.copy_on_write", True):  # frames are made anew at each step, and none is written to
        published = items.published(frames.items(chosen.values()), work.items)
        keys = dict(zip(published.keys["inventory_id"], published.keys["key"], strict=True))
        added = await add_back(work, chosen, keys)
        ruled = _apply_rule(work, published, chosen, added)
    if ruled.notes is not None:
        for note in ruled.notes.itertuples():
            work.report.note(str(note.sku), str(note.reason))
    values = await less_compensations(work, frames.wanted(ruled.values))
    asked_at = work.clock.now()
    asked = await _ask_magento(work, values)
    values = await _keep_status_of_backorders(work, values, asked.confirmed)
    return Computed(
        acumatica_keys=[*chosen, *(key for key, _reason in pulled.problems), *pulled.vanished],
        wanted=[
            *frames.unreadable(pulled.problems),
            *frames.problems(published.problems),
            *frames.problems(ruled.problems),
            *([asked.unfit.get((want.key, want.source), want) for want in values] if asked.unfit else values),
        ],
        withdrawn_value=0 if work.entity == "inventory" else None,
        stored=[*(_with_columns(one, keys, ruled.next_change) for one in chosen.values()), *pulled.to_keep.values()],
        seen=pulled.seen,
        confirmed=asked.confirmed,
        settled_doubts=[(row.key, row.source) for row in asked.confirmed],
        asked_at=asked_at,
        marks=list(pulled.marks.values()),
        open_orders=added.orders,
    )


def _with_same_sku(work: Work, chosen: Mapping[str, Stored]) -> dict[str, Stored]:
    """The records of the chunk, and every other record with one of their SKUs, now or before."""
    fresh: set[str] = set()
    kept: list[str] = []
    for one, key in zip(chosen.values(), frames.sku_keys(chosen.values()), strict=True):
        if key is not None and key == one.key:
            kept.append(key)
        else:
            fresh.update(name for name in (key, one.key) if name)
    with work.state.read() as connection:
        fresh.update(records.shared(connection, work.entity, kept))
        others = records.sharing_sku(connection, work.entity, sorted(fresh), chosen)
    return {**others, **chosen} if others else dict(chosen)


def _apply_rule(work: Work, published: Published, chosen: Mapping[str, Stored], added: AddedBack) -> Ruled:
    if isinstance(work.rule, PriceRule):
        priced = prices.compute(published.items, frames.price_rows(chosen.values()), work.rule, work.today())
        return Ruled(priced.values, priced.problems, priced.notes, priced.next_change)
    counted = quantities.compute(published.items, *frames.stock(chosen.values(), work.rule), work.rule, added.frame)
    return Ruled(counted.values, counted.problems, None, {})


async def _ask_magento(work: Work, values: list[Wanted]) -> Asked:
    """What Magento shows where it never confirmed anything or is in doubt, and what it cannot take at all."""
    with work.state.read() as connection:
        known = ledger.places(connection, work.entity, sorted({want.key for want in values}))
        doubted = {(row.key, row.source) for row in ledger.doubted(connection, work.entity, work.clock.now())}
    asked = [want for want in values if (want.key, want.source) not in known or (want.key, want.source) in doubted]
    if not asked:
        return Asked([], {})
    new_keys = {want.key for want in asked} - {key for key, _source in known}
    places = [Place(want.key, want.source, want.sku or want.key) for want in asked]
    found = await read_unknown(work, places, new_keys)
    confirmed = [
        LedgerRow(want.key, want.source, want.acumatica_key, want.sku or want.key, *found.values[want.key, want.source])
        for want in asked
        if (want.key, want.source) in found.values
    ]
    unfit = {}
    for want in asked:
        why = found.unknown_sources.get(want.source) or found.unfit.get(want.key)
        if why is not None:
            unfit[want.key, want.source] = msgspec.structs.replace(
                want,
                cause=why.cause,
                reason=why.reason.format(sku=want.sku),
                skipped=why.is_unknown_sku and work.skips_unknown_sku,
            )
    return Asked(confirmed, unfit)


async def _keep_status_of_backorders(work: Work, values: list[Wanted], confirmed: list[LedgerRow]) -> list[Wanted]:
    """A product that Magento sells below 0 stays in stock when its quantity goes to 0 (spec, *Rules*, "Quantity").

    Only products that Magento shows in stock are asked about, when they go to 0. One that it shows in stock with 0 is
    left so without asking: without backorders Magento does not sell it anyway.
    """
    gone = [want for want in values if want.value == 0 and want.in_stock is False]
    if not gone:
        return values
    with work.state.read() as connection:
        shown = ledger.of_records(connection, work.entity, [], sorted({want.key for want in gone}))
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
    for sku in await sold_below_zero(work, sorted(asked)):
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
