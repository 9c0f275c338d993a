"""Rules of orders: content, totals to the cent, differences."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.failures import Rejected
from connector.model.units import ItemUnits
from entities.order.differences import differences
from entities.order.rules import content_of, is_chosen
from entities.order.stored import stored_order
from entities.order.totals import shared_out, totals_of
from entities.order.types import OrderRule
from entities.shop_orders.own_number import increment_id

D = Decimal
PIECES = ItemUnits("BIKE", "EA", "BOX", {"EA": "1", "BOX": "6"})
CHARGE = ItemUnits("FITTING", "HR", "HR", {"HR": "1"})
ITEMS = {"BIKE": PIECES, "FITTING": CHARGE}
RULE = OrderRule(
    types=("SO",),
    statuses={"Open": "pending", "Completed": "complete", "Picking": "picking"},
    payment_methods={"CHECK": "checkmo", "": "purchaseorder"},
    shipping_methods={"UPS": "flatrate_flatrate"},
    titles={"UPS": "United Parcel Service"},
)
PARTY = {
    "attention": "Ada Lovelace",
    "business": "Analytical Engines",
    "email": "ada@example.com",
    "phone": "555",
    "line1": "1 Example Street",
    "line2": "",
    "city": "New York",
    "state": "NY",
    "postal_code": "10019",
    "country": "us",
}


def line(number: int, quantity: str, amount: str, **changes: Any) -> dict[str, Any]:
    """A line as the state keeps it."""
    given_line = {
        "number": number,
        "item": "BIKE",
        "description": "A bike",
        "uom": "EA",
        "quantity": quantity,
        "price": "0",
        "discount": "0",
        "amount": amount,
        "operation": "Issue",
        "line_type": "Goods for Inventory",
    }
    return {**given_line, **changes}


def order(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order as the state keeps it; its total is what its amounts make."""
    made: dict[str, Any] = {
        "type": "SO",
        "number": "000123",
        "status": "Open",
        "customer": "C1",
        "branch": "HEADOFFICE",
        "date": "2026-11-20",
        "created": "2026-11-20T10:00:00+00:00",
        "external_ref": "",
        "customer_order": "",
        "currency": "USD",
        "ship_via": "UPS",
        "payment_method": "CHECK",
        "tax": "0",
        "discount": "0",
        "freight": "0",
        "premium_freight": "0",
        "bill_to": PARTY,
        "ship_to": PARTY,
        "lines": list(lines) or [line(1, "2", "200.00")],
        **changes,
    }
    parts = sum((D(one["amount"]) for one in made["lines"]), D(0)) + D(made["freight"]) + D(made["premium_freight"])
    made.setdefault("total", str(parts + D(made["tax"]) - D(made["discount"])))
    return made


def content(of: dict[str, Any], rule: OrderRule = RULE) -> Any:
    """The content of an order."""
    return content_of("SO 000123", stored_order(of), ITEMS, rule)


def test_an_order_is_shown_with_everything_a_customer_sees():
    """Lines, discounts, tax, freight, addresses, methods and status are Magento's, and the totals add up."""
    of = order(
        line(1, "2", "180.00", discount="20.00"),
        line(2, "1", "50.00", item="FITTING", uom="HR", line_type="Misc. Charge"),
        tax="20.45",
        discount="5.00",
        freight="7.50",
    )
    sent = content(of)
    new = sent.new
    assert (sent.status, sent.state, sent.why_not) == ("pending", "new", None)
    assert (new.subtotal, new.discount, new.shipping_amount, new.tax, new.total) == (
        D("250.00"),
        D("25.00"),
        D("7.50"),
        D("20.45"),
        D("252.95"),
    )
    assert [(one.sku, one.quantity, one.price, one.row_total, one.virtual) for one in new.lines] == [
        ("BIKE", D(2), D("100.0000"), D("200.00"), False),
        ("FITTING", D(1), D("50.0000"), D("50.00"), True),
    ]
    assert (new.shipping_method, new.shipping_title, new.payment_method) == (
        "flatrate_flatrate",
        "United Parcel Service",
        "checkmo",
    )
    assert (new.billing.firstname, new.billing.lastname, new.billing.company, new.billing.country) == (
        "Ada",
        "Lovelace",
        "Analytical Engines",
        "US",
    )
    assert (new.email, new.created_at, new.customer) == ("ada@example.com", "2026-11-20 10:00:00", "C1")


CENTS = st.integers(0, 100_000).map(lambda cents: D(cents).scaleb(-2))


