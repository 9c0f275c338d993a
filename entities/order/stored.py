"""Read a stored sales order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connector.model.sales_orders import SalesOrder


def stored_order(document: Mapping[str, Any]) -> SalesOrder:
    """Return the order in a record or in a sent document. Fields that an earlier version did not store are empty."""
    return msgspec.convert(document, type=SalesOrder)
