"""Read the quantities that Magento shows: at sources, as stock items, in product attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import chain

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.queries import SourceItem, StockItem
from connector.model.comparison import comparison_key
from connector.model.failures import FailureCode, Rejected
from connector.records import Facts
from connector.state.sync.records import Record
from entities.base import RunContext
from entities.inventory.rules import QuantityRule
from entities.shop import ConfigurationConflict
from entities.shown import PRICES, SOURCE_ITEMS, TYPES, Shown
from entities.sources import ATTRIBUTE, source_key
from entities.values.current_values import Found, TargetKey, Value, scaled, why_missing

DIGITS = 4
NOUN = "quantity"


async def current_quantities(
    context: RunContext[QuantityRule], client: MagentoClient, targets: Sequence[TargetKey]
) -> dict[tuple[str, str], Value]:
    """Return the quantity in 1/10,000 and the stock status that Magento shows at each place."""
    at_sources = [target for target in targets if not target.source.startswith(ATTRIBUTE)]
    in_attributes = await _attributes(client, [target for target in targets if target.source.startswith(ATTRIBUTE)])
    if await context.shop.has_msi(client):
        return in_attributes | _at_places(at_sources, await queries.source_items(client, _skus(at_sources)))
    items = {target: await queries.stock_item(client, target.sku) for target in at_sources}
    return in_attributes | _of_stock_items(items)


async def find_quantities(
    context: RunContext[QuantityRule], targets: Sequence[TargetKey], others: Mapping[str, str], shown: Shown
) -> Found:
    """Return what Magento shows at these places, and which products of these and of `others` (key by SKU) it does not
    have.

    Raises `ConfigurationConflict` if several sources are named and Magento has none (MSI is off).
    """
    readers = context.shop.readers
    skus = {**others, **{target.sku: target.key for target in targets}}
    at_sources = [target for target in targets if not target.source.startswith(ATTRIBUTE)]
    shown.ask(PRICES, sorted(skus))
    has_msi = await readers.begin(context.shop.has_msi)
    if has_msi:
        answers = Found(_at_places(at_sources, *await shown.answers(SOURCE_ITEMS, _skus(at_sources))))
    else:
        _refuse_several_sources(targets)
        items = await readers.ask_all(queries.stock_item, [target.sku for target in at_sources])
        answers = Found(_of_stock_items(dict(zip(at_sources, items, strict=True))))
    async with context.shop.client() as client:
        answers.values |= await _attributes(
            client, [target for target in targets if target.source.startswith(ATTRIBUTE)]
        )
        if has_msi:
            await _check_sources(context, client, targets, answers)
        await _check_attributes(client, targets, answers)
    priced = await shown.by_sku(PRICES, skus)
    missing = {sku: key for sku, key in skus.items() if 0 not in priced.get(sku, {})}
    answers.reject(why_missing(await shown.by_sku(TYPES, sorted(missing)), missing, NOUN))
    if has_msi:
        _fill_in_rows(targets, answers)
    return answers


def has_quantity(rule: QuantityRule, record: Record, _facts: Facts) -> bool:
    """Return whether a record has anything that becomes a quantity, by a quick check."""
    publishes_vendors = rule.vendor_source is not None or bool(rule.vendor_sources)
    return (publishes_vendors and bool(record.vendor)) or not rule.sources.keys().isdisjoint(record.quantities)


def _fill_in_rows(targets: Sequence[TargetKey], answers: Found) -> None:
    """Add the quantity 0 without a status for each product of which a source has no row."""
    for target in targets:
        exists = target.key not in answers.rejected and target.source not in answers.unknown_sources
        if exists and not target.source.startswith(ATTRIBUTE):
            answers.values.setdefault((target.key, target.source), (0, None))


def _refuse_several_sources(targets: Sequence[TargetKey]) -> None:
    if len({target.source for target in targets if not target.source.startswith(ATTRIBUTE)}) > 1:
        raise ConfigurationConflict(
            "Magento's inventory modules (MSI) are off: a product has one quantity. "
            "Leave A2M_INVENTORY__SOURCES empty, so that all warehouses are summed."
        )


async def _check_sources(
    context: RunContext[QuantityRule], client: MagentoClient, targets: Sequence[TargetKey], answers: Found
) -> None:
    known = await context.shop.sources(client)
    for source in {target.source for target in targets if not target.source.startswith(ATTRIBUTE)}:
        if source not in known:
            answers.unknown_sources[source] = Rejected(
                FailureCode.UNKNOWN_SOURCE,
                f"Magento has no source {source!r}. Create it there, "
                "or map the warehouse to another one in Inventory Sync Preferences.",
            )


async def _check_attributes(client: MagentoClient, targets: Sequence[TargetKey], answers: Found) -> None:
    for source in {target.source for target in targets if target.source.startswith(ATTRIBUTE)}:
        code = source.removeprefix(ATTRIBUTE)
        if not await queries.has_attribute(client, code):
            answers.unknown_sources[source] = Rejected(
                FailureCode.UNKNOWN_ATTRIBUTE,
                f"Magento's products have no attribute {code!r}. Create it there, "
                "or name another one in Vendor Inventory Preferences.",
            )


async def _attributes(client: MagentoClient, targets: Sequence[TargetKey]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for source in {target.source for target in targets}:
        by_sku = {target.sku: target for target in targets if target.source == source}
        texts = await queries.attribute_values(client, sorted(by_sku), source.removeprefix(ATTRIBUTE))
        for sku, text in texts.items():
            number = _as_number(text)
            if number is not None:
                values[by_sku[sku].key, source] = (scaled(number, DIGITS), None)
    return values


def _as_number(text: str) -> Decimal | None:
    """Return the attribute's value if it is a number. Any other value is overwritten as if there were none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _skus(targets: Iterable[TargetKey]) -> list[str]:
    return sorted({target.sku for target in targets})


def _at_places(targets: Sequence[TargetKey], *found: Iterable[SourceItem]) -> dict[tuple[str, str], Value]:
    wanted = {(target.key, target.source) for target in targets}
    key_of = cache(source_key)
    values: dict[tuple[str, str], Value] = {}
    for item in chain(*found):
        at = (comparison_key(item.sku), key_of(item.source))
        if at in wanted:
            values[at] = (scaled(item.quantity, DIGITS), item.in_stock)
    return values


def _of_stock_items(items: Mapping[TargetKey, StockItem | None]) -> dict[tuple[str, str], Value]:
    return {
        (target.key, target.source): (scaled(item.quantity, DIGITS), item.in_stock)
        for target, item in items.items()
        if item is not None
    }


async def sold_below_zero(context: RunContext[QuantityRule], skus: Sequence[str]) -> list[str]:
    """Return the products that Magento sells at a quantity of 0: with backorders, or without stock management.

    This is one request per SKU, because Magento's lists do not contain it (`GET /V1/stockItems/:sku` does).
    """
    items = await context.shop.readers.ask_all(queries.stock_item, skus)
    asked = zip(skus, items, strict=True)
    return [sku for sku, item in asked if item is not None and (item.backorders or not item.managed)]
