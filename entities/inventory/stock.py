"""The frames of quantities that the rule takes."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from connector.state.sync.records import Stored
from entities.inventory.rules import QuantityRule
from entities.values.frames import quantities


def stock(stored: Collection[Stored], rule: QuantityRule) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The QUANTITIES frames of the warehouses, and of the vendors as far as the rule asks for them."""
    of_vendors = stored if rule.vendor_sources or rule.vendor_source is not None else ()
    return quantities(stored, of_vendors=False), quantities(of_vendors, of_vendors=True)
