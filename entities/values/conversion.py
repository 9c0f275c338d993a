"""Convert stored records to the columns that the rules take, and the rules' results to what the queue stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from connector.model.comparison import comparison_keys
from connector.model.failures import FailureCode
from connector.model.quantities import Figure
from connector.records import PriceListRow, WarehouseQuantity, of_figure
from connector.state.queue.desired import DesiredValue
from connector.state.sync.records import Record, Stored, facts_of
from entities.values.columns import Items, Problem, Shelves, Values

_FAR_TOO_LARGE = 2**62


def items(stored: Iterable[Stored]) -> Items:
    """Return the items of those records whose item exists."""
    known = list(stored)
    facts = facts_of(known)
    names = list(compress(map(attrgetter("acumatica_key"), known), facts))
    of_items = list(filter(None, facts))
    return Items(names, of_items, comparison_keys([one.sku or None for one in of_items]))


class Figures(NamedTuple):
    """One figure of records by warehouse. `unread`: positions of records whose figure was never read in
    some warehouse.
    """

    shelves: Shelves
    unread: list[int]


def quantities(records: Sequence[Record], figure: Figure) -> Figures:
    """Return one figure of the records by warehouse. An unread figure has no row, because no number can
    represent it.
    """
    of_records = [one.quantities for one in records]
    all_of_them = chain.from_iterable(map(dict.values, of_records))
    try:  # nearly always: every figure is there
        return Figures(_shelves(of_records, np.fromiter(map(attrgetter(figure), all_of_them), np.int64)), [])
    except (AttributeError, TypeError, OverflowError):  # stored by an earlier version, never read, or too large
        return _one_by_one(of_records, figure)


def _one_by_one(of_records: Sequence[Mapping[str, WarehouseQuantity | int]], figure: Figure) -> Figures:
    known: list[dict[str, int]] = []
    for by_warehouse in of_records:
        read = {warehouse: of_figure(one, figure) for warehouse, one in by_warehouse.items()}
        known.append({warehouse: amount for warehouse, amount in read.items() if amount is not None})
    unread = [at for at, by_warehouse in enumerate(of_records) if len(known[at]) < len(by_warehouse)]
    return Figures(_shelves(known, _numbers(known)), unread)


def vendor_quantities(records: Sequence[Record]) -> Shelves:
    """Return the quantities of the records' vendors."""
    of_records = [one.vendor for one in records]
    return _shelves(of_records, _numbers(of_records))


def _numbers(of_records: Sequence[dict[str, int]]) -> np.ndarray:
    amounts = list(chain.from_iterable(map(dict.values, of_records)))
    try:
        return np.array(amounts, np.int64)
    except OverflowError:  # sums of rows have no limit; the rule refuses far smaller ones already
        return np.array([max(-_FAR_TOO_LARGE, min(one, _FAR_TOO_LARGE)) for one in amounts], np.int64)


def _shelves(of_records: Sequence[Mapping[str, Any]], amounts: np.ndarray) -> Shelves:
    """Return the quantities with their items and warehouses as positions.

    Most items are in the same warehouses, in the same order, so each such list is evaluated once.
    """
    lengths = np.fromiter(map(len, of_records), np.int64, len(of_records))
    lists: dict[tuple[str, ...], int] = {}
    list_of = np.fromiter((lists.setdefault(tuple(one), len(lists)) for one in of_records), np.int64, len(of_records))
    items = np.repeat(np.arange(len(of_records)), lengths)
    if len(lists) == 1:  # typical of a full sync: all items are in all warehouses
        (alike,) = lists
        return Shelves(items, np.tile(np.arange(len(alike)), len(of_records)), alike, amounts)
    numbers: dict[str, int] = {}
    in_lists = [numbers.setdefault(warehouse, len(numbers)) for one in lists for warehouse in one]
    list_lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    starts, firsts = np.cumsum(list_lengths) - list_lengths, np.cumsum(lengths) - lengths
    positions = np.arange(int(lengths.sum())) + np.repeat(starts[list_of] - firsts, lengths)
    places = np.array(in_lists, dtype=np.int64)[positions]
    return Shelves(items, places, list(numbers), amounts)


def price_rows(stored: Iterable[Stored]) -> pd.DataFrame:
    """Return the PRICE ROWS frame of the records."""
    keyed_rows = [(one.acumatica_key, row) for one in stored for row in one.record.price_rows]
    rows = [row for _key, row in keyed_rows]
    kinds = {
        **dict.fromkeys(("record_id", "break_quantity", "price"), "int64"),
        **dict.fromkeys(("promotion", "is_foreign"), "bool"),
    }
    columns = {"inventory_id": np.fromiter((key for key, _row in keyed_rows), "object", len(keyed_rows))}
    for name in PriceListRow.__struct_fields__:
        columns[name] = np.fromiter(map(attrgetter(name), rows), kinds.get(name, "object"), len(rows))
    return pd.DataFrame(columns)


def wanted(values: Values) -> list[DesiredValue]:
    """Return values as the desired values of Magento's places."""
    of = (values.inventory_ids, values.keys, values.sources, values.skus, values.values, values.in_stock)
    return list(map(DesiredValue, *of))


def problems(found: Iterable[Problem]) -> list[DesiredValue]:
    """Return problems as messages that cannot be sent. Without a SKU the Acumatica key is used instead."""
    return [
        DesiredValue(
            one.inventory_id,
            key=one.key or one.inventory_id,
            source=one.source,
            sku=one.sku,
            value=None,
            cause=one.code,
            reason=one.reason,
        )
        for one in found
    ]


def unreadable(unreadable_records: Iterable[tuple[str, str]]) -> list[DesiredValue]:
    """Return unreadable records of Acumatica as messages that cannot be sent."""
    return [
        DesiredValue(key, key, source="", sku=None, value=None, cause=FailureCode.UNREADABLE_RECORD, reason=reason)
        for key, reason in unreadable_records
    ]
