"""Which rows of the price list are used, whatever way it is read: those of the price class and of the currency."""

import pytest

from sandbox.catalogue import Product

BY_LIST = {"source": "sales_price"}
CLASS = {"price_type": "Customer Price Class", "price_code": "VIP"}
EUROS = {"price": "7", "currency": "EUR"}


@pytest.fixture(params=["odata", "inquiry"])
def priced(request, make_world):
    """Give the price that Magento shows of one item, whose Default Price is 5, with these rows and settings."""

    async def price_with(rows, **chosen):
        here = make_world([Product("P-1", "x", 5_000_000)])
        here.change(*({"add_sales_price": {"inventory_id": "P-1", "price_type": "Base", **row}} for row in rows))
        settings = here.settings(price={**BY_LIST, **chosen}, acumatica={"price_read": request.param})
        outcome = await here.sync("price", settings)
        assert outcome.fault is None
        here.assert_shown(settings, entities=["price"])
        return here.prices()["P-1"]

    return price_with


@pytest.mark.parametrize(
    ("rows", "currency", "price"),
    [
        ([{"price": "9"}, EUROS], "", 9),
        ([EUROS], "", 5),
        ([{**EUROS, "promotion": True}, {"price": "9"}], "", 9),
        ([{"price": "9"}, EUROS], "EUR", 7),
        ([{"price": "9"}], "EUR", 5),
    ],
)
async def test_a_price_of_another_currency_is_not_used(priced, rows, currency, price):
    """Without a chosen currency only rows of Acumatica's base currency count, else only those of the chosen one."""
    assert await priced(rows, currency=currency) == price


@pytest.mark.parametrize("price_class", ["VIP", "vip", " Vip "])
async def test_a_price_class_is_one_in_any_letter_case(priced, price_class):
    """The class's row comes before the base row, however the setting spells it."""
    assert await priced([{"price": "9"}, {"price": "7", **CLASS}], price_class=price_class) == 7
