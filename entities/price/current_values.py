"""Read the prices that Magento shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.records import Facts
from connector.state.sync.records import Record
from entities.base import RunContext
from entities.price.rules import PriceRule
from entities.shown import PRICES, TYPES, Shown
from entities.values.current_values import Found, TargetKey, Value, scaled, why_missing

DIGITS = 6
NOUN = "price"


async def current_prices(
    context: RunContext[PriceRule], client: MagentoClient, targets: Sequence[TargetKey]
) -> dict[tuple[str, str], Value]:
    """Return the price that Magento shows at each place, in 1/1,000,000."""
    return _at_places(context, targets, await queries.store_prices(client, [target.sku for target in targets]))


def _at_places(
    context: RunContext[PriceRule], targets: Sequence[TargetKey], by_sku: Mapping[str, Mapping[int, Decimal]]
) -> dict[tuple[str, str], Value]:
    own_store = context.shop.store_id
    values: dict[tuple[str, str], Value] = {}
    for target in targets:
        by_store = by_sku.get(target.sku, {})
        price = by_store.get(own_store, by_store.get(0))
        if price is not None:
            values[target.key, ""] = (scaled(price, DIGITS), None)
        if own_store == 0 and (len(by_store) > 1 or price is None):  # nearly never
            hiding = {store: found for store, found in by_store.items() if store != 0 and found != price}
            if hiding:
                context.remarks.note(target.sku, _hidden(hiding))
    return values


def has_price(rule: PriceRule, record: Record, facts: Facts) -> bool:
    """Return whether a record has anything that becomes a price, by a quick check."""
    item_price = facts.field_price if rule.source == "field" else facts.default_price
    if rule.source == "price_list" and (record.price_rows or rule.without_row == "leave"):
        return bool(record.price_rows)
    return item_price is not None and (item_price > 0 or rule.allow_zero)


def _hidden(hiding: Mapping[int, Decimal]) -> str:
    where = ", ".join(f"store {store} shows {price.normalize():f}" for store, price in sorted(hiding.items()))
    return f"A website has a price of its own, which hides the one for all stores: {where}. Remove it in Magento."


async def find_prices(context: RunContext[PriceRule], targets: Sequence[TargetKey], shown: Shown) -> Found:
    """Return what Magento shows at these places. A product without a price may not exist, or have none of its own."""
    by_sku = await shown.by_sku(PRICES, [target.sku for target in targets])
    answers = Found(_at_places(context, targets, by_sku))
    missing = {target.sku: target.key for target in targets if (target.key, "") not in answers.values}
    answers.reject(why_missing(await shown.by_sku(TYPES, sorted(missing)), missing, NOUN))
    return answers
