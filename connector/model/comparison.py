"""The identity of SKUs and other codes, as Magento compares them.

Magento's database compares SKUs by its collation utf8mb4_general_ci, which ignores letter case, accents and trailing
blanks (observed: `sku-0001` and `"SKU-0001 "` both set SKU-0001). Leading blanks are ignored too, because Magento trims
a SKU when a product is saved.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_AS_GENERAL_CI = str.maketrans({"ß": "S", "ẞ": "S", "ı": "I", "ſ": "S", "Ø": "Ø", "ø": "Ø"})


def comparison_key(sku: str) -> str:
    """Return the SKU in compared form: two SKUs that Magento considers equal have the same."""
    trimmed = sku.strip()
    if trimmed.isascii():
        return trimmed.upper()
    bare = "".join(c for c in unicodedata.normalize("NFD", trimmed) if not unicodedata.combining(c))
    # one letter stays one letter, as in general_ci: `str.upper` would turn some into two
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in bare.translate(_AS_GENERAL_CI))


def comparison_keys(skus: Sequence[str | None]) -> list[str | None]:
    """Return many SKUs in compared form; None stays None."""
    together = "\n".join([sku or "" for sku in skus])
    if not together.isascii() or together.count("\n") != len(skus) - 1:
        return [None if sku is None else comparison_key(sku) for sku in skus]
    keys = map(str.strip, together.upper().split("\n"))
    if None not in skus:
        return list(keys)
    return [None if sku is None else key for sku, key in zip(skus, keys, strict=True)]


def same_code(first: str, second: str) -> bool:
    """Return whether two codes, such as customer classes or order numbers, are equal for the systems, which ignore
    letter case and padding blanks.
    """
    return first.strip().casefold() == second.strip().casefold()
