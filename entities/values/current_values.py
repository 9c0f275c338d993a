"""What Magento shows now, for keys that the ledger does not know or doubts. These are reads, never attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from connector.magento import reads
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from connector.state.queue.chunk import UNKNOWN_SKU
from entities.context import RunContext
from entities.shop import ConfigurationConflict
from entities.sources import ATTRIBUTE, source_key

PRICE_DIGITS = 6
QUANTITY_DIGITS = 4
WITHOUT_PRICE = ("configurable", "grouped", "bundle")
WITHOUT_QUANTITY = ("configurable", "grouped", "bundle")
Value = tuple[int, bool | None]


class Place(NamedTuple):
    """A value's place in Magento: the SKU as Magento compares it, the source (empty for prices), the SKU as sent."""

    key: str
    source: str
    sku: str


class Why(NamedTuple):
    """Why a value cannot be sent; `{sku}` in the reason is filled in by the record."""

    cause: str
    reason: str
    is_unknown_sku: bool = False


UNKNOWN = Why(
    UNKNOWN_SKU,
    "Unknown SKU: Magento has no product with the SKU {sku!r}. Create it there, or set Unknown SKU to skip; "
    "once the product exists the newest state goes by itself.",
    is_unknown_sku=True,
)


@dataclass
class Found:
    """What Magento answered: values by (key, source); what it has no product or no source for."""

    values: dict[tuple[str, str], Value] = field(default_factory=dict)
    unfit: dict[str, Why] = field(default_factory=dict)
    unknown_sources: dict[str, Why] = field(default_factory=dict)


def scaled(number: Decimal, digits: int) -> int:
    """A decimal as a whole number of its last kept digit; what lies behind it is float noise of Magento's answer."""
    return round(number.scaleb(digits))


async def read_unknown(context: RunContext, places: Sequence[Place], others: Mapping[str, str]) -> Found:
    """Ask Magento what it shows at these places; of these and of `others` (key by SKU), whether it has the product."""
    found = Found()
    async with context.shop.client() as client:
        found.values = await shown(context, client, places)
        if context.entity == "price":
            missing = {place.sku: place.key for place in places if (place.key, "") not in found.values}
            found.unfit = await why_missing(client, missing, "price")
            return found
        has_msi = await context.shop.has_msi(client)
        if has_msi:
            await _check_sources(context, client, places, found)
        else:
            _refuse_several_sources(places)
        await _check_attributes(client, places, found)
        skus = {**others, **{place.sku: place.key for place in places}}
        priced = await reads.base_prices(client, sorted(skus))
        found.unfit = await why_missing(client, {s: k for s, k in skus.items() if s not in priced}, "quantity")
        if has_msi:
            _fill_in_rows(places, found)
    return found


def _fill_in_rows(places: Sequence[Place], found: Found) -> None:
    """Where a source has no row of a product, Magento shows 0 there, and no status."""
    for place in places:
        is_there = place.key not in found.unfit and place.source not in found.unknown_sources
        if is_there and not place.source.startswith(ATTRIBUTE):
            found.values.setdefault((place.key, place.source), (0, None))


def _refuse_several_sources(places: Sequence[Place]) -> None:
    if len({place.source for place in places if not place.source.startswith(ATTRIBUTE)}) > 1:
        raise ConfigurationConflict(
            "Magento's inventory modules (MSI) are off: a product has one quantity. "
            "Leave A2M_INVENTORY__SOURCES empty, so that all warehouses are summed."
        )


async def why_missing(client: MagentoClient, missing: Mapping[str, str], what: str) -> dict[str, Why]:
    """Tell a product without a price or quantity of its own from one that does not exist: why, by key (`missing` is
    key by SKU); a product that could have one is left out.
    """
    found: dict[str, Why] = {}
    types = await reads.product_types(client, sorted(missing)) if missing else {}
    for sku, key in missing.items():
        kind = types.get(sku)
        if kind is None:
            found[key] = UNKNOWN
        elif kind in WITHOUT_PRICE:
            found[key] = Why(
                f"{kind} product",
                f"{kind.capitalize()} product: {{sku!r}} is a {kind} product in Magento and has no {what} of its own. "
                "Keep it from being exported in Acumatica, or correct its SKU.",
            )
    return found


