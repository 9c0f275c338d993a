"""Send quantities to Magento: at sources, as stock items if MSI is off, or as product attributes."""

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
from connector.magento.errors import HostUnavailable, TemporaryFault
from connector.state.queue.message import Message
from entities.base import RunContext
from entities.inventory.current_values import DIGITS, current_quantities
from entities.inventory.rules import QuantityRule
from entities.sources import ATTRIBUTE
from entities.values.amounts import as_sent, decimal
from entities.values.current_values import TargetKey


async def deliver_quantities(
    context: RunContext[QuantityRule], client: MagentoClient, claimed: Sequence[Message]
) -> Delivery:
    """Send the quantities at sources first, then those in product attributes. After a fault nothing else is sent."""
    in_attributes = [message for message in claimed if message.source.startswith(ATTRIBUTE)]
    if not in_attributes:
        return await _deliver_quantities(context, client, claimed)
    at_sources = [message for message in claimed if not message.source.startswith(ATTRIBUTE)]
    outcomes: dict[int, RowResult] = {}
    delivery = Delivery([])
    for part, send in ((at_sources, _deliver_quantities), (in_attributes, _deliver_attributes)):
        if part and not _ended_early(delivery):
            delivery = await send(context, client, part)
            outcomes.update((message.target, outcome) for message, outcome in zip(part, delivery.outcomes, strict=True))
    return Delivery(
        [outcomes.get(message.target, NOT_SENT) for message in claimed], delivery.array_limit, delivery.fault
    )


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
    try:
        statuses = await _statuses(context, client, claimed)
    except HostUnavailable as fault:
        return Delivery([NOT_SENT] * len(claimed), fault=fault)
    except TemporaryFault as fault:
        return Delivery([RowResult("temporary", str(fault), fault.retry_after)] * len(claimed))
    return await deliver_source_items(
        client,
        [
            SourceItemRow(one.sku or one.key, spelled.get(one.source, one.source), number, status)
            for one, number, status in zip(claimed, numbers, statuses, strict=True)
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


async def _statuses(context: RunContext[QuantityRule], client: MagentoClient, claimed: Sequence[Message]) -> list[int]:
    """Return the stock status of each message. Magento requires one, so a status that is left alone is read right
    before it is sent, because somebody may have changed it in Magento. The first quantity at a source is in stock.
    """
    leaves = context.rule.status == "leave"
    left_alone = [one for one in claimed if leaves or one.in_stock is None]
    if not left_alone:
        return [int(bool(one.in_stock)) for one in claimed]
    targets = [TargetKey(one.key, one.source, one.sku or one.key) for one in left_alone]
    shown = await current_quantities(context, client, targets)
    status_at = {(one.key, one.source): shown.get((one.key, one.source), (0, one.value))[1] for one in left_alone}
    return [int(bool(status_at.get((one.key, one.source), one.in_stock))) for one in claimed]
