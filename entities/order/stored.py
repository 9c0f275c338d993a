"""A sales order as the state keeps it, read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connector.model.sales_orders import SalesOrder


def stored_order(document: Mapping[str, Any]) -> SalesOrder:
    """Return the order of a record, or of what was sent of it; what an earlier version did not store is empty."""
    return msgspec.convert(document, type=SalesOrder)
