"""What Acumatica says of an item, in the connector's units: as it is read, and as the state database keeps it.

Prices are whole 1/1,000,000 of their currency, quantities whole 1/10,000 of the base unit. All of it is kept as JSON
lists in the order of the fields, so a field may be added at the end, with a default, and nowhere else.
"""

from __future__ import annotations

from datetime import date

import msgspec

from connector.model.quantities import Figure


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stock or non-stock item.

    unit_numerator, unit_denominator: base units per sales unit; `None` if unknown. other_skus: further alternate ids of
    the chosen type, which are not sent.
    """

    kind: str
    sku: str | None
    status: str
    item_class: str
    exported: bool
    base_uom: str
    sales_uom: str
    unit_numerator: int | None
    unit_denominator: int | None
    default_price: int | None
    field_price: int | None
    other_skus: tuple[str, ...] = ()


class PriceListRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row of the price list.

    price_type: base, customer or customer_price_class. effective, expiration: days of the tenant. tax: gross, net, or
    empty where the tax settings decide. is_foreign: its currency is known not to be Acumatica's base currency.
    """

    record_id: int
    price_type: str
    price_code: str
    uom: str
    warehouse: str
    promotion: bool
    break_quantity: int
    price: int
    currency: str
    effective: date | None
    expiration: date | None
    tax: str
    is_foreign: bool = False


class WarehouseQuantity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An item's figures in a warehouse; `None` for one that was never read."""

    available: int | None = None
    available_for_shipping: int | None = None
    on_hand: int | None = None

    def plus(self, other: WarehouseQuantity) -> WarehouseQuantity:
        """Return the sums; a figure that is unknown in one of them is unknown."""
        return WarehouseQuantity(
            _sum(self.available, other.available),
            _sum(self.available_for_shipping, other.available_for_shipping),
            _sum(self.on_hand, other.on_hand),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def of_figure(quantity: WarehouseQuantity | int, figure: Figure) -> int | None:
    """Return one figure; `None` where it was never read.

    A plain number is what a version kept that read the chosen figure alone. The next full sync replaces it.
    """
    if isinstance(quantity, int):
        return quantity
    found: int | None = getattr(quantity, figure)
    return found
