"""An item of a Magento order: the quantities ordered, invoiced, shipped, refunded and canceled."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.model.money import NOTHING

NOT_SHIPPED = ("virtual", "downloadable")


@dataclass(frozen=True)
class SoldItem:
    """An item of a Magento order.

    `ext_id`: its `ext_order_item_id`, which is Acumatica's line number if we made the order. `fractions`: it may be
    shipped in fractions. `product_sku`: the current SKU of its product; empty if the product does not exist or was not
    read. `sku_moved`: the item's own SKU now belongs to another product.
    """

    item_id: int
    parent_id: int | None
    sku: str
    product_type: str
    ordered: Decimal
    invoiced: Decimal = NOTHING
    shipped: Decimal = NOTHING
    refunded: Decimal = NOTHING
    canceled: Decimal = NOTHING
    virtual: bool = False
    ext_id: str = ""
    product_id: int | None = None
    fractions: bool = False
    product_sku: str = ""
    sku_moved: bool = False

    @property
    def ships(self) -> bool:
        """Whether it is goods at all."""
        return not self.virtual and self.product_type not in NOT_SHIPPED

    @property
    def stock_sku(self) -> str:
        """The SKU whose stock a shipment takes: the product's; a configurable has none, its line has its child's."""
        return self.sku if self.product_type == "configurable" else self.product_sku or self.sku

    @property
    def to_invoice(self) -> Decimal:
        """What is not invoiced yet."""
        return max(self.ordered - self.canceled - self.invoiced, NOTHING)

    @property
    def to_ship(self) -> Decimal:
        """What is not shipped yet."""
        if not self.ships:
            return NOTHING
        return max(self.ordered - self.canceled - max(self.shipped, self.refunded), NOTHING)
