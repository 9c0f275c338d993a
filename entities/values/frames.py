"""Stored records as the frames that the rules take, and computed frames as what the queue keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from connector.model import comparison as skus
from connector.model.failures import FailureCode
from connector.model.quantities import Figure
from connector.records import Facts, PriceListRow, WarehouseQuantity, of_figure
from connector.state.queue.desired import DesiredValue
from connector.state.sync.records import Stored

ITEM_COLUMNS = Facts.__struct_fields__
_WHOLE_NUMBERS = ("unit_numerator", "unit_denominator", "default_price", "field_price")


def items(stored: Iterable[Stored]) -> pd.DataFrame:
    """Return the ITEMS frame (`inventory_id` and the fields of `Facts`) of the records whose item exists."""
    known = [(one.acumatica_key, one.record.facts) for one in stored if one.record.facts is not None]
    facts = [one for _key, one in known]
    columns: dict[str, Any] = {"inventory_id": _column((key for key, _facts in known), len(known))}
    for name in ITEM_COLUMNS:
        values = map(attrgetter(name), facts)
        if name in _WHOLE_NUMBERS:
            columns[name] = _whole_numbers(list(values))
        else:
            columns[name] = _column(values, len(facts), "bool" if name == "exported" else "object")
    return pd.DataFrame(columns)


def _whole_numbers(values: Sequence[int | None]) -> pd.api.extensions.ExtensionArray:
    """Return numbers of which some may be missing; nearly always all are there, or none is."""
    missing = values.count(None)
    if 0 < missing < len(values):
        return pd.array(values, dtype="Int64")
    numbers = np.zeros(len(values), np.int64) if missing else np.fromiter(values, np.int64, len(values))
    return pd.arrays.IntegerArray(numbers, np.full(len(values), bool(missing)))


def _column(values: Iterable[Any], length: int, kind: str = "object") -> np.ndarray:
    return np.fromiter(values, kind, length)


class FigureFrame(NamedTuple):
    """A QUANTITIES frame: `inventory_id`, `warehouse`, `quantity` in 1/10,000; the first two are categories, so that
    each code is looked up once and not once a row. `unread`: records whose figure was never read somewhere.
    """

    frame: pd.DataFrame
    unread: list[str]


def quantities(stored: Iterable[Stored], figure: Figure) -> FigureFrame:
    """Return one figure of the records by warehouse; an unread one has no row, because no number stands for it."""
    by_item = {one.acumatica_key: one.record.quantities for one in stored}
    all_of_them = chain.from_iterable(map(dict.values, by_item.values()))
    try:  # nearly always: every figure is there
        return FigureFrame(_frame(by_item, np.fromiter(map(attrgetter(figure), all_of_them), np.int64)), [])
    except (AttributeError, TypeError):  # some were stored by an earlier version, or were never read
        return _one_by_one(by_item, figure)


def _one_by_one(by_item: Mapping[str, Mapping[str, WarehouseQuantity | int]], figure: Figure) -> FigureFrame:
    known: dict[str, dict[str, int]] = {}
    for key, shelves in by_item.items():
        read = {warehouse: of_figure(one, figure) for warehouse, one in shelves.items()}
        known[key] = {warehouse: amount for warehouse, amount in read.items() if amount is not None}
    unread = [key for key, shelves in by_item.items() if len(known[key]) < len(shelves)]
    return FigureFrame(_frame(known, _numbers(known)), unread)


def vendor_quantities(stored: Iterable[Stored]) -> pd.DataFrame:
    """Return the QUANTITIES frame of the vendors."""
    by_item = {one.acumatica_key: one.record.vendor for one in stored}
    return _frame(by_item, _numbers(by_item))


def _numbers(by_item: Mapping[str, dict[str, int]]) -> np.ndarray:
    return np.fromiter(chain.from_iterable(map(dict.values, by_item.values())), np.int64)


def _frame(by_item: Mapping[str, Mapping[str, Any]], amounts: np.ndarray) -> pd.DataFrame:
    shelves = list(by_item.values())
    lengths = np.fromiter(map(len, shelves), np.int64, len(shelves))
    warehouse_of_each, warehouses = _warehouses(shelves, lengths)
    return pd.DataFrame(
        {
            "inventory_id": _categories(np.repeat(np.arange(len(shelves)), lengths), list(by_item)),
            "warehouse": _categories(warehouse_of_each, warehouses),
            "quantity": amounts,
        }
    )


def _warehouses(shelves: Sequence[Mapping[str, Any]], lengths: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the warehouse of each quantity as a number, and the warehouses by number.

    Most items are in the same warehouses, in the same order: each such list is evaluated once.
    """
    lists: dict[tuple[str, ...], int] = {}
    list_of_item = np.fromiter((lists.setdefault(tuple(one), len(lists)) for one in shelves), np.int64, len(shelves))
    numbers: dict[str, int] = {}
    in_lists = [numbers.setdefault(warehouse, len(numbers)) for one in lists for warehouse in one]
    list_lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    starts = np.cumsum(list_lengths) - list_lengths
    firsts = np.cumsum(lengths) - lengths
    positions = np.arange(int(lengths.sum())) + np.repeat(starts[list_of_item] - firsts, lengths)
    return np.array(in_lists, dtype=np.int64)[positions], list(numbers)


def _categories(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def price_rows(stored: Iterable[Stored]) -> pd.DataFrame:
    """Return the PRICE ROWS frame of the records."""
    found = [(one.acumatica_key, row) for one in stored for row in one.record.price_rows]
    rows = [row for _key, row in found]
    kinds = {
        **dict.fromkeys(("record_id", "break_quantity", "price"), "int64"),
        **dict.fromkeys(("promotion", "is_foreign"), "bool"),
    }
    columns = {"inventory_id": _column((key for key, _row in found), len(found))}
    for name in PriceListRow.__struct_fields__:
        columns[name] = _column(map(attrgetter(name), rows), len(rows), kinds.get(name, "object"))
    return pd.DataFrame(columns)


def sku_keys(stored: Iterable[Stored]) -> list[str | None]:
    """Return the SKU of each record as Magento compares it; None where it has none."""
    facts = (one.record.facts for one in stored)
    return skus.comparison_keys([None if one is None else one.sku or None for one in facts])


def wanted(values: pd.DataFrame) -> list[DesiredValue]:
    """Rows of a VALUES frame as what Magento must show."""
    columns = ("inventory_id", "key", "source", "sku", "value", "in_stock")
    return list(map(DesiredValue, *(values[name].tolist() for name in columns)))


def problems(frame: pd.DataFrame) -> list[DesiredValue]:
    """Rows of a PROBLEMS frame as messages that cannot be sent; without a SKU the Acumatica key stands in."""
    columns = ("inventory_id", "key", "source", "sku", "code", "reason")
    return [
        DesiredValue(str(key), str(sku_key or key), str(source), sku, None, None, FailureCode(code), reason)
        for key, sku_key, source, sku, code, reason in zip(*(frame[name].tolist() for name in columns), strict=True)
    ]


def unreadable(found: Iterable[tuple[str, str]]) -> list[DesiredValue]:
    """Records that Acumatica sent in a form that cannot be read, as messages that cannot be sent."""
    return [
        DesiredValue(key, key, "", None, None, None, FailureCode.UNREADABLE_RECORD, reason) for key, reason in found
    ]
