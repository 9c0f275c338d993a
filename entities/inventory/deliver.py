"""Quantities go to Magento: at sources, as stock items where MSI is off, or as product attributes."""

from __future__ import annotations

from collections.abc import Sequence

from connector.magento.batches import (
    NOT_SENT,
    AttributeRow,
    Delivery,
    RowResult,
    SourceItemRow,
    StockItemRow,
    deliver_attributes,
    deliver_source_items,
    deliver_stock_items,
)
from connector.magento.client import MagentoClient
from connector.state.queue.message import Message
from connector.state.sync import ledger
from entities.base import RunContext
from entities.inventory.current_values import DIGITS
from entities.inventory.rules import QuantityRule
from entities.sources import ATTRIBUTE
from entities.values.amounts import as_sent, decimal


async def deliver_quantities(
    context: RunContext[QuantityRule], client: MagentoClient, claimed: Sequence[Message]
) -> Delivery:
    """Quantities first, then those that are shown as a product attribute; after a fault nothing else leaves."""
    in_attributes = [one for one in claimed if one.source.startswith(ATTRIBUTE)]
    if not in_attributes:
        return await _deliver_quantities(context, client, claimed)
    at_sources = [one for one in claimed if not one.source.startswith(ATTRIBUTE)]
    outcomes: dict[int, RowResult] = {}
    whole = Delivery([])
    for part, send in ((at_sources, _deliver_quantities), (in_attributes, _deliver_attributes)):
        if part and not _ended_early(whole):
            whole = await send(context, client, part)
            outcomes.update((one.target, outcome) for one, outcome in zip(part, whole.outcomes, strict=True))
    return Delivery([outcomes.get(one.target, NOT_SENT) for one in claimed], whole.array_limit, whole.fault)


def _ended_early(delivery: Delivery) -> bool:
    return any(outcome.kind not in ("accepted", "refused") for outcome in delivery.outcomes)


async def _deliver_quantities(
    context: RunContext[QuantityRule], client: MagentoClient, claimed: Sequence[Message]
) -> Delivery:
    numbers = as_sent([one.value for one in claimed], DIGITS)
    if not await context.shop.has_msi(client):
        items = [
            StockItemRow(one.sku or one.key, number, one.in_stock) for one, number in zip(claimed, numbers, strict=True)
        ]
        return await deliver_stock_items(client, items)
    spelled = await context.shop.sources(client)
    return await deliver_source_items(
        client,
        [
            SourceItemRow(one.sku or one.key, spelled.get(one.source, one.source), number, status)
            for one, number, status in zip(claimed, numbers, _statuses(context, claimed), strict=True)
        ],
    )


async def _deliver_attributes(
    _context: RunContext[QuantityRule], client: MagentoClient, claimed: Sequence[Message]
) -> Delivery:
    rows = [
        AttributeRow(one.sku or one.key, one.source.removeprefix(ATTRIBUTE), f"{decimal(one.value, DIGITS):f}")
        for one in claimed
    ]
    return await deliver_attributes(client, rows)


def _statuses(context: RunContext[QuantityRule], claimed: Sequence[Message]) -> list[int]:
    """Return the stock status of each: Magento requires one, so one that is left alone is sent as it was last seen."""
    given = [one.in_stock for one in claimed]
    if None not in given:
        return [1 if in_stock else 0 for in_stock in given]
    left_alone = sorted({one.key for one in claimed if one.in_stock is None})
    with context.state.read() as connection:
        known = ledger.of_records(connection, context.name, [], left_alone)
    statuses = []
    for one in claimed:
        current = known.get((one.key, one.source))
        as_seen = current.in_stock if current is not None else None
        statuses.append(one.in_stock if one.in_stock is not None else bool(one.value) if as_seen is None else as_seen)
    return [int(in_stock) for in_stock in statuses]
