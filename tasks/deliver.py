"""One request's worth of messages goes to Magento as the rows that it takes there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connector.magento.batches import (
    Delivery,
    PriceRow,
    SourceItemRow,
    StockItemRow,
    deliver_prices,
    deliver_source_items,
    deliver_stock_items,
)
from connector.magento.client import MagentoClient
from connector.queue import ledger
from connector.queue.messages import Message
from tasks.magento_now import PRICE_DIGITS, QUANTITY_DIGITS
from tasks.work import Work


def decimal(value: int | None, digits: int) -> Decimal:
    """A whole number of its last digit as the shortest plain decimal: 125000 with four digits is 12.5."""
    number = Decimal(value or 0).scaleb(-digits).normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


async def deliver(work: Work, client: MagentoClient, claimed: Sequence[Message]) -> Delivery:
    """Send the messages, all of one entity, in one request; gives an outcome for each, in order."""
    if work.entity == "price":
        store_id = work.shop.store_id
        prices = [PriceRow(one.sku or one.key, decimal(one.value, PRICE_DIGITS), store_id) for one in claimed]
        return await deliver_prices(client, prices)
    if await work.shop.has_msi(client):
        statuses = _statuses(work, claimed)
        return await deliver_source_items(
            client,
            [
                SourceItemRow(one.sku or one.key, one.source, decimal(one.value, QUANTITY_DIGITS), status)
                for one, status in zip(claimed, statuses, strict=True)
            ],
        )
    items = [StockItemRow(one.sku or one.key, decimal(one.value, QUANTITY_DIGITS), one.in_stock) for one in claimed]
    return await deliver_stock_items(client, items)


def _statuses(work: Work, claimed: Sequence[Message]) -> list[bool]:
    """The stock status of each: Magento requires one, so one that is left alone is sent as it was last seen."""
    left_alone = sorted({one.key for one in claimed if one.in_stock is None})
    with work.state.read() as connection:
        known = ledger.of_records(connection, work.entity, [], left_alone) if left_alone else {}
    statuses = []
    for one in claimed:
        shown = known.get((one.key, one.source))
        as_seen = shown.in_stock if shown is not None else None
        statuses.append(one.in_stock if one.in_stock is not None else bool(one.value) if as_seen is None else as_seen)
    return statuses
