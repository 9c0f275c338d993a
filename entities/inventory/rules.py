"""What quantity Magento must show of each SKU at each source.

Per source: sum the warehouses, add the vendor quantity, subtract the safety stock, convert the unit, round down (unless
decimals are allowed), then clip at 0 (spec, *Rules of the field*, "Quantity"). Inside, items and warehouses are
numbers:
quantities are a matrix items × warehouses times a rule matrix warehouses × sources, in whole 1/10,000. Nothing is ever
a binary float: 0.7 + 0.2 + 0.1 would round down to 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from connector.model.failures import FailureCode
from connector.model.quantities import Figure
from entities.inventory.salable import OpenOrderRule
from entities.sources import ATTRIBUTE
from entities.values.items import PROBLEM_COLUMNS, no_problems

ONE = 10_000
LARGEST = 99_999_999 * ONE  # Magento clips a quantity above 99,999,999.9999 in silence
_SAFE = 2**62


@dataclass(frozen=True)
class QuantityRule:
    """How quantities become source quantities.

    `sources` maps each monitored warehouse to its Magento source; all sources here are keys
    (`entities.sources`). `vendor_sources` are those that get the vendor quantity added (Sum Total);
    `vendor_source` is the one that shows it alone (Separate Value), or `ATTRIBUTE` and the code of a product attribute.
    `safety` is in 1/10,000 of the base unit and is subtracted once per source.
    `compensated_store`: what is made up for (`entities.inventory.compensations`) is so in the stock of this store.
    `open_orders`: what is added back for open orders of the shop.
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
        """Which of Acumatica's figures is published."""
        return self.open_orders.figure


class Quantities(NamedTuple):
    """`values`: `inventory_id, sku, key, source, value` (1/10,000), `in_stock` (None where the status is left alone).

    `problems`: PROBLEM_COLUMNS.
    """

    values: pd.DataFrame
    problems: pd.DataFrame


def compute(
    items: pd.DataFrame,
    quantities: pd.DataFrame,
    vendor: pd.DataFrame,
    rule: QuantityRule,
    added: pd.DataFrame | None = None,
) -> Quantities:
    """Return the quantity of each published item at each source.

    `items` as `items.published` returns them; `quantities` and `vendor`: `inventory_id, warehouse, quantity` (1/10,000
    of the base unit). An item without a row in a warehouse of a source has no value at that source: one that was never
    there is not sent, and one that left is withdrawn by the caller. `added`: `inventory_id, source, quantity` that is
    added back for open orders of the shop, before the unit, the rounding and the clip at 0.
    """
    own = {rule.vendor_source} if rule.vendor_source else set()
    sources = sorted({*rule.sources.values(), *rule.vendor_sources, *own})
    if not sources or items.empty:
        return Quantities(_values([]), no_problems())
    number = pd.Index(items["inventory_id"])
    totals, present = _sum_warehouses(number, quantities, rule, sources)
    _add_vendor(number, vendor, rule, sources, totals, present)
    if added is not None and not added.empty:
        rows, columns = _positions(number, added["inventory_id"]), _positions(pd.Index(sources), added["source"])
        known = (rows >= 0) & (columns >= 0)
        np.add.at(totals, (rows[known], columns[known]), added["quantity"].to_numpy(np.int64)[known])
    return _publish(items, sources, totals, present, rule)


