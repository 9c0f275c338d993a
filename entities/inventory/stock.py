"""The quantities of records in the form that the rule takes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from typing import NamedTuple

from connector.model.failures import FailureCode
from connector.state.sync.records import Stored
from entities.inventory.rules import QuantityRule
from entities.values.columns import Items, Problem, Shelves, shelves
from entities.values.conversion import quantities, vendor_quantities

_UNREAD = FailureCode.UNREADABLE_RECORD


class Stock(NamedTuple):
    """The items whose figure is known, their quantities, their vendors' quantities, and the problems of the other
    items.
    """

    items: Items
    warehouses: Shelves
    vendors: Shelves
    problems: list[Problem]


def stock(items: Items, stored: Mapping[str, Stored], rule: QuantityRule) -> Stock:
    """Return the figures of the published items, and the vendors' quantities if the rule uses them."""
    records = [stored[inventory_id].record for inventory_id in items.inventory_ids]
    figures = quantities(records, rule.figure)
    problems = []
    if figures.unread:
        reason = _UNREAD.because(
            f"Its {rule.figure.replace('_', ' ')} quantity was never read in a warehouse. "
            "Start a full sync of inventory."
        )
        problems = [
            Problem(
                items.inventory_ids[at],
                key=items.keys[at],
                source="",
                sku=items.facts[at].sku,
                code=_UNREAD,
                reason=reason,
            )
            for at in figures.unread
        ]
        unread = set(figures.unread)
        is_read = [at not in unread for at in range(len(records))]
        items, records = items.where(is_read), list(compress(records, is_read))
        figures = quantities(records, rule.figure)
    has_vendors = rule.vendor_sources or rule.vendor_source is not None
    return Stock(items, figures.shelves, vendor_quantities(records) if has_vendors else shelves(()), problems)
