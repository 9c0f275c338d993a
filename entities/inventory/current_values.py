"""What Magento shows of quantities: at sources, as stock items, in product attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from connector.magento import reads
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from connector.model.failures import FailureCode, Rejected
from entities.base import RunContext
from entities.inventory.rules import QuantityRule
from entities.shop import ConfigurationConflict
from entities.sources import ATTRIBUTE, source_key
from entities.values.current_values import Found, TargetKey, Value, scaled, why_missing

DIGITS = 4
NOUN = "quantity"


async def current_quantities(
    context: RunContext[QuantityRule], client: MagentoClient, places: Sequence[TargetKey]
) -> dict[tuple[str, str], Value]:
    """Return the quantity in 1/10,000 and the stock status that Magento shows at each place."""
    at_sources = [place for place in places if not place.source.startswith(ATTRIBUTE)]
    found = await _attributes(client, [place for place in places if place.source.startswith(ATTRIBUTE)])
    if await context.shop.has_msi(client):
        return found | await _source_items(client, at_sources)
    return found | await _stock_items(client, at_sources)


async def find_quantities(
    context: RunContext[QuantityRule], places: Sequence[TargetKey], others: Mapping[str, str]
) -> Found:
    """Return what Magento shows at these places; of these and of `others` (key by SKU), whether it has the product.

    Raises `ConfigurationConflict` where several sources are named and Magento has none (MSI is off).
    """
    found = Found()
    async with context.shop.client() as client:
        found.values = await current_quantities(context, client, places)
        has_msi = await context.shop.has_msi(client)
        if has_msi:
            await _check_sources(context, client, places, found)
        else:
            _refuse_several_sources(places)
        await _check_attributes(client, places, found)
        skus = {**others, **{place.sku: place.key for place in places}}
        priced = await reads.base_prices(client, sorted(skus))
        found.reject(await why_missing(client, {s: k for s, k in skus.items() if s not in priced}, NOUN))
        if has_msi:
            _fill_in_rows(places, found)
    return found


def _fill_in_rows(places: Sequence[TargetKey], found: Found) -> None:
    """Where a source has no row of a product, Magento shows 0 there, and no status."""
    for place in places:
        is_there = place.key not in found.rejected and place.source not in found.unknown_sources
        if is_there and not place.source.startswith(ATTRIBUTE):
            found.values.setdefault((place.key, place.source), (0, None))


def _refuse_several_sources(places: Sequence[TargetKey]) -> None:
    if len({place.source for place in places if not place.source.startswith(ATTRIBUTE)}) > 1:
        raise ConfigurationConflict(
            "Magento's inventory modules (MSI) are off: a product has one quantity. "
            "Leave A2M_INVENTORY__SOURCES empty, so that all warehouses are summed."
        )


async def _check_sources(
    context: RunContext[QuantityRule], client: MagentoClient, places: Sequence[TargetKey], found: Found
) -> None:
    known = await context.shop.sources(client)
    for source in {place.source for place in places if not place.source.startswith(ATTRIBUTE)}:
        if source not in known:
            found.unknown_sources[source] = Rejected(
                FailureCode.UNKNOWN_SOURCE,
                f"Magento has no source {source!r}. Create it there, "
                "or map the warehouse to another one in Inventory Sync Preferences.",
            )


async def _check_attributes(client: MagentoClient, places: Sequence[TargetKey], found: Found) -> None:
    for source in {place.source for place in places if place.source.startswith(ATTRIBUTE)}:
        code = source.removeprefix(ATTRIBUTE)
        if not await reads.has_attribute(client, code):
            found.unknown_sources[source] = Rejected(
                FailureCode.UNKNOWN_ATTRIBUTE,
                f"Magento's products have no attribute {code!r}. Create it there, "
                "or name another one in Vendor Inventory Preferences.",
            )


async def _attributes(client: MagentoClient, places: Sequence[TargetKey]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for source in {place.source for place in places}:
        there = {place.sku: place for place in places if place.source == source}
        found = await reads.attribute_values(client, sorted(there), source.removeprefix(ATTRIBUTE))
        for sku, text in found.items():
            number = _as_number(text)
            if number is not None:
                values[there[sku].key, source] = (scaled(number, DIGITS), None)
    return values


def _as_number(text: str) -> Decimal | None:
    """What an attribute holds, if it is a number: anything else is overwritten as if nothing stood there."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


async def _source_items(client: MagentoClient, places: Sequence[TargetKey]) -> dict[tuple[str, str], Value]:
    found = await reads.source_items(client, sorted({place.sku for place in places}))
    wanted = {(place.key, place.source): place for place in places}
    values: dict[tuple[str, str], Value] = {}
    for item in found:
        place = wanted.get((comparison_key(item.sku), source_key(item.source)))
        if place is not None:
            values[place.key, place.source] = (scaled(item.quantity, DIGITS), item.in_stock)
    return values


async def _stock_items(client: MagentoClient, places: Sequence[TargetKey]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for place in places:
        item = await reads.stock_item(client, place.sku)
        if item is not None:
            values[place.key, place.source] = (scaled(item.quantity, DIGITS), item.in_stock)
    return values


async def sold_below_zero(context: RunContext[QuantityRule], skus: Sequence[str]) -> list[str]:
    """Those of the products that Magento sells at a quantity of 0: with backorders, or without stock management.

    One request per SKU: Magento's lists do not say it (`GET /V1/stockItems/:sku` does).
    """
    if not skus:
        return []
    found = []
    async with context.shop.client() as client:
        for sku in skus:
            item = await reads.stock_item(client, sku)
            if item is not None and (item.backorders or not item.managed):
                found.append(sku)
    return found
