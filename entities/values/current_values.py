"""What Magento shows now, for keys that the ledger does not know or doubts. These are reads, never attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from connector.model.failures import FailureCode, Rejected

WITHOUT_VALUE = {
    "configurable": FailureCode.CONFIGURABLE_PRODUCT,
    "grouped": FailureCode.GROUPED_PRODUCT,
    "bundle": FailureCode.BUNDLE_PRODUCT,
}
"""Types of products that have no price and no quantity of their own."""
Value = tuple[int, bool | None]


class TargetKey(NamedTuple):
    """A value's place in Magento: the SKU as Magento compares it, the source (empty for prices), the SKU as sent."""

    key: str
    source: str
    sku: str


@dataclass
class Found:
    """What Magento answered: values by (key, source); by key, and by source, what it takes no value of."""

    values: dict[tuple[str, str], Value] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    unknown_sources: dict[str, Rejected] = field(default_factory=dict)

    def reject(self, rejected: Sequence[Rejected]) -> None:
        """Keep these, by the key that each names."""
        self.rejected = {one.record: one for one in rejected}


def scaled(number: Decimal, digits: int) -> int:
    """Return a decimal as a whole number of its last stored digit; what lies behind it is float noise of Magento's
    answer.
    """
    return round(number.scaleb(digits))


def why_missing(types: Mapping[str, str], missing: Mapping[str, str], what: str) -> list[Rejected]:
    """Distinguish a product without a price or quantity of its own from one that does not exist; a product that could
    have one is left out. `types`: of the products that exist, by SKU; `missing` is key by SKU; each `record` is a key.
    """
    found: list[Rejected] = []
    for sku, key in missing.items():
        kind = types.get(sku)
        if kind is None:
            found.append(Rejected(FailureCode.UNKNOWN_SKU, f"Magento has no product with the SKU {sku!r}.", key))
        elif kind in WITHOUT_VALUE:
            reason = (
                f"{sku!r} is a {kind} product in Magento and has no {what} of its own. Keep it from being exported in "
                "Acumatica, or correct its SKU."
            )
            found.append(Rejected(WITHOUT_VALUE[kind], reason, key))
    return found
