"""Which items Magento shall know, and under which SKU.

Input: the ITEMS frame (see `published`). Output: the items that are published, with the identity of their SKU, and
the problems of those that should be but cannot. Source: spec, *Rules of the field*, "SKU", "Which items", "Unit".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from connector.model import comparison as skus
from connector.model.failures import FailureCode
from entities.item_rule import ItemRule

LONGEST_SKU = 64
PROBLEM_COLUMNS = ["inventory_id", "sku", "key", "source", "code", "reason"]
"""Of records that cannot be sent: `code` is a `FailureCode`."""


def no_problems() -> pd.DataFrame:
    """Return the frame of problems where there are none, which is nearly always."""
    return pd.DataFrame(columns=PROBLEM_COLUMNS)


class Published(NamedTuple):
    """`items`: the ITEMS rows that are published, with `key`. `keys`: `inventory_id`, `key` of every item with a SKU.

    `problems`: PROBLEM_COLUMNS of items that should be published and cannot be.
    """

    items: pd.DataFrame
    keys: pd.DataFrame
    problems: pd.DataFrame


def published(items: pd.DataFrame, rule: ItemRule) -> Published:
    """Choose the items and give each its identity in Magento.

    `items` has `inventory_id, kind, sku, status, item_class, exported, base_uom, sales_uom, unit_numerator,
    unit_denominator, default_price, field_price`; units as in `connector.acumatica`. Every item that shares a SKU with
    a published one has to be in the frame: two published items with one SKU are both a problem.
    """
    items = items.assign(key=skus.normalise(items["sku"]))
    keys = items.loc[items["key"].notna() & (items["key"] != ""), ["inventory_id", "key"]]
    chosen = items["status"].isin(rule.statuses)
    if rule.classes:
        chosen &= items["item_class"].isin({one for one in items["item_class"].unique() if rule.has_class(one)})
    if rule.exported_only:
        chosen &= items["exported"]
    wanted = items[chosen]
    codes, reasons = _reasons(wanted, rule)
    bad = np.array([code is not None for code in codes], bool)
    if not bad.any():
        return Published(wanted.reset_index(drop=True), keys, no_problems())
    problems = wanted.loc[bad, ["inventory_id", "sku", "key"]].assign(source="", code=codes[bad], reason=reasons[bad])
    return Published(wanted[~bad].reset_index(drop=True), keys, problems[PROBLEM_COLUMNS].reset_index(drop=True))


def _reasons(wanted: pd.DataFrame, rule: ItemRule) -> tuple[np.ndarray, np.ndarray]:
    """Return the code and the words of why an item cannot be published; None where it can."""
    codes = np.full(len(wanted), None, dtype=object)
    reasons = codes.copy()

    def reject(which: np.ndarray, code: FailureCode, details: str | list[str]) -> None:
        if which.any():
            codes[which] = code
            reasons[which] = code.because(details) if isinstance(details, str) else [*map(code.because, details)]

    key = wanted["key"]
    has_sku = np.array([isinstance(one, str) and one != "" for one in key], bool)
    shared = has_sku & key.duplicated(keep=False).to_numpy()
    if shared.any():
        names = wanted[shared].groupby("key")["inventory_id"].agg(lambda ids: ", ".join(sorted(ids)))
        twins = [
            f"{names[k]} are all {sku!r} in Magento. Give each a SKU of its own in Acumatica."
            for k, sku in zip(key[shared], wanted["sku"][shared], strict=True)
        ]
        reject(shared, FailureCode.SEVERAL_ITEMS_WITH_ONE_SKU, twins)
    reject(
        ~has_sku,
        FailureCode.NO_SKU,
        "the item has none by the SKU setting. Enter it in Acumatica, or choose another SKU setting.",
    )
    too_long = has_sku & np.array([isinstance(sku, str) and len(sku) > LONGEST_SKU for sku in wanted["sku"]], bool)
    reject(
        too_long, FailureCode.SKU_TOO_LONG, f"Magento takes {LONGEST_SKU} characters at most. Shorten it in Acumatica."
    )
    if rule.unit == "sales":
        unknown = (wanted["unit_numerator"].isna() | wanted["unit_denominator"].isna()).to_numpy()
        missing = [
            f"Acumatica does not say how many {base} one {sales} is. Enter the conversion of the item."
            for base, sales in zip(wanted["base_uom"][unknown], wanted["sales_uom"][unknown], strict=True)
        ]
        reject(unknown, FailureCode.NO_CONVERSION, missing)
    return codes, reasons