async def _check_sources(context: RunContext, client: MagentoClient, places: Sequence[Place], found: Found) -> None:
    known = await context.shop.sources(client)
    for source in {place.source for place in places if not place.source.startswith(ATTRIBUTE)}:
        if source not in known:
            found.unknown_sources[source] = Why(
                f"Unknown source {source}",
                f"Unknown source: Magento has no source {source!r}. Create it there, "
                "or map the warehouse to another one in Inventory Sync Preferences.",
            )


async def _check_attributes(client: MagentoClient, places: Sequence[Place], found: Found) -> None:
    for source in {place.source for place in places if place.source.startswith(ATTRIBUTE)}:
        code = source.removeprefix(ATTRIBUTE)
        if not await reads.has_attribute(client, code):
            found.unknown_sources[source] = Why(
                f"Unknown attribute {code}",
                f"Unknown attribute: Magento's products have no attribute {code!r}. Create it there, "
                "or name another one in Vendor Inventory Preferences.",
            )


async def shown(context: RunContext, client: MagentoClient, places: Sequence[Place]) -> dict[tuple[str, str], Value]:
    """The value that Magento shows at each place: price in 1/1,000,000, or quantity in 1/10,000 and stock status."""
    if context.entity == "price":
        return await _prices(context, client, places)
    at_sources = [place for place in places if not place.source.startswith(ATTRIBUTE)]
    found = await _attributes(client, [place for place in places if place.source.startswith(ATTRIBUTE)])
    if await context.shop.has_msi(client):
        return found | await _source_items(client, at_sources)
    return found | await _stock_items(client, at_sources)


async def _attributes(client: MagentoClient, places: Sequence[Place]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for source in {place.source for place in places}:
        there = {place.sku: place for place in places if place.source == source}
        found = await reads.attribute_values(client, sorted(there), source.removeprefix(ATTRIBUTE))
        for sku, text in found.items():
            number = _as_number(text)
            if number is not None:
                values[there[sku].key, source] = (scaled(number, QUANTITY_DIGITS), None)
    return values


def _as_number(text: str) -> Decimal | None:
    """What an attribute holds, if it is a number: anything else is overwritten as if nothing stood there."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


async def _prices(context: RunContext, client: MagentoClient, places: Sequence[Place]) -> dict[tuple[str, str], Value]:
    own = context.shop.store_id
    by_sku = await reads.store_prices(client, [place.sku for place in places])
    values: dict[tuple[str, str], Value] = {}
    for place in places:
        by_store = by_sku.get(place.sku, {})
        price = by_store.get(own, by_store.get(0))
        if price is not None:
            values[place.key, ""] = (scaled(price, PRICE_DIGITS), None)
        hiding = {store: found for store, found in by_store.items() if own == 0 and store != 0 and found != price}
        if hiding:
            context.report.note(place.sku, _hidden(hiding))
    return values


def _hidden(hiding: Mapping[int, Decimal]) -> str:
    where = ", ".join(f"store {store} shows {price.normalize():f}" for store, price in sorted(hiding.items()))
    return f"A website has a price of its own, which hides the one for all stores: {where}. Remove it in Magento."


async def _source_items(client: MagentoClient, places: Sequence[Place]) -> dict[tuple[str, str], Value]:
    found = await reads.source_items(client, sorted({place.sku for place in places}))
    wanted = {(place.key, place.source): place for place in places}
    values: dict[tuple[str, str], Value] = {}
    for item in found:
        place = wanted.get((comparison_key(item.sku), source_key(item.source)))
        if place is not None:
            values[place.key, place.source] = (scaled(item.quantity, QUANTITY_DIGITS), item.in_stock)
    return values


async def _stock_items(client: MagentoClient, places: Sequence[Place]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for place in places:
        item = await reads.stock_item(client, place.sku)
        if item is not None:
            values[place.key, place.source] = (scaled(item.quantity, QUANTITY_DIGITS), item.in_stock)
    return values


async def sold_below_zero(context: RunContext, skus: Sequence[str]) -> list[str]:
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
