"""The lines that `explain` prints about the quantity of one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from connector.model.quantities import Figure
from connector.records import WarehouseQuantity, of_figure
from connector.state.engine import State
from connector.state.sync.records import Stored
from entities.explained import NOW, Known, Line
from entities.inventory.current_values import DIGITS
from entities.inventory.explain_salable import salable_terms
from entities.inventory.from_settings import quantity_rule
from entities.inventory.rules import compute
from entities.inventory.stock import stock
from entities.values.explain import NOT_PUBLISHED, number, published_of, rule_lines, without_value
from settings import Settings

FIGURES: dict[Figure, str] = {
    "available": "available",
    "available_for_shipping": "available for shipping",
    "on_hand": "on hand",
}


async def explain_now(client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
    lines: list[Line] = []
    current: set[str] = set()
    if queries.has_msi(await queries.modules(client)):
        for item in sorted(await queries.source_items(client, known.skus), key=lambda one: (one.sku, one.source)):
            current.add(comparison_key(item.sku))
            lines.append((f"{NOW} at {item.source}", f"{_stock(item.quantity, item.in_stock)} for {item.sku}"))
    else:
        for sku in known.skus:
            stock_item = await queries.stock_item(client, sku)
            if stock_item is not None:
                current.add(comparison_key(sku))
                lines.append((NOW, f"{_stock(stock_item.quantity, stock_item.in_stock)} for {sku}"))
    attribute = settings.vendor_inventory.attribute if settings.vendor_inventory.include == "separate" else ""
    if attribute and await queries.has_attribute(client, attribute):
        values = await queries.attribute_values(client, known.skus, attribute)
        lines += [(f"{NOW} in attribute {attribute}", f"{value} for {sku}") for sku, value in values.items()]
    missing = [sku for sku in known.skus if comparison_key(sku) not in current]
    return [*lines, *await without_value(client, missing, "quantity")]


def _stock(quantity: Decimal, in_stock: bool) -> str:
    return f"{quantity.normalize():f}, {'in stock' if in_stock else 'out of stock'},"


def _figures(quantity: WarehouseQuantity | int, figure: Figure) -> str:
    """Return the published figure and the other known ones."""
    chosen = of_figure(quantity, figure)
    text = "not read" if chosen is None else number(chosen, DIGITS)
    if isinstance(quantity, int):
        return text
    known = {name: one for name in FIGURES if name != figure and (one := of_figure(quantity, name)) is not None}
    others = ", ".join(f"{FIGURES[name]} {number(one, DIGITS)}" for name, one in known.items())
    return f"{text} ({others})" if others else text


def explained(settings: Settings, state: State, stored: Sequence[Stored]) -> Iterator[Line]:
    """Yield the quantities last read from Acumatica, the rule's result, and what Magento can sell."""
    rule = quantity_rule(settings)
    for one in stored:
        for warehouse, quantity in sorted(one.record.quantities.items()):
            yield f"Quantity in {warehouse}", _figures(quantity, rule.figure)
        for warehouse, quantity in sorted(one.record.vendor.items()):
            yield f"Vendor quantity {warehouse}".rstrip(), number(quantity, DIGITS)
    published = published_of(settings, stored)
    if published is None:
        yield "Rules", NOT_PUBLISHED
    else:
        known = stock(published.items, {one.acumatica_key: one for one in stored}, rule)
        counted = compute(known.items, known.warehouses, known.vendors, rule)
        yield from rule_lines(published, counted.values, [*known.problems, *counted.problems], DIGITS)
    own = [one.key for one in stored if one.key is not None]
    yield from salable_terms(settings, state, own, [one.acumatica_key for one in stored])
