"""The price that Magento must show of each SKU.

The price comes from the item's default price, from a field of the item, or from the price list. From the list it is
chosen in this order: rows of the chosen price class before base rows, promotions before regular rows, rows in the
published unit before rows in the other one, the largest break quantity up to one, the latest effective date. Rows of a
warehouse, a customer or another currency are not used. If the list has no row, the default price is used (Acumatica's
own order, contracts/acumatica.md §3.10) or, by a setting, none. Prices are whole 1/1,000,000; nothing is ever a binary
float.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, cast

import numpy as np
import pandas as pd

from connector.model.comparison import same_code
from connector.model.failures import FailureCode
from entities.values.columns import Items, Note, Problem, Values

ONE = 1_000_000
LARGEST = 9_000_000_000 * ONE
_ALWAYS, _NEVER = 0, 10**9
OTHER_TAX = {True: "net", False: "gross"}
"""The tax mode of a price row that contradicts Tax Included."""
TAX_LABELS = {"net": "without tax", "gross": "with tax"}
TAXED_OTHERWISE: dict[bool | None, str] = {
    included: FailureCode.TAXED_OTHERWISE.because(
        f"Acumatica's price list has this price {TAX_LABELS[tax]}, and by Tax Included the shop's are not so. "
        "Correct the row's tax calculation mode, or A2M_PRICE__TAX_INCLUDED."
    )
    for included, tax in OTHER_TAX.items()
}
_TOO_LARGE = f"{FailureCode.PRICE_TOO_LARGE.label}. Correct it in Acumatica."
_ZERO, _NONE = "the price is 0 (Allow Zero is off)", "Acumatica has no price of it"
_PIECE = 10_000


@dataclass(frozen=True)
class PriceRule:
    """Which price is published, in which unit, and to how many decimals it is rounded (half away from zero).

    `currency`: rows in another one are not used; None: rows in another currency than Acumatica's base currency are not
    used. `tax_included`: whether prices have to include tax or must not; a row that contradicts it is not sent.
    `without_row`: what is done with an item for which the price list has no row.
    """

    source: Literal["default_price", "price_list", "field"] = "default_price"
    price_class: str | None = None
    currency: str | None = None
    decimals: int = 2
    allow_zero: bool = False
    unit: Literal["base", "sales"] = "base"
    tax_included: bool | None = None
    without_row: Literal["default_price", "leave"] = "default_price"


class Prices(NamedTuple):
    """The result of the rule.

    `values`: of one source (empty), in 1/1,000,000. `notes`: prices of 0 or none, which are not sent. `next_change`:
    the next date after today on which an item's price may change by itself, by inventory id. `gaps`: the number of
    items for which the price list has no row, if it is used.
    """

    values: Values
    problems: list[Problem]
    notes: list[Note]
    next_change: dict[str, date]
    gaps: int = 0


def compute(items: Items, price_rows: pd.DataFrame, rule: PriceRule, today: date) -> Prices:
    """Return the price of each published item on `today`, a date in the tenant's zone.

    `items`: as `items.published` returns them. `price_rows`: `inventory_id, record_id, price_type, price_code, uom,
    warehouse, promotion, break_quantity, price, currency, effective, expiration, tax, is_foreign`.
    """
    values, has_price = items.numbers("field_price" if rule.source == "field" else "default_price")
    if rule.unit == "sales":
        values = _in_sales_unit(items, values)
    next_change: dict[str, date] = {}
    other_tax = np.zeros(len(values), dtype=bool)
    listed = np.full(len(values), rule.source != "price_list")
    if rule.source == "price_list" and len(price_rows):
        usable = _usable(items, price_rows, rule)
        next_change = _next_changes(usable, today)
        chosen = _choose(usable, today)
        where = pd.Index(items.inventory_ids).get_indexer(pd.Index(chosen["inventory_id"]))
        values[where], has_price[where], listed[where] = chosen["published"], True, True
        if rule.tax_included is not None:
            other_tax[where] = (chosen["tax"] == OTHER_TAX[rule.tax_included]).to_numpy()
    values = round_half_up(values, rule.decimals)
    gaps = int((~listed).sum())
    if rule.without_row == "leave" and gaps:
        items, values, has_price, other_tax = items.where(listed), values[listed], has_price[listed], other_tax[listed]
    return _sort_out(items, values, has_price, other_tax, rule)._replace(next_change=next_change, gaps=gaps)


def round_half_up(values: np.ndarray, decimals: int) -> np.ndarray:
    """Return whole 1/1,000,000 rounded to `decimals` places, halves away from zero."""
    step = 10 ** (6 - decimals)
    rounded: np.ndarray = np.sign(values) * ((np.abs(values) + step // 2) // step) * step
    return rounded


def _in_sales_unit(items: Items, values: np.ndarray) -> np.ndarray:
    numerators, denominators = (items.numbers(name) for name in ("unit_numerator", "unit_denominator"))
    return _times(
        values,
        np.where(numerators.known, numerators.values, 1),
        np.where(denominators.known, denominators.values, 1),
    )


def _times(values: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return `values × numerator ÷ denominator` in whole numbers, halves away from zero. Python's integers cannot
    overflow.
    """
    exact = [_divide(int(v) * int(n), int(d)) for v, n, d in zip(values, numerator, denominator, strict=True)]
    return np.array([max(-LARGEST - 1, min(LARGEST + 1, one)) for one in exact], dtype=np.int64)


