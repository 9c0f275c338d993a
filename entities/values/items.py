"""Choose the items that Magento must have, and their SKUs.

Input: the items of records. Output: the published ones, and the problems of those that should be published but cannot.
Source: spec, *Rules of the field*, "SKU", "Which items", "Unit".
"""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from connector.model.failures import FailureCode
from entities.item_rule import ItemRule
from entities.values.columns import Items, Problem

LONGEST_SKU = 64


class Published(NamedTuple):
    """The result of the choice.

    `items`: those of the `candidates` that are published. `problems`: of items that should be published and cannot be.
    """

    items: Items
    candidates: Items
    problems: list[Problem]

    def keys(self) -> dict[str, str]:
        """Return the SKU, as Magento compares it, of every item that has one, by inventory id."""
        return {one: key for one, key in zip(self.candidates.inventory_ids, self.candidates.keys, strict=True) if key}


def published(items: Items, rule: ItemRule) -> Published:
    """Choose the items that go to Magento.

    Every item that shares a SKU with a published one has to be among them, because two published items with one SKU are
    both a problem.
    """
    wanted = _chosen(items, rule)
    reasons = _reasons(wanted, rule)
    if not reasons:
        return Published(wanted, items, [])
    problems = [
        Problem(
            wanted.inventory_ids[at],
            key=wanted.keys[at],
            source="",
            sku=wanted.facts[at].sku,
            code=code,
            reason=code.because(detail),
        )
        for at, (code, detail) in sorted(reasons.items())
    ]
    return Published(wanted.where([at not in reasons for at in range(len(wanted.keys))]), items, problems)


def _chosen(items: Items, rule: ItemRule) -> Items:
    """Return the items whose status, class and export flag are among those that go to Magento."""
    items = _among(items, "status", rule.statuses)
    if rule.classes:
        items = _among(items, "item_class", {one for one in set(items.column("item_class")) if rule.has_class(one)})
    return _among(items, "exported", {True}) if rule.exported_only else items


def _among(items: Items, name: str, allowed: Set[object]) -> Items:
    found = items.column(name)
    return items if set(found).issubset(allowed) else items.where([one in allowed for one in found])


def _reasons(wanted: Items, rule: ItemRule) -> dict[int, tuple[FailureCode, str]]:
    """Return why items cannot be published, by position; nearly always there are none."""
    reasons: dict[int, tuple[FailureCode, str]] = {}
    skus = wanted.column("sku")
    if len(set(wanted.keys)) < len(wanted.keys):
        reasons.update(_twins(wanted, skus))
    if not all(wanted.keys):
        why = "the item has none by the SKU setting. Enter it in Acumatica, or choose another SKU setting."
        reasons.update((at, (FailureCode.NO_SKU, why)) for at, key in enumerate(wanted.keys) if not key)
    if max(map(len, filter(None, skus)), default=0) > LONGEST_SKU:
        why = f"Magento takes {LONGEST_SKU} characters at most. Shorten it in Acumatica."
        too_long = (at for at, sku in enumerate(skus) if wanted.keys[at] and len(sku) > LONGEST_SKU)
        reasons.update((at, (FailureCode.SKU_TOO_LONG, why)) for at in too_long)
    if rule.unit == "sales":
        reasons.update(
            (at, (FailureCode.NO_CONVERSION, _without_conversion(one.base_uom, one.sales_uom)))
            for at, one in enumerate(wanted.facts)
            if one.unit_numerator is None or one.unit_denominator is None
        )
    return reasons


def _without_conversion(base: str, sales: str) -> str:
    return f"Acumatica does not say how many {base} one {sales} is. Enter the conversion of the item."


def _twins(wanted: Items, skus: list[str]) -> dict[int, tuple[FailureCode, str]]:
    """Return why items with the same SKU cannot be published. Each reason names all of them."""
    by_key: dict[str, list[int]] = {}
    for at, key in enumerate(wanted.keys):
        if key:
            by_key.setdefault(key, []).append(at)
    reasons = {}
    for places in by_key.values():
        if len(places) > 1:
            names = ", ".join(sorted(wanted.inventory_ids[at] for at in places))
            for at in places:
                why = f"{names} are all {skus[at]!r} in Magento. Give each a SKU of its own in Acumatica."
                reasons[at] = (FailureCode.SEVERAL_ITEMS_WITH_ONE_SKU, why)
    return reasons
