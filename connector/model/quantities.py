"""The quantities that Acumatica has for a stock item in a warehouse."""

from __future__ import annotations

from typing import Literal

Figure = Literal["available", "available_for_shipping", "on_hand"]
"""The choices of *Magento Sync Qty*."""