def _divide(dividend: int, divisor: int) -> int:
    rounded = (abs(dividend) * 2 + divisor) // (2 * divisor)
    return rounded if dividend >= 0 else -rounded


def _usable(items: Items, rows: pd.DataFrame, rule: PriceRule) -> pd.DataFrame:
    """Return the rows that may ever set a price, on any date, with their rank, `published` price, `first` and `last`
    day.
    """
    of_class = rows["price_type"] == "customer_price_class"
    if rule.price_class:
        wanted = {code for code in rows["price_code"].unique() if same_code(code, rule.price_class)}
        of_class &= rows["price_code"].isin(wanted)
    fits = ((rows["price_type"] == "base") | (of_class if rule.price_class else False)) & (rows["warehouse"] == "")
    fits &= rows["break_quantity"] <= _PIECE
    fits &= rows["currency"].isin([rule.currency, ""]) if rule.currency else ~rows["is_foreign"]
    found = rows[fits].merge(_units(items), on="inventory_id", how="inner")
    published_uom, other_uom = ("sales_uom", "base_uom") if rule.unit == "sales" else ("base_uom", "sales_uom")
    same = (found["uom"] == found[published_uom]) | (found["uom"] == "")
    convertible = (found["uom"] == found[other_uom]) & found["unit_numerator"].notna()
    found, same = found[same | convertible], same[same | convertible]
    numerator, denominator = found["unit_numerator"].fillna(1), found["unit_denominator"].fillna(1)
    if rule.unit == "base":
        numerator, denominator = denominator, numerator
    price = found["price"].to_numpy(np.int64)
    converted = _times(price, numerator.to_numpy(np.int64), denominator.to_numpy(np.int64))
    return found.assign(
        in_class=found["price_type"] == "customer_price_class",
        in_unit=same,
        published=np.where(same, price, converted),
        first=[_ALWAYS if not isinstance(day, date) else day.toordinal() for day in found["effective"]],
        last=[_NEVER if not isinstance(day, date) else day.toordinal() for day in found["expiration"]],
    )


def _units(items: Items) -> pd.DataFrame:
    texts = {"inventory_id": items.inventory_ids, **{name: items.column(name) for name in ("base_uom", "sales_uom")}}
    ratios = {name: pd.array(items.column(name), dtype="Int64") for name in ("unit_numerator", "unit_denominator")}
    return pd.DataFrame({**texts, **ratios}).astype(dict.fromkeys(texts, object))  # without items they are numbers


def _choose(usable: pd.DataFrame, today: date) -> pd.DataFrame:
    day = today.toordinal()
    valid = usable[(usable["first"] <= day) & (usable["last"] >= day)]
    rank = ["in_class", "promotion", "in_unit", "break_quantity", "first", "record_id"]
    return valid.sort_values(rank, ascending=False, kind="stable").drop_duplicates("inventory_id")


def _next_changes(usable: pd.DataFrame, today: date) -> dict[str, date]:
    day = today.toordinal()
    starts = usable.loc[usable["first"] > day, ["inventory_id", "first"]].rename(columns={"first": "on"})
    ends = usable.loc[(usable["last"] >= day) & (usable["last"] < _NEVER), ["inventory_id", "last"]]
    ends = ends.rename(columns={"last": "on"}).assign(on=lambda frame: frame["on"] + 1)
    earliest = pd.concat([starts, ends]).groupby("inventory_id")["on"].min()
    return {str(key): date.fromordinal(int(on)) for key, on in earliest.items()}


def _sort_out(
    items: Items, values: np.ndarray, has_price: np.ndarray, other_tax: np.ndarray, rule: PriceRule
) -> Prices:
    negative, too_large = has_price & (values < 0) & ~other_tax, (values > LARGEST) & ~other_tax
    without_price = (~has_price | ((values == 0) & (not rule.allow_zero))) & ~other_tax
    good = ~(negative | too_large | without_price | other_tax)
    reasons: dict[FailureCode, tuple[np.ndarray, Callable[[int], str]]] = {
        FailureCode.TAXED_OTHERWISE: (other_tax, lambda _value: TAXED_OTHERWISE[rule.tax_included]),
        FailureCode.NEGATIVE_PRICE: (negative, _why_negative),
        FailureCode.PRICE_TOO_LARGE: (too_large, lambda _value: _TOO_LARGE),
    }
    problems = [
        Problem(
            items.inventory_ids[at],
            key=items.keys[at],
            source="",
            sku=items.facts[at].sku,
            code=code,
            reason=why(values[at]),
        )
        for code, (which, why) in reasons.items()
        for at in np.flatnonzero(which)
    ]
    notes = [
        Note(items.inventory_ids[at], items.facts[at].sku, _ZERO if has_price[at] else _NONE)
        for at in np.flatnonzero(without_price)
    ]
    if not good.all():
        items, values = items.where(good), values[good]
    length = len(values)
    own = (items.inventory_ids, cast("list[str]", items.keys), [""] * length, items.column("sku"))
    return Prices(Values(*own, values.tolist(), [None] * length), problems, notes, {})


def _why_negative(value: int) -> str:
    return FailureCode.NEGATIVE_PRICE.because(
        f"Acumatica says {value / ONE:.2f}, and Magento takes no price below 0. Correct it in Acumatica."
    )
