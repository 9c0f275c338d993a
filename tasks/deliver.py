"""One request's worth of messages goes to Magento as the rows that it takes there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connector.magento.batches import (
    NO_PRODUCT,
    NOT_SENT,
    AttributeRow,
    Delivery,
    PriceRow,
    RowResult,
    SourceItemRow,
    StockItemRow,
    deliver_attributes,
    deliver_prices,
    deliver_source_items,
    deliver_stock_items,
)
from connector.magento.client import MagentoClient
from connector.magento.errors import MagentoFault
from connector.state.queue.messages import Message
from connector.state.sync import ledger
from entities.context import RunContext
from entities.documents.document import Delivered, deliver_document
from entities.price.bulk import deliver_in_bulk, goes_in_bulk
from entities.registry import DOCUMENTS
from entities.sources import ATTRIBUTE
from entities.values.current_values import PRICE_DIGITS, QUANTITY_DIGITS, why_missing


def decimal(value: int | None, digits: int) -> Decimal:
    """A whole number of its last digit as the shortest plain decimal: 125000 with four digits is 12.5."""
    number = Decimal(value or 0).scaleb(-digits).normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


async def deliver(
    context: RunContext, client: MagentoClient, claimed: Sequence[Message], operation_size: int | None
) -> tuple[Delivery, Delivered | None]:
    """Send the messages, all of one entity, in one request: an outcome for each, in order, and what a document became.

    A document is claimed alone. Where prices go in bulks, more than the `operation_size` are one.
    """
    if context.entity in DOCUMENTS:
        return await deliver_document(context, DOCUMENTS[context.entity], client, claimed[0])
    if context.entity == "price":
        return await _deliver_prices(context, client, claimed, operation_size), None
    return await _in_turn(context, client, claimed), None


async def _deliver_prices(
    context: RunContext, client: MagentoClient, claimed: Sequence[Message], size: int | None
) -> Delivery:
    store_id = context.shop.store_id
    prices = [PriceRow(one.sku or one.key, decimal(one.value, PRICE_DIGITS), store_id) for one in claimed]
    if size is not None and len(prices) > size and goes_in_bulk(context):
        delivery = await deliver_in_bulk(context, client, claimed, prices, size)
    else:
        delivery = await deliver_prices(client, prices, size)
    await _explain_unknown(client, claimed, delivery)
    return delivery


async def _explain_unknown(client: MagentoClient, claimed: Sequence[Message], delivery: Delivery) -> None:
    """Tell products that Magento no longer has from those that take no price: its refusal is the same for both."""
    refused = {
        one.sku or one.key: place
        for place, (one, outcome) in enumerate(zip(claimed, delivery.outcomes, strict=True))
        if outcome.cause == NO_PRODUCT
    }
    if not refused or delivery.fault is not None:
        return
    try:
        found = await why_missing(client, {sku: sku for sku in refused}, "price")
    except MagentoFault:
        return  # Magento's own words stay
    for sku, why in found.items():
        reason = why.reason.format(sku=sku)
        delivery.outcomes[refused[sku]] = RowResult("refused", reason, cause=why.cause)


async def _in_turn(context: RunContext, client: MagentoClient, claimed: Sequence[Message]) -> Delivery:
    """Quantities first, then those that are shown as a product attribute; after a fault nothing else leaves."""
    outcomes: dict[int, RowResult] = {}
    whole = Delivery([])
    at_sources = [one for one in claimed if not one.source.startswith(ATTRIBUTE)]
    in_attributes = [one for one in claimed if one.source.startswith(ATTRIBUTE)]
    for part, send in ((at_sources, _deliver_quantities), (in_attributes, _deliver_attributes)):
        if part and not _ended_early(whole):
            whole = await send(context, client, part)
            outcomes.update((one.id, outcome) for one, outcome in zip(part, whole.outcomes, strict=True))
    return Delivery([outcomes.get(one.id, NOT_SENT) for one in claimed], whole.array_limit, whole.fault)


def _ended_early(delivery: Delivery) -> bool:
    return any(outcome.kind not in ("accepted", "refused") for outcome in delivery.outcomes)


async def _deliver_quantities(context: RunContext, client: MagentoClient, claimed: Sequence[Message]) -> Delivery:
    if not await context.shop.has_msi(client):
        items = [StockItemRow(one.sku or one.key, decimal(one.value, QUANTITY_DIGITS), one.in_stock) for one in claimed]
        return await deliver_stock_items(client, items)
    spelled = await context.shop.sources(client)
    return await deliver_source_items(
        client,
        [
            SourceItemRow(
                one.sku or one.key, spelled.get(one.source, one.source), decimal(one.value, QUANTITY_DIGITS), status
            )
            for one, status in zip(claimed, _statuses(context, claimed), strict=True)
        ],
    )


async def _deliver_attributes(_work: RunContext, client: MagentoClient, claimed: Sequence[Message]) -> Delivery:
    rows = [
        AttributeRow(one.sku or one.key, one.source.removeprefix(ATTRIBUTE), f"{decimal(one.value, QUANTITY_DIGITS):f}")
        for one in claimed
    ]
    return await deliver_attributes(client, rows)


def _statuses(context: RunContext, claimed: Sequence[Message]) -> list[bool]:
    """The stock status of each: Magento requires one, so one that is left alone is sent as it was last seen."""
    left_alone = sorted({one.key for one in claimed if one.in_stock is None})
    with context.state.read() as connection:
        known = ledger.of_records(connection, context.entity, [], left_alone) if left_alone else {}
    statuses = []
    for one in claimed:
        shown = known.get((one.key, one.source))
        as_seen = shown.in_stock if shown is not None else None
        statuses.append(one.in_stock if one.in_stock is not None else bool(one.value) if as_seen is None else as_seen)
    return statuses
