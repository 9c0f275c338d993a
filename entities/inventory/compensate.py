"""Publish quantities lower by what shipments of our orders took without a reservation (docs/adr/0007).

Input: the quantities of the rule. Output: these quantities, less the amount by which Magento's salable quantity is too
high. If there was no such shipment, nothing is read and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import msgspec

from connector.model.units import plain
from connector.state.queue.desired import DesiredValue
from connector.state.sync import compensations
from entities.base import RunContext
from entities.inventory.compensations import compensated
from entities.inventory.repairs import detect_repair, repaired_since, stocks_of
from entities.inventory.rules import QuantityRule
from entities.sources import ATTRIBUTE, source_key


async def less_compensations(context: RunContext[QuantityRule], values: Sequence[DesiredValue]) -> list[DesiredValue]:
    """Return the desired quantities, less what was taken. A stock status that follows the quantity follows the lower
    one.
    """
    rule = context.rule
    with context.state.read() as connection:
        if not compensations.exist(connection):
            return list(values)
        keys = sorted({want.key for want in values})
        if not compensations.of_keys(connection, keys, None):
            return list(values)
    async with context.shop.client() as client:
        if not await context.shop.has_msi(client):
            return list(values)
        stocks = await stocks_of(context, client)
        await detect_repair(context, client, stocks)
    stock = stocks.of_store.get(rule.compensated_store, 0)
    with context.state.read() as connection:
        taken = compensations.of_keys(connection, keys, repaired_since(context, stocks).get(stock))
    at_sources = {(want.key, want.source): want.value or 0 for want in values if not want.source.startswith(ATTRIBUTE)}
    result = compensated(at_sources, taken, stocks.sources.get(stock, []))
    spelled = {want.key: want.sku or want.key for want in values}
    selling = {source_key(source) for source in stocks.sources.get(stock, [])}
    before, now = (_by_key(quantities, selling) for quantities in (at_sources, result.quantities))
    used_up = {key for key, quantity in before.items() if quantity > 0 and now[key] == 0}
    for key in sorted(used_up | result.left_over.keys()):
        context.remarks.note(spelled[key], _shown_as_zero(result.left_over.get(key, 0)))
    return [_with(want, result.quantities.get((want.key, want.source), want.value)) for want in values]


def _with(want: DesiredValue, quantity: int | None) -> DesiredValue:
    if quantity == want.value:
        return want
    follows = want.in_stock is not None
    return msgspec.structs.replace(want, value=quantity, in_stock=bool(quantity) if follows else None)


def _by_key(quantities: Mapping[tuple[str, str], int], selling: Collection[str]) -> dict[str, int]:
    """Return the quantity of each SKU that the sources of the stock show."""
    totals: dict[str, int] = {}
    for (key, source), quantity in quantities.items():
        if source_key(source) in selling:
            totals[key] = totals.get(key, 0) + max(quantity, 0)
    return totals


def _shown_as_zero(left: int) -> str:
    more = f"{plain(Decimal(left).scaleb(-4)):f} more" if left else "as much"
    than = "than" if left else "as"
    return (
        f"Shown as 0: shipments of orders made in Acumatica left {more} in Magento's reservations {than} there is to "
        "make up for, and Magento sells nothing whose sources hold nothing. Have Magento write them off (bin/magento "
        "inventory:reservation:list-inconsistencies -r | bin/magento inventory:reservation:create-compensations); the "
        "next full sync notices."
    )
