"""Send prices to Magento in requests, or in bulks if the settings say so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from connector.magento import queries
from connector.magento.batches import Delivery, PriceRow, RowResult, deliver_prices
from connector.magento.client import MagentoClient
from connector.magento.errors import MagentoFault
from connector.model.failures import FailureCode
from connector.state.queue.message import Message
from entities.base import RunContext
from entities.price.bulk import deliver_in_bulk, goes_in_bulk
from entities.price.current_values import DIGITS, NOUN
from entities.price.rules import PriceRule
from entities.values.amounts import as_sent
from entities.values.current_values import why_missing


async def deliver_prices_of(
    context: RunContext[PriceRule], client: MagentoClient, claimed: Sequence[Message], size: int | None
) -> Delivery:
    store_id = context.shop.store_id
    skus, numbers = [one.sku or one.key for one in claimed], as_sent([one.value for one in claimed], DIGITS)
    prices = list(map(PriceRow, skus, numbers, repeat(store_id)))
    if size is not None and len(prices) > size and goes_in_bulk(context):
        delivery = await deliver_in_bulk(context, client, claimed, prices, size)
    else:
        delivery = await deliver_prices(client, prices, size)
    if delivery.not_accepted():
        await _explain_unknown(client, claimed, delivery)
    return delivery


async def _explain_unknown(client: MagentoClient, claimed: Sequence[Message], delivery: Delivery) -> None:
    """Distinguish products that Magento no longer has from those that cannot have a price: its refusal is the same for
    both.
    """
    refused = {
        one.sku or one.key: index
        for index, (one, outcome) in enumerate(zip(claimed, delivery.outcomes, strict=True))
        if outcome.code is FailureCode.NO_PRODUCT
    }
    if not refused or delivery.fault is not None:
        return
    try:
        types = await queries.product_types(client, sorted(refused)) if refused else {}
        found = why_missing(types, {sku: sku for sku in refused}, NOUN)
    except MagentoFault:
        return  # Magento's own message stays
    for why in found:
        delivery.outcomes[refused[why.record]] = RowResult("refused", str(why), code=why.code)
