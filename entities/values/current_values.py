"""What Magento shows now, for places that the ledger does not know or that have to be rechecked. Reads are not
attempts.
"""

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
    """A value's place in Magento: the SKU as Magento compares it, the source (empty for prices), the SKU as
    it is sent.
    """

    key: str
    source: str
    sku: str


@dataclass
class Found:
    """Magento's answers: values by (key, source), and the keys and sources for which it accepts no value."""

    values: dict[tuple[str, str], Value] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    unknown_sources: dict[str, Rejected] = field(default_factory=dict)

    def reject(self, rejected: Sequence[Rejected]) -> None:
        """Store these, by the key that each names."""
        self.rejected = {one.record: one for one in rejected}


def scaled(number: Decimal, digits: int) -> int:
    """Return a decimal as a whole number of its last stored digit. Further digits are float noise of
    Magento's answer.
    """
    return round(number.scaleb(digits))


def why_missing(types: Mapping[str, str], missing: Mapping[str, str], what: str) -> list[Rejected]:
    """Return why products show no value: they have no price or quantity of their own, or do not exist. A product that
    could have one is left out. `types`: of existing products, by SKU. `missing` is key by SKU; each `record` is a key.
    """
    rejected: list[Rejected] = []
    for sku, key in missing.items():
        kind = types.get(sku)
        if kind is None:
            rejected.append(Rejected(FailureCode.UNKNOWN_SKU, f"Magento has no product with the SKU {sku!r}.", key))
        elif kind in WITHOUT_VALUE:
            reason = (
                f"{sku!r} is a {kind} product in Magento and has no {what} of its own. Keep it from being exported in "
                "Acumatica, or correct its SKU."
            )
            rejected.append(Rejected(WITHOUT_VALUE[kind], reason, key))
    return rejected
