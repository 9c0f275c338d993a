"""The identity of an inventory source: which code, in whatever spelling a setting has it.

Magento's database compares source codes as it compares SKUs, so `Default` and `default` are one source there. The state
stores the key that this returns, and a request names the source as Magento spells it (`entities.shop.Shop.sources`).
"""

from __future__ import annotations

from connector.model.comparison import comparison_key

ATTRIBUTE = "attribute:"
"""Begins the name of a place that is a product attribute and not a source: it has a quantity and no stock status."""


def source_key(code: str) -> str:
    """Return the form in which two spellings of one source are equal; the place of an attribute stays as it is."""
    return code if code.startswith(ATTRIBUTE) else comparison_key(code).lower()