@given(
    st.lists(st.tuples(st.integers(1, 9), CENTS, CENTS), min_size=1, max_size=6),
    CENTS,
    CENTS,
    CENTS,
    st.booleans(),
)
def test_totals_add_up_to_the_cent_whatever_the_amounts(lines, tax, discount, freight, included):
    """Subtotal + shipping + tax - discount is the total, and the lines are the order, also with gross prices."""
    rows = [line(n, str(q), str(amount), discount=str(own)) for n, (q, amount, own) in enumerate(lines, 1)]
    goods = sum((amount for _q, amount, _own in lines), D(0))
    discount = min(discount, goods)
    total = goods + freight - discount + (D(0) if included else tax)
    of = stored_order(order(*rows, tax=str(tax), discount=str(discount), freight=str(freight), total=str(total)))
    found = totals_of("SO 1", of, of.lines)
    assert found.subtotal + found.shipping + found.tax - found.discount == found.total == total
    assert sum((one.row_total for one in found.lines), D(0)) == found.subtotal
    assert sum((one.discount for one in found.lines), D(0)) == found.discount
    assert sum((one.tax for one in found.lines), D(0)) + found.shipping_tax == found.tax


@given(st.integers(-10_000, 10_000), st.lists(st.integers(0, 1_000), min_size=1, max_size=8))
def test_what_is_shared_out_is_all_of_it_and_never_a_cent_off(cents, weights):
    """Each share is within a cent of its exact part, and together they are the amount."""
    amount = D(cents).scaleb(-2)
    parts = shared_out(amount, [D(weight) for weight in weights])
    whole = sum(weights)
    assert sum(parts, D(0)) == (amount if whole else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert not whole or abs(part - amount * weight / whole) < D("0.01")


@pytest.mark.parametrize(
    ("of", "cause"),
    [
        (order(total="1.00"), "Totals do not add up"),
        (order(line(1, "1", "0.005")), "Amount with fractions of a cent"),
        (order(line(1, "-1", "-10.00")), "Returned goods"),
        (order(line(1, "1", "10.00", operation="Receipt")), "Returned goods"),
        (order(line(1, "0", "0")), "No lines"),
        (order(ship_via="DHL"), "Unmapped ShipVia"),
        (order(payment_method="CARD"), "Unmapped payment method"),
        (order(status="Shipping"), "Unmapped status"),
        (order(status="Picking"), "Unknown state"),
        (order(line(1, "1", "10.00", item="NOWHERE")), "No SKU"),
        (order(line(1, "1", "10.00", uom="PALLET")), "Unit does not divide"),
        (order(bill_to={**PARTY, "email": ""}, ship_to={**PARTY, "email": ""}), "No e-mail"),
        (order(ship_to={**PARTY, "city": "", "phone": ""}), "Incomplete address"),
        (order(date=None, created=None), "No date"),
    ],
)
def test_what_cannot_be_made_says_why(of, cause):
    """An order that Magento could only show wrongly is not made, and the reason names it and begins with its cause."""
    sent = content(of)
    assert sent.new is None
    assert sent.why_not.rejected().code.label == cause
    assert sent.why_not.reason.startswith(f"{cause}: ")
    assert "000123" in sent.why_not.reason


def test_a_missing_telephone_is_taken_from_the_setting():
    """The telephone of customers who have none serves orders as well."""
    of = order(bill_to={**PARTY, "phone": ""}, ship_to={**PARTY, "phone": ""})
    assert content(of, replace(RULE, telephone="123")).new.billing.telephone == "123"


def test_quantities_go_in_the_unit_that_magento_counts():
    """Two boxes of six are twelve pieces; seven pieces are no whole boxes and fail with both units."""
    made = content(order(line(1, "2", "120.00", uom="BOX")))
    assert [(one.quantity, one.price, one.row_total) for one in made.new.lines] == [(D(12), D("10.0000"), D("120.00"))]
    sent = content(order(line(1, "7", "70.00")), replace(RULE, unit="sales"))
    assert (sent.why_not.cause, sent.why_not.code) == ("Unit does not divide", "unit_does_not_divide")
    assert "EA" in sent.why_not.reason
    assert "BOX" in sent.why_not.reason


def test_an_order_of_charges_only_is_virtual_and_needs_no_shipping_method():
    """Nothing is shipped of it, so neither a ShipVia nor a shipping address is asked for."""
    made = content(order(line(1, "1", "50.00", item="FITTING", uom="HR", line_type="Misc. Charge"), ship_via="DHL"))
    assert made.new.shipping is None


@pytest.mark.parametrize(
    ("key", "made"), [("SO 000123", "SO-000123"), ("CS 000123", "CS-000123"), ("EO A/1", "EO-A/1")]
)
def test_our_own_number_is_made_of_type_and_number(key, made):
    """Acumatica numbers each type on its own, so the type is part of the number that Magento refuses a second time."""
    assert increment_id(key) == made


def test_a_number_that_magento_would_cut_is_refused():
    """Cut numbers would meet each other."""
    with pytest.raises(Rejected, match="Number too long"):
        increment_id("SO " + "1" * 30)


@given(st.lists(st.sampled_from(["SO 1", "SO 11", "SO 000123", "CS 1", "S O1", "SO-1 2"]), unique=True))
def test_no_two_orders_have_one_number(keys):
    """Different keys give different numbers."""
    assert len({increment_id(key) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    ("created", "day", "current"),
    [
        ("2026-11-20T23:30:00+00:00", "2026-11-20", "2026-11-20 23:30:00"),
        ("2026-11-21T01:30:00+00:00", "2026-11-20", "2026-11-21 01:30:00"),
        ("1900-01-01T00:00:00+00:00", "2026-11-20", "2026-11-20 12:00:00"),
        (None, "2026-11-20", "2026-11-20 12:00:00"),
    ],
)
def test_an_order_is_as_old_in_magento_as_in_acumatica(created, day, current):
    """The instant of its entry, unless it was dated to another day or imported: then noon of its day."""
    assert content(order(created=created, date=day)).new.created_at == current


def test_types_and_branches_are_chosen():
    """Only orders of the chosen types and, where branches are named, of these branches."""
    assert is_chosen(stored_order(order()), RULE)
    assert not is_chosen(stored_order(order(type="QT")), RULE)
    assert not is_chosen(stored_order(order()), replace(RULE, branches=("RETAIL",)))
    assert is_chosen(stored_order(order()), replace(RULE, branches=("headoffice",)))


@pytest.mark.parametrize(
    ("reference", "held"), [("external_ref", "000000042"), ("customer_order", "PO-1"), ("order_nbr", "000123")]
)
def test_the_reference_is_in_the_field_that_the_setting_names(reference, held):
    """External reference, customer order, or the order's own number."""
    of = order(external_ref="000000042", customer_order="PO-1")
    assert content(of, replace(RULE, reference=reference)).reference == held


def test_what_changed_is_described():
    """The difference names the line and both values; status and invoices are no edit."""
    sent = content(order(line(1, "2", "200.00"), line(2, "1", "10.00"))).facts
    now = content(order(line(1, "3", "300.00"), line(3, "1", "10.00"), status="Completed", ship_via="")).facts
    assert differences(sent, now) == [
        "ship via UPS → (none)",
        "total 210.00 → 310.00",
        "line 1 quantity 2 → 3",
        "line 1 amount 200.00 → 300.00",
        "line 2 1 EA BIKE → (none)",
        "line 3 (none) → 1 EA BIKE",
    ]
    assert differences(sent, sent) == []


def invoiced(**lines: str) -> dict[str, Any]:
    """Released invoices: number to quantity of line 1."""
    return {
        f"Invoice|{number}": [{"number": 1, "item": "BIKE", "uom": "EA", "quantity": quantity}]
        for number, quantity in lines.items()
    }


def test_released_invoices_are_sent_only_with_offline_invoices():
    """Each with its quantities in Magento's unit; the one that completes the order says so."""
    of = order(line(1, "5", "500.00"), invoices=invoiced(A="2", B="3"))
    assert content(of).invoices == ()
    sent = content(of, replace(RULE, invoices=True)).invoices
    assert [(one.number, one.lines[0].quantity, one.completes) for one in sent] == [
        ("A", D(2), False),
        ("B", D(3), True),
    ]


def test_complete_waits_for_the_last_invoice_to_be_released():
    """With offline invoices Magento cannot complete an order before, so that status is not told before."""
    rule = replace(RULE, invoices=True)
    of = order(line(1, "5", "500.00"), status="Completed", invoices=invoiced(A="2"))
    assert (content(of, rule).status, content(of, rule).why_not) == (None, None)
    of["invoices"] = invoiced(A="2", B="3")
    assert content(of, rule).status == "complete"
    assert content(of).status == "complete"
