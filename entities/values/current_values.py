"""What Magento shows now, for keys that the ledger does not know or doubts. These are reads, never attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from connector.magento import reads
from connector.magento.client import MagentoClient
from connector.state.queue.chunk import UNKNOWN_SKU

WITHOUT_VALUE = ("configurable", "grouped", "bundle")
Value = tuple[int, bool | None]


class TargetKey(NamedTuple):
    """A value's place in Magento: the SKU as Magento compares it, the source (empty for prices), the SKU as sent."""

    key: str
    source: str
    sku: str


class Why(NamedTuple):
    """Why a value cannot be sent; `{sku}` in the reason is filled in by the record."""

    cause: str
    reason: str
    is_unknown_sku: bool = False


UNKNOWN = Why(
    UNKNOWN_SKU,
    "Unknown SKU: Magento has no product with the SKU {sku!r}. Create it there, or set Unknown SKU to skip; "
    "once the product exists the newest state goes by itself.",
    is_unknown_sku=True,
)


@dataclass
class Found:
    """What Magento answered: values by (key, source); what it has no product or no source for."""

    values: dict[tuple[str, str], Value] = field(default_factory=dict)
    unfit: dict[str, Why] = field(default_factory=dict)
    unknown_sources: dict[str, Why] = field(default_factory=dict)


def scaled(number: Decimal, digits: int) -> int:
    """A decimal as a whole number of its last kept digit; what lies behind it is float noise of Magento's answer."""
    return round(number.scaleb(digits))


async def why_missing(client: MagentoClient, missing: Mapping[str, str], what: str) -> dict[str, Why]:
    """Tell a product without a price or quantity of its own from one that does not exist: why, by key (`missing` is
    key by SKU); a product that could have one is left out.
    """
    found: dict[str, Why] = {}
    types = await reads.product_types(client, sorted(missing)) if missing else {}
    for sku, key in missing.items():
        kind = types.get(sku)
        if kind is None:
            found[key] = UNKNOWN
        elif kind in WITHOUT_VALUE:
            found[key] = Why(
                f"{kind} product",
                f"{kind.capitalize()} product: {{sku!r}} is a {kind} product in Magento and has no {what} of its own. "
                "Keep it from being exported in Acumatica, or correct its SKU.",
            )
    return found
