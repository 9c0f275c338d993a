"""The identity of an inventory source, whatever spelling of its code a setting has.

Magento's database compares source codes like SKUs, so `Default` and `default` are the same source. The state stores the
key that is returned here, and a request names the source in Magento's spelling (`entities.shop.Shop.sources`).
"""

from __future__ import annotations

from connector.model.comparison import comparison_key

ATTRIBUTE = "attribute:"
"""Prefix for a place that is a product attribute and not a source: it has a quantity and no stock status."""


def source_key(code: str) -> str:
    """Return the form in which two spellings of a source are equal. An attribute's place is returned unchanged."""
    return code if code.startswith(ATTRIBUTE) else comparison_key(code).lower()
