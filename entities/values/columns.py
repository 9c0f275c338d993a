"""The input and output of the rules of values: columns of one length, a list or an array for each field.

Numbers are arrays of whole numbers, texts are lists as they were read. Nothing is copied into a frame of objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from connector.model.failures import FailureCode


class Numbers(NamedTuple):
    """Whole numbers, some of which may be missing: those are 0 in `values` and False in `known`."""

    values: np.ndarray
    known: np.ndarray


class Items(NamedTuple):
    """Items by Acumatica's key: their facts (`connector.records.Facts`), and their SKUs as Magento compares them."""

    inventory_ids: list[str]
    facts: list[Any]
    keys: list[str | None]

    def column(self, name: str) -> list[Any]:
        """Return one field of all facts."""
        return list(map(attrgetter(name), self.facts))

    def numbers(self, name: str) -> Numbers:
        """Return one field of whole numbers."""
        column = self.column(name)
        try:  # nearly always: all are there
            return Numbers(np.array(column, np.int64), np.ones(len(column), bool))
        except TypeError:
            known = np.array([value is not None for value in column], bool)
            return Numbers(np.array([value or 0 for value in column], np.int64), known)

    def where(self, chosen: Sequence[bool] | np.ndarray) -> Items:
        """Return the items that are chosen."""
        return Items(*(list(compress(column, chosen)) for column in self))

    def identities(self, rows: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
        """Return Acumatica's keys, the compared and the sent SKUs of the items at these positions, which may repeat."""
        columns = (self.inventory_ids, self.keys, self.column("sku"))
        inventory_ids, keys, skus = (np.array(one, dtype=object)[rows].tolist() for one in columns)
        return inventory_ids, keys, skus


class Values(NamedTuple):
    """The values that Magento must show, as scaled whole numbers; `in_stock` is None if no status is sent."""

    inventory_ids: Sequence[str]
    keys: Sequence[str]
    sources: Sequence[str]
    skus: Sequence[str]
    values: Sequence[int]
    in_stock: Sequence[bool | None]


NO_VALUES = Values((), (), (), (), (), ())


class Problem(NamedTuple):
    """An item that cannot be sent to a source (empty: to any), and the reason. It may have no SKU."""

    inventory_id: str
    key: str | None
    source: str
    sku: str | None
    code: FailureCode
    reason: str


class Note(NamedTuple):
    """An item that is not sent because of the rules, and the reason."""

    inventory_id: str
    sku: str
    reason: str


class Shelves(NamedTuple):
    """Quantities of items in warehouses, in 1/10,000. `items` are positions of items, `places` are positions in
    `warehouses`.
    """

    items: np.ndarray
    places: np.ndarray
    warehouses: Sequence[str]
    amounts: np.ndarray


def shelves(rows: Iterable[tuple[int, str, int]]) -> Shelves:
    """Return the quantities of these rows: the position of an item, a warehouse and a quantity."""
    numbers: dict[str, int] = {}
    table = [(item, numbers.setdefault(warehouse, len(numbers)), amount) for item, warehouse, amount in rows]
    items, places, amounts = np.array(table, np.int64).reshape(-1, 3).T
    return Shelves(items, places, list(numbers), amounts)
