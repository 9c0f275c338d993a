"""The quantity that Magento must show of each SKU at each source.

Per source: sum the warehouses, add the vendor quantity, subtract the safety stock, convert the unit, round down (unless
decimals are allowed), then clip at 0 (spec, *Rules of the field*, "Quantity"). Internally, items and warehouses are
numbers, and the quantities are a matrix items × warehouses times a rule matrix warehouses × sources, in whole 1/10,000.
Nothing is ever a binary float, because 0.7 + 0.2 + 0.1 would round down to 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from connector.model.failures import FailureCode
from connector.model.quantities import Figure
from entities.inventory.salable import OpenOrderRule
from entities.sources import ATTRIBUTE
from entities.values.columns import NO_VALUES, Items, Problem, Shelves, Values

ONE = 10_000
LARGEST = 99_999_999 * ONE  # Magento silently clips a quantity above 99,999,999.9999
_SAFE = 2**62
_TOO_LARGE = (
    FailureCode.QUANTITY_TOO_LARGE,
    FailureCode.QUANTITY_TOO_LARGE.because("Magento keeps 99,999,999 at most. Correct the quantity in Acumatica."),
)


@dataclass(frozen=True)
class QuantityRule:
    """How quantities of warehouses become quantities of sources.

    `sources` maps each monitored warehouse to its Magento source; all sources here are keys (`entities.sources`).
    `vendor_sources`: the sources to which the vendor quantity is added (Sum Total). `vendor_source`: the source that
    shows it alone (Separate Value), or `ATTRIBUTE` and the code of a product attribute. `safety` is in 1/10,000 of the
    base unit and is subtracted once per source. `compensated_store`: compensations (`entities.inventory.compensations`)
    apply to the stock of this store. `open_orders`: what is added back for open orders of the shop.
    """

    sources: Mapping[str, str]
    vendor_sources: frozenset[str] = frozenset()
    vendor_source: str | None = None
    safety: int = 0
    decimals: bool = False
    unit: Literal["base", "sales"] = "base"
    status: Literal["follow_quantity", "leave"] = "follow_quantity"
    compensated_store: int = 1
    open_orders: OpenOrderRule = field(default_factory=OpenOrderRule)

    @property
    def figure(self) -> Figure:
        """Acumatica's figure that is published."""
        return self.open_orders.figure


class Quantities(NamedTuple):
    """`values`: quantities in 1/10,000, with the stock status if it follows the quantity."""

    values: Values
    problems: list[Problem]


def compute(
    items: Items,
    quantities: Shelves,
    vendor: Shelves,
    rule: QuantityRule,
    added: Sequence[tuple[str, str, int]] = (),
) -> Quantities:
    """Return the quantity of each published item at each source.

    `items`: as `items.published` returns them. `quantities` and `vendor`: their quantities in the base unit. An item
    without a row in any warehouse of a source has no value at that source: nothing is sent if it was never there, and
    the caller withdraws it if it was. `added`: inventory id, source and quantity that is added back for open orders of
    the shop, before the unit, the rounding and the clip at 0.
    """
    separate = {rule.vendor_source} if rule.vendor_source else set()
    sources = sorted({*rule.sources.values(), *rule.vendor_sources, *separate})
    if not sources or not items.inventory_ids:
        return Quantities(NO_VALUES, [])
    totals, present = _sum_warehouses(len(items.inventory_ids), quantities, rule, sources)
    _add_vendor(vendor, rule, sources, totals, present)
    if added:
        numbers = {inventory_id: number for number, inventory_id in enumerate(items.inventory_ids)}
        for inventory_id, source, quantity in added:
            if inventory_id in numbers and source in sources:
                totals[numbers[inventory_id], sources.index(source)] += quantity
    return _publish(items, sources, totals, present, rule)


def _sum_warehouses(
    count: int, quantities: Shelves, rule: QuantityRule, sources: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of each item at each source, and whether the item is in a warehouse of that source."""
    places = {warehouse: place for place, warehouse in enumerate(rule.sources)}
    place_of = np.array([places.get(warehouse, -1) for warehouse in quantities.warehouses], np.int64)
    at = place_of[quantities.places]
    known = at >= 0
    items, at, amounts = quantities.items, at, np.clip(quantities.amounts, -_SAFE // 64, _SAFE // 64)
    if not known.all():
        items, at, amounts = items[known], at[known], amounts[known]
    by_warehouse = np.zeros((count, len(places)), dtype=np.int64)
    seen = np.zeros_like(by_warehouse, dtype=bool)
    cells = items * len(places) + at
    np.add.at(by_warehouse.reshape(-1), cells, amounts)
    seen.reshape(-1)[cells] = True
    target = np.zeros((len(places), len(sources)), dtype=np.int64)
    for row, source in enumerate(rule.sources.values()):
        target[row, sources.index(source)] = 1
    return by_warehouse @ target, (seen.astype(np.int64) @ target) > 0


def _add_vendor(
    vendor: Shelves, rule: QuantityRule, sources: list[str], totals: np.ndarray, present: np.ndarray
) -> None:
    sums = np.zeros(len(totals), dtype=np.int64)
    np.add.at(sums, vendor.items, np.clip(vendor.amounts, -_SAFE // 64, _SAFE // 64))
    has = np.zeros(len(totals), dtype=bool)
    has[vendor.items] = True
    for source in (*rule.vendor_sources, *([] if rule.vendor_source is None else [rule.vendor_source])):
        column = sources.index(source)
        totals[:, column] += sums
        present[:, column] |= has


def _publish(
    items: Items, sources: list[str], totals: np.ndarray, present: np.ndarray, rule: QuantityRule
) -> Quantities:
    totals = totals - rule.safety
    if rule.unit == "sales":
        numerator, denominator = (
            items.numbers(name).values[:, None] for name in ("unit_numerator", "unit_denominator")
        )
        too_large = np.abs(totals) > _SAFE // np.maximum(denominator, 1)
        totals = np.where(too_large, _SAFE, np.where(too_large, 0, totals) * denominator // np.maximum(numerator, 1))
    totals = np.maximum(totals if rule.decimals else totals // ONE * ONE, 0)
    bad = present & (totals > LARGEST)
    rows, columns = np.nonzero(present & ~bad)
    values = totals[rows, columns]
    inventory_ids, keys, skus = items.identities(rows)
    in_stock = _in_stock(values, columns, sources, rule)
    at = np.array(sources, dtype=object)[columns].tolist()
    return Quantities(
        Values(inventory_ids, keys, at, skus, values.tolist(), in_stock),
        [
            Problem(items.inventory_ids[row], items.keys[row], sources[column], items.facts[row].sku, *_TOO_LARGE)
            for row, column in np.argwhere(bad)
        ],
    )


def _in_stock(values: np.ndarray, columns: np.ndarray, sources: list[str], rule: QuantityRule) -> list[bool | None]:
    """Return the stock status that follows the quantity; None if it is left alone."""
    if rule.status == "leave":
        return [None] * len(values)
    status = values > 0
    of_attributes = np.array([source.startswith(ATTRIBUTE) for source in sources], dtype=bool)
    if of_attributes.any():
        status = status.astype(object)
        status[of_attributes[columns]] = None
    statuses: list[bool | None] = status.tolist()
    return statuses