def _sum_warehouses(
    number: pd.Index, quantities: pd.DataFrame, rule: QuantityRule, sources: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    warehouses = pd.Index(list(rule.sources))
    rows, columns = _positions(number, quantities["inventory_id"]), _positions(warehouses, quantities["warehouse"])
    known = (rows >= 0) & (columns >= 0)
    by_warehouse = np.zeros((len(number), len(warehouses)), dtype=np.int64)
    seen = np.zeros_like(by_warehouse, dtype=bool)
    amounts = np.clip(quantities["quantity"].to_numpy(np.int64)[known], -_SAFE // 64, _SAFE // 64)
    cells = rows[known] * len(warehouses) + columns[known]
    np.add.at(by_warehouse.reshape(-1), cells, amounts)
    seen.reshape(-1)[cells] = True
    target = np.zeros((len(warehouses), len(sources)), dtype=np.int64)
    for row, source in enumerate(rule.sources.values()):
        target[row, sources.index(source)] = 1
    return by_warehouse @ target, (seen.astype(np.int64) @ target) > 0


def _positions(index: pd.Index, column: pd.Series) -> np.ndarray:
    """Return where in the index each value of a column is, -1 where it is not; of categories each is looked up once."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return index.get_indexer(pd.Index(column))
    return index.get_indexer(pd.Index(column.cat.categories))[column.cat.codes.to_numpy(np.int64)]


def _add_vendor(
    number: pd.Index,
    vendor: pd.DataFrame,
    rule: QuantityRule,
    sources: list[str],
    totals: np.ndarray,
    present: np.ndarray,
) -> None:
    rows = _positions(number, vendor["inventory_id"])
    known = rows >= 0
    sums = np.zeros(len(number), dtype=np.int64)
    np.add.at(sums, rows[known], np.clip(vendor["quantity"].to_numpy(np.int64)[known], -_SAFE // 64, _SAFE // 64))
    has = np.zeros(len(number), dtype=bool)
    has[rows[known]] = True
    for source in rule.vendor_sources:
        column = sources.index(source)
        totals[:, column] += sums
        present[:, column] |= has
    if rule.vendor_source is not None:
        column = sources.index(rule.vendor_source)
        totals[:, column] += sums
        present[:, column] |= has


def _publish(
    items: pd.DataFrame, sources: list[str], totals: np.ndarray, present: np.ndarray, rule: QuantityRule
) -> Quantities:
    totals = totals - rule.safety
    if rule.unit == "sales":
        numerator = items["unit_numerator"].to_numpy(np.int64)[:, None]
        denominator = items["unit_denominator"].to_numpy(np.int64)[:, None]
        too_large = np.abs(totals) > _SAFE // np.maximum(denominator, 1)
        totals = np.where(too_large, _SAFE, np.where(too_large, 0, totals) * denominator // np.maximum(numerator, 1))
    totals = np.maximum(totals if rule.decimals else totals // ONE * ONE, 0)
    bad = present & (totals > LARGEST)
    rows, columns = np.nonzero(present & ~bad)
    values = _frame(items, rows, columns, sources)
    values["value"] = totals[rows, columns]
    values["in_stock"] = _in_stock(values["value"].to_numpy(), columns, sources, rule)
    if not bad.any():
        return Quantities(values, no_problems())
    bad_rows, bad_columns = np.nonzero(bad)
    problems = _frame(items, bad_rows, bad_columns, sources)
    problems["code"] = FailureCode.QUANTITY_TOO_LARGE
    problems["reason"] = FailureCode.QUANTITY_TOO_LARGE.because(
        "Magento keeps 99,999,999 at most. Correct the quantity in Acumatica."
    )
    return Quantities(values, problems[PROBLEM_COLUMNS])


def _in_stock(values: np.ndarray, columns: np.ndarray, sources: list[str], rule: QuantityRule) -> np.ndarray:
    """Return the stock status that follows the quantity; None where it is left alone."""
    if rule.status == "leave":
        return np.full(len(values), None, dtype=object)
    status: np.ndarray = (values > 0).astype(object)
    of_attributes = np.array([source.startswith(ATTRIBUTE) for source in sources], dtype=bool)
    status[of_attributes[columns]] = None
    return status


def _frame(items: pd.DataFrame, rows: np.ndarray, columns: np.ndarray, sources: list[str]) -> pd.DataFrame:
    chosen = items[["inventory_id", "sku", "key"]].take(rows).reset_index(drop=True)
    return chosen.assign(source=np.array(sources, dtype=object)[columns])


def _values(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["inventory_id", "sku", "key", "source", "value", "in_stock"])
