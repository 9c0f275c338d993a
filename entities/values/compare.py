"""Read from Magento, before a chunk of values is queued, what it shows and whether it still has the products.

Input: the rule's values, and the keys of the records. Output: ledger rows, messages that cannot be sent, and the SKUs
of missing products. A normal sync asks only about places that Magento never confirmed or that have to be rechecked, and
whether a product whose quantity changes still exists, because Magento also stores quantities of products that do not
exist. A full sync checks everything, so that a product that was deleted or created again in Magento is noticed
(docs/adr/0021). If a source has no row of a product, Magento shows 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from itertools import compress
from operator import attrgetter
from typing import NamedTuple

import msgspec

from connector.model.failures import FailureCode, Rejected
from connector.state.queue.compared import differ, in_order_of, not_shown
from connector.state.queue.desired import PLACE_OF, DesiredValue
from connector.state.sync import ledger
from connector.state.sync.ledger import LedgerRow
from entities.base import R, RunContext
from entities.read_plan import CLOCKS_DIFFER
from entities.shown import MADE_AT, Shown
from entities.values.current_values import Found, TargetKey
from entities.values.parts import ValueParts

At = tuple[str, str]
"""A key and a source."""


class MagentoValues(NamedTuple):
    """What Magento shows.

    confirmed: ledger rows to store. rejected: messages that cannot be sent, by key and source. missing: keys without a
    product in Magento. targets: the places that were read. unshown: places where Magento no longer shows anything,
    although it confirmed a value.
    """

    confirmed: list[LedgerRow]
    rejected: dict[At, DesiredValue]
    missing: list[str]
    targets: list[At]
    unshown: list[At]


async def read_from_magento(
    context: RunContext[R],
    entity: ValueParts[R],
    values: Sequence[DesiredValue],
    records: Collection[str],
    due: Collection[At],
    *,
    shown: Shown,
    everything: bool,
) -> MagentoValues:
    """Read the values of these records as far as needed, or all of them (`everything`). due: places that have to be
    rechecked.
    """
    known: Mapping[At, LedgerRow] = {}
    asked: list[DesiredValue] = []
    compared: list[LedgerRow] = []
    leaving: list[LedgerRow] = []
    changed = None if everything or due else _changed_of_known(context, entity, values, records)
    if changed is None:
        known = _known(context, values, records)
        changed = not_shown(values, {at: (row.value, row.in_stock) for at, row in known.items()})
        wanted = set(map(PLACE_OF, values))
        unclear = {*due, *_without_status(values, known)} if everything else due
        if unclear or not wanted <= known.keys():
            asked = [want for want in values if PLACE_OF(want) not in known or PLACE_OF(want) in unclear]
        if everything and known and await entity.is_read_by_pages(context):
            compared = _known_ones(values, known, unclear)
        leaving = _leaving(entity, wanted, known, due)
    checked: Sequence[DesiredValue] = ()
    if not entity.asks_only_of_new:
        checked = values if everything else changed
    if not (asked or compared or leaving or checked):
        return MagentoValues([], rejected={}, missing=[], targets=[], unshown=[])
    own = [
        *(
            LedgerRow(want.key, want.source, want.acumatica_key, sku=want.sku or want.key, value=0, in_stock=None)
            for want in asked
        ),
        *leaving,
    ]
    targets = [TargetKey(row.key, row.source, row.sku) for row in (*own, *compared)]
    found = await entity.find(context, targets, {want.sku or want.key: want.key for want in checked}, shown)
    own += await _made_again(context, entity, compared, found, shown)
    at = [(row.key, row.source) for row in own]
    shown_now = [
        LedgerRow(row.key, row.source, row.acumatica_key, row.sku, *found.values[row.key, row.source])
        for row in own
        if (row.key, row.source) in found.values
    ]
    missing = [key for key, why in found.rejected.items() if why.code is FailureCode.UNKNOWN_SKU]
    unshown = [one for one in at if one in known and one not in found.values]
    return MagentoValues(
        shown_now, rejected=_rejected(context, values, found), missing=missing, targets=at, unshown=unshown
    )


def _changed_of_known(
    context: RunContext[R], entity: ValueParts[R], values: Sequence[DesiredValue], records: Collection[str]
) -> Sequence[DesiredValue] | None:
    """Return the values that Magento did not confirm, as far as the entity reads them. None unless each of the records'
    places has a confirmed value and there are no other places, which is nearly always so.
    """
    with context.state.read() as connection:
        if entity.asks_only_of_new:
            keys, sources = (list(map(attrgetter(name), values)) for name in ("key", "source"))
            return () if ledger.are_confirmed(connection, context.name, keys, sources) else None
        rows = ledger.confirmed(connection, context.name, list(records), rows_per_key=_rows_per_key(values, records))
    names = {"acumatica_key": rows.acumatica_keys, "source": rows.sources, "key": rows.keys}
    confirmed = in_order_of(values, names, (rows.values, rows.in_stock))
    return None if confirmed is None else list(compress(values, differ(values, *confirmed)))


def _known(context: RunContext[R], values: Sequence[DesiredValue], records: Collection[str]) -> dict[At, LedgerRow]:
    keys = {want.key for want in values}
    with context.state.read() as connection:
        return ledger.of_records(
            connection, context.name, list(records), keys, rows_per_key=_rows_per_key(values, records)
        )


def _rows_per_key(values: Sequence[DesiredValue], records: Collection[str]) -> float:
    return max(1, len(values) / max(1, len(records)))


def _without_status(values: Sequence[DesiredValue], known: Mapping[At, LedgerRow]) -> list[At]:
    """Return the places whose stock status now follows the quantity and was left alone before: only Magento knows the
    status. A quantity of 0 is not sold either way.
    """
    places = ((PLACE_OF(want), known.get(PLACE_OF(want))) for want in values if want.in_stock is not None)
    return [at for at, row in places if row is not None and row.value and row.in_stock is None]


def _known_ones(
    values: Sequence[DesiredValue], known: Mapping[At, LedgerRow], unclear: Collection[At]
) -> list[LedgerRow]:
    targets = ((want.key, want.source) for want in values)
    return [known[at] for at in targets if at in known and at not in unclear]


async def _made_again(
    context: RunContext[R], entity: ValueParts[R], compared: Sequence[LedgerRow], answers: Found, shown: Shown
) -> list[LedgerRow]:
    """Return the confirmed values of products that were created again in Magento: it no longer shows the value, or
    shows another one, and the product is newer than the confirmation. Other differences are left to `a2m reconcile`.
    """
    lost: list[LedgerRow] = []
    others: list[LedgerRow] = []
    for row in compared:
        value = answers.values.get((row.key, row.source))
        if row.key in answers.rejected or (value is not None and value[0] == row.value):
            continue
        (lost if entity.is_nothing(value) else others).append(row)
    if not others:
        return lost
    made_at = await shown.by_sku(MADE_AT, sorted({row.sku for row in others}))
    with context.state.read() as connection:
        confirmed_at = ledger.confirmed_at(connection, context.name, sorted({row.key for row in others}))
    newer = [row for row in others if row.sku in made_at and made_at[row.sku] >= confirmed_at[row.key] - CLOCKS_DIFFER]
    return [*lost, *newer]


def _leaving(
    entity: ValueParts[R], wanted: Set[At], known: Mapping[At, LedgerRow], due: Collection[At]
) -> list[LedgerRow]:
    """Return the places of the records that no longer have a value and go to 0. Nothing is sent if Magento already
    shows nothing there. A place that has to be rechecked may show something else than the confirmed 0.
    """
    if entity.withdrawn_value is None:
        return []
    left = known.keys() - wanted
    return [row for at, row in known.items() if at in left and (row.value or at in due)] if left else []


def _rejected(context: RunContext[R], values: Sequence[DesiredValue], answers: Found) -> dict[At, DesiredValue]:
    rejected: dict[At, DesiredValue] = {}
    if not answers.rejected and not answers.unknown_sources:
        return rejected
    for want in values:
        why = answers.unknown_sources.get(want.source) or answers.rejected.get(want.key)
        if why is not None:
            rejected[want.key, want.source] = unsendable(context, want, why)
    return rejected


def unsendable(context: RunContext[R], want: DesiredValue, why: Rejected) -> DesiredValue:
    """Return the value as a message that cannot be sent. An unknown SKU is skipped if a setting says so."""
    return msgspec.structs.replace(
        want,
        cause=why.code,
        reason=str(why),
        skipped=why.code is FailureCode.UNKNOWN_SKU and context.queue.skips_unknown_sku,
    )
