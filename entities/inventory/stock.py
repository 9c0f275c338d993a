"""The quantities of records as the rule takes them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

from connector.model.failures import FailureCode
from connector.state.sync.records import Stored
from entities.inventory.rules import QuantityRule
from entities.values.frames import quantities, vendor_quantities
from entities.values.items import PROBLEM_COLUMNS


class Stock(NamedTuple):
    """The items whose figure is known, the QUANTITIES frames, and PROBLEM_COLUMNS of the others."""

    items: pd.DataFrame
    warehouses: pd.DataFrame
    vendors: pd.DataFrame
    problems: pd.DataFrame


def stock(items: pd.DataFrame, stored: Collection[Stored], rule: QuantityRule) -> Stock:
    """Return the figures of the published items, and the vendors' quantities as far as the rule asks for them."""
    of_vendors = stored if rule.vendor_sources or rule.vendor_source is not None else ()
    figures = quantities(stored, rule.figure)
    unread = items["inventory_id"].isin(figures.unread)
    reason = FailureCode.UNREADABLE_RECORD.because(
        f"Its {rule.figure.replace('_', ' ')} quantity was never read in a warehouse. Start a full sync of inventory."
    )
    problems = items[unread].assign(source="", code=FailureCode.UNREADABLE_RECORD, reason=reason)
    return Stock(items[~unread], figures.frame, vendor_quantities(of_vendors), problems[PROBLEM_COLUMNS])
