"""Partial offline invoices: Acumatica's to the cent, or not made and said."""

import pytest
from support.sales import Sales

from sandbox.catalogue import Product

LINES = {"A": 2, "B": 1}


@pytest.fixture
def sales(make_world) -> Sales:
    ten = {"MAIN": 100_000}
    return Sales(make_world([Product("A", "Product A", 100_000_000, ten), Product("B", "Product B", 200_000_000, ten)]))


async def sync(here: Sales) -> dict[str, str]:
    """Sync orders once, a minute later; return the failed messages."""
    here.here.clock.advance(61)
    statuses = {"Open": "processing", "Shipping": "processing", "Back Order": "processing", "Completed": "processing"}
    outcome = await here.here.sync("order", here.settings(order={"invoice": "offline", "statuses": statuses}))
    assert (outcome.fault, outcome.stopped) == (None, None)
    return {message.key: message.reason or "" for message in here.here.failed("order")}


def invoiced(here: Sales, **quantities: str) -> None:
    """Ship and invoice a part, of all that is open where nothing is named."""
    numbers = {"A": 1, "B": 2}
    lines = [{"order_nbr": "000001", "line_nbr": numbers[sku], "quantity": q} for sku, q in quantities.items()]
    shipment = here.ship(lines=lines) if lines else here.ship("000001")
    here.here.change({"add_invoice": {"shipments": [shipment], "release": True}})


def totals(here: Sales) -> list[float]:
    return [one["grand_total"] for one in here.invoices("000001")]


async def test_a_part_without_a_discount_is_made(sales):
    """Its total is Acumatica's."""
    sales.entered("000001", LINES)
    await sync(sales)
    invoiced(sales, A="1")
    assert await sync(sales) == {}
    assert totals(sales) == [100]


@pytest.mark.parametrize(
    "money", [{"discount": "10.00"}, {"taxes": [{"id": "NY", "rate": "8.875"}], "discount": "7.77"}]
)
async def test_a_part_that_would_differ_is_reported_and_made_once_all_is_invoiced(sales, money):
    """The document's discount is Acumatica's to give; the last invoice settles all of it, to the cent."""
    sales.entered("000001", LINES, freight="7.50", **money)
    await sync(sales)
    invoiced(sales, A="1")
    [message] = (await sync(sales)).values()
    assert message.startswith("Invoice totals differ: Acumatica's invoice")
    assert (totals(sales), sales.order("000001")["status"]) == ([], "processing")
    invoiced(sales)
    assert await sync(sales) == {}
    assert totals(sales) == [sales.order("000001")["grand_total"]]
