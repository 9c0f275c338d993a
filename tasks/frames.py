"""Stored records as the frames that the rules take, and computed frames as what the queue keeps."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import methodcaller

import numpy as np
import pandas as pd
from msgspec.structs import astuple

from connector.queue.chunk import UNREADABLE, Wanted
from connector.queue.records import Facts, Stored, StoredPriceRow
from connector.rules import skus

ITEM_COLUMNS = Facts.__struct_fields__
_WHOLE_NUMBERS = ("unit_numerator", "unit_denominator", "default_price", "field_price")


def items(stored: Iterable[Stored]) -> pd.DataFrame:
    """The ITEMS frame (`inventory_id` and the fields of `Facts`) of the records whose item exists."""
    known = [(one.acumatica_key, *astuple(one.record.facts)) for one in stored if one.record.facts is not None]
    names = ("inventory_id", *ITEM_COLUMNS)
    values = zip(*known, strict=True) if known else ((),) * len(names)
    columns = {}
    for name, column in zip(names, values, strict=True):
        kind = "Int64" if name in _WHOLE_NUMBERS else "bool" if name == "exported" else object
        columns[name] = pd.Series(column, dtype=kind)
    return pd.DataFrame(columns)


def quantities(stored: Iterable[Stored], *, of_vendors: bool) -> pd.DataFrame:
    """The QUANTITIES frame: `inventory_id`, `warehouse`, `quantity` in 1/10,000; the first two are categories, so that
    each code is looked up once and not once a row.
    """
    shelves = {one.acumatica_key: one.record.vendor if of_vendors else one.record.quantities for one in stored}
    lengths = np.fromiter(map(len, shelves.values()), np.int64, len(shelves))
    warehouses = list(chain.from_iterable(shelves.values()))
    numbers = {warehouse: number for number, warehouse in enumerate(dict.fromkeys(warehouses))}
    amounts = chain.from_iterable(map(methodcaller("values"), shelves.values()))
    return pd.DataFrame(
        {
            "inventory_id": _categories(np.repeat(np.arange(len(shelves)), lengths), list(shelves)),
            "warehouse": _categories(
                np.fromiter(map(numbers.__getitem__, warehouses), np.int64, len(warehouses)), list(numbers)
            ),
            "quantity": np.fromiter(amounts, np.int64, len(warehouses)),
        }
    )


def _categories(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def price_rows(stored: Iterable[Stored]) -> pd.DataFrame:
    """The PRICE ROWS frame of the records."""
    rows = [(one.acumatica_key, *astuple(row)) for one in stored for row in one.record.price_rows]
    kinds = {"record_id": "int64", "break_quantity": "int64", "price": "int64", "promotion": "bool"}
    names = ("inventory_id", *StoredPriceRow.__struct_fields__)
    values = zip(*rows, strict=True) if rows else ((),) * len(names)
    return pd.DataFrame(
        {name: pd.Series(column, dtype=kinds.get(name, object)) for name, column in zip(names, values, strict=True)}
    )


def sku_keys(stored: Iterable[Stored]) -> list[str | None]:
    """The SKU of each record as Magento compares it; none where it has none."""
    facts = (one.record.facts for one in stored)
    return [None if one is None or not one.sku else skus.normalise_one(one.sku) for one in facts]


def wanted(values: pd.DataFrame) -> list[Wanted]:
    """Rows of a VALUES frame as what Magento must show."""
    columns = ("inventory_id", "key", "source", "sku", "value", "in_stock")
    return [Wanted(*row) for row in zip(*(values[name].tolist() for name in columns), strict=True)]


def problems(frame: pd.DataFrame) -> list[Wanted]:
    """Rows of a PROBLEMS frame as messages that cannot be sent; without a SKU the Acumatica key stands in."""
    columns = ("inventory_id", "key", "source", "sku", "reason")
    return [
        Wanted(str(key), str(sku_key or key), str(source), sku, None, None, cause_of(reason), reason)
        for key, sku_key, source, sku, reason in zip(*(frame[name].tolist() for name in columns), strict=True)
    ]


def unreadable(found: Iterable[tuple[str, str]]) -> list[Wanted]:
    """Records that Acumatica sent in a form that cannot be read, as messages that cannot be sent."""
    return [Wanted(key, key, "", None, None, None, UNREADABLE, reason) for key, reason in found]


def cause_of(reason: str) -> str:
    """The kind of a problem: what its sentence says before the colon."""
    return reason.split(":", 1)[0]
