"""Price Sync Preferences: which price of an item Magento shows."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from settings.section import Section, setting


class Price(Section):
    """The price."""

    source: Literal["default_price", "sales_price"] = setting(
        "default_price",
        "Default Price of the item, or its sales price. An item without a sales price in the price list gets its "
        "Default Price, unless Items without a sales price says otherwise.",
    )
    sales_price_from: Literal["price_list", "field"] = setting(
        "price_list", "Where the sales price stands: in the price list, or in a field of the stock item."
    )
    without_sales_price: Literal["default_price", "leave"] = setting(
        "default_price",
        "Items that have no row in the price list that is valid today: they get their Default Price, as in Acumatica, "
        "or their price in Magento is left alone. Each run says how many there were.",
    )
    sales_price_field: str = setting("", "The field of the stock item that holds the sales price.")
    price_class: str = setting("", "Customer price class whose prices come before the base prices; empty: none.")
    currency: str = setting(
        "", "Only prices of this currency; empty: the base currency of Acumatica.", pattern=r"^([A-Z]{3})?$"
    )
    rounding: int = setting(2, "Decimals that prices are rounded to, halves up.", unit="decimals", ge=0, le=6)
    allow_zero: bool = setting(False, "Send prices of 0; otherwise they are named and not sent.")
    non_stock: bool = setting(False, "Send the prices of non-stock items too.")
    tax_included: bool | None = setting(
        None,
        "Whether the shop's prices include tax, as Catalog Prices of Magento says; a price of the list that Acumatica "
        "has otherwise is not sent. Empty: not checked.",
    )

    @model_validator(mode="after")
    def _field_is_named(self) -> Self:
        if self.source == "sales_price" and self.sales_price_from == "field" and not self.sales_price_field:
            raise ValueError("sales_price_field: name the field of the stock item that holds the sales price")
        return self
