"""Price Sync Preferences: which price of an item Magento shows."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import field_validator, model_validator

from settings.declare import setting
from settings.section import Section


class Price(Section, title="Price Sync Preferences"):
    """Which price is sent to Magento, and how."""

    source: Literal["default_price", "sales_price"] = setting(
        "default_price",
        "Which price of the item is sent. An item without a sales price in the price list gets its Default Price, "
        "unless Items without a sales price says otherwise.",
        label="Price",
        choices={"default_price": "Default Price", "sales_price": "Sales Price"},
    )
    sales_price_from: Literal["price_list", "field"] = setting(
        "price_list",
        "Where Acumatica has the sales price.",
        choices={"price_list": "Price list", "field": "Field of the stock item"},
    )
    without_sales_price: Literal["default_price", "leave"] = setting(
        "default_price",
        "What happens to items that have no row in the price list that is valid today: they get their Default Price, "
        "as in Acumatica, or their price in Magento is left unchanged. Each run says how many there were.",
        label="Items without a sales price",
        choices={"default_price": "Get their Default Price", "leave": "Are left alone"},
    )
    sales_price_field: str = setting("", "The field of the stock item that holds the sales price.")
    price_class: str = setting(
        "", "The customer price class whose prices are used before the base prices. Empty: none."
    )
    currency: str = setting("", "Only prices of this currency are used. Empty: the base currency of Acumatica.")
    rounding: int = setting(
        2, "How many decimals prices are rounded to; halves are rounded up.", unit="decimals", ge=0, le=6
    )
    allow_zero: bool = setting(False, "Send prices of 0. If off, they are listed in the run and not sent.")
    non_stock: bool = setting(False, "Send the prices of non-stock items too.")
    tax_included: bool | None = setting(
        None,
        "Whether the shop's prices include tax, as Catalog Prices in Magento says. A price that the price list has the "
        "other way is not sent.",
        choices={None: "Not checked", True: "With tax", False: "Without tax"},
    )

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, value: str) -> str:
        if not re.fullmatch("([A-Z]{3})?", value.upper()):
            raise ValueError("it must be the three letters of a currency, such as USD, or empty")
        return value.upper()

    @model_validator(mode="after")
    def _field_is_named(self) -> Self:
        if self.source == "sales_price" and self.sales_price_from == "field" and not self.sales_price_field:
            raise ValueError("sales_price_field: name the field of the stock item that holds the sales price")
        return self
