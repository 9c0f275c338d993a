"""The rest of an order that Acumatica closed short."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from connector.model.sold_items import SoldItem
from connector.model.units import ItemUnits
from entities.order.rest import closed_short, open_rest
from entities.order.stored import stored_order
from entities.order.types import InvoiceLine

UNITS = {"A": ItemUnits("A", "EA", "EA", {"EA": Fraction(1), "BOX": Fraction(12)})}


def line(**more: Any) -> dict[str, Any]:
    """A line of 3, 2 of them shipped and the rest completed."""
    given = {"number": 1, "item": "A", "uom": "EA", "quantity": "3", "operation": "Issue", "line_type": "Goods"}
    return {**given, "completed": True, "on_shipments": "2", "po_source": "", **more}


def short(*lines: dict[str, Any], status: str = "Open", invoices: dict[str, Any] | None = None) -> dict[int, Fraction]:
    return closed_short(stored_order({"status": status, "lines": lines, "invoices": invoices or {}}), UNITS)


@pytest.mark.parametrize(
    ("more", "rest"),
    [
        ({}, 1),
        ({"on_shipments": "0"}, 3),
        ({"completed": False}, 0),
        ({"on_shipments": "3"}, 0),
        ({"on_shipments": "4"}, 0),
        ({"operation": "Receipt"}, 0),
        ({"line_type": "Misc. Charge"}, 0),
        ({"quantity": "-3"}, 0),
    ],
)
def test_a_completed_line_that_shipped_less_has_a_rest(more, rest):
    """Not one that is still open, nor one that ships nothing."""
    assert short(line(**more)) == ({1: rest} if rest else {})


def test_what_is_invoiced_without_a_shipment_is_no_rest():
    """A service; the invoice counts in the line's unit."""
    invoices = {"Invoice|1": [{"number": 1, "item": "A", "uom": "BOX", "quantity": "1"}]}
    assert short(line(quantity="12", on_shipments="0"), invoices=invoices) == {}


def test_a_drop_shipment_has_a_rest_once_its_order_is_completed():
    """Its lines tell of no shipments before."""
    dropped = line(on_shipments="0", po_source="Drop-Ship")
    assert (short(dropped), short(dropped, status="Completed")) == ({}, {1: 3})


def test_a_record_of_an_earlier_version_has_no_rest():
    """It does not say whether its lines are completed."""
    old = {name: value for name, value in line().items() if name not in ("completed", "on_shipments", "po_source")}
    assert short(old) == {}


def item(number: int, sku: str, *, shipped: int = 0, invoiced: int = 0, canceled: int = 0) -> SoldItem:
    counts = [Decimal(one) for one in (3, invoiced, shipped, 0, canceled)]
    return SoldItem(number, None, sku, "simple", *counts)


def rest(quantity: int, sku: str = "A", number: int = 1) -> InvoiceLine:
    return InvoiceLine(number, sku, Decimal(quantity))


def test_what_is_open_of_the_rest():
    """Each item with its quantity, in words with its SKU."""
    items = [item(1, "A", shipped=2, invoiced=2), item(2, "B", shipped=1, invoiced=1)]
    found = open_rest([rest(1), rest(2, "B", 2)], items)
    assert found is not None
    assert found.describe() == "1 of A, 2 of B"
    assert (found.more_to_ship, found.to_refund, found.cancels_more) == (False, (), False)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"shipped": 1, "invoiced": 1}, (True, (), False)),
        ({"shipped": 2, "invoiced": 3}, (False, ((1, 1),), False)),
        ({"shipped": 2}, (False, (), True)),
    ],
)
def test_what_a_cancel_would_do(more, expected):
    """It has to wait for what ships yet, gives nothing back, and must not take what was shipped without an invoice."""
    found = open_rest([rest(1)], [item(1, "A", **more)])
    assert found is not None
    assert (found.more_to_ship, found.to_refund, found.cancels_more) == expected


@pytest.mark.parametrize("more", [{"shipped": 3}, {"canceled": 3}, {"shipped": 2, "canceled": 1}])
def test_a_rest_that_is_closed_in_magento_is_over(more):
    """Canceled or shipped there all the same."""
    assert open_rest([rest(1)], [item(1, "A", **more)]) is None


def test_what_was_given_back_is_not_given_back_again():
    """Magento counts a refund as shipped, and of a part-shipped line it still shows the rest as to be shipped."""
    refunded = SoldItem(1, None, "A", "simple", Decimal(2), Decimal(2), Decimal(1), Decimal(1))
    assert refunded.to_ship == 1
    assert open_rest([rest(1)], [refunded]) is None


def test_no_rest_is_no_question():
    """Whatever is open in Magento."""
    assert open_rest([], [item(1, "A")]) is None
