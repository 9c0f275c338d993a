"""What an invoice that Magento makes comes to."""

from decimal import Decimal

import pytest

from connector.model.failures import Rejected
from connector.model.money import ItemMoney, OrderMoney
from connector.model.sold_items import SoldItem
from entities.order.sold import ToInvoice, next_invoice
from entities.order.types import Invoice, InvoiceLine
from entities.shop_orders.invoice_totals import invoice_totals, refund_at_most

D = Decimal

A = SoldItem(1, None, "A", "simple", D(2))
B = SoldItem(2, None, "B", "simple", D(1))
MONEY = OrderMoney(
    total=D("395.00"),
    shipping=D("5.00"),
    items={1: ItemMoney(D(200), discount=D("5.00")), 2: ItemMoney(D(200), discount=D("5.00"))},
)


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        (((1, D(1)),), "102.50"),
        (((1, D(2)),), "200.00"),
        (((1, D(1)), (2, D(1))), "297.50"),
        (None, "395.00"),
    ],
)
def test_each_item_gives_its_share_and_the_first_invoice_all_of_the_shipping(asked, total):
    """Half of an item half of its discount; in the last invoice of an item what is left of it."""
    assert invoice_totals((A, B), MONEY, asked) == {D(total)}


def test_where_the_rounding_may_be_carried_nobody_can_say_the_cent():
    """Two thirds of a cent are carried to the next share, or are not."""
    three = [SoldItem(number, None, f"S{number}", "simple", D(3)) for number in (1, 2)]
    money = OrderMoney(items={1: ItemMoney(D("10.00"), tax=D("1.00")), 2: ItemMoney(D("10.00"), tax=D("1.00"))})
    found = invoice_totals(three, money, ((1, D(1)), (2, D(1))))
    assert found is not None
    assert len(found) > 1


def test_a_bundle_has_no_totals():
    """Its price may stand at the parent or at the children."""
    bundle = SoldItem(1, None, "SET", "bundle", D(1))
    assert invoice_totals((bundle,), MONEY, None) is None


def invoices(*totals: str | None) -> list[Invoice]:
    """The first of one A, the second of the rest."""
    lines = ((InvoiceLine(1, "A", D(1)),), (InvoiceLine(1, "A", D(1)), InvoiceLine(2, "B", D(1))))
    made = zip(totals, lines, strict=False)
    return [Invoice(str(n), of, total=None if t is None else D(t)) for n, (t, of) in enumerate(made, 1)]


def test_an_invoice_that_is_acumaticas_to_the_cent_is_made():
    """By itself."""
    assert next_invoice("SO 1", invoices("102.50"), (A, B), MONEY, D("395.00")) == ToInvoice("1", ((1, D(1)),))


def test_one_that_is_not_is_reported_and_made_with_the_next():
    """Acumatica took all of the discount at once, Magento would share it out: together they agree."""
    with pytest.raises(Rejected, match=r"invoice 1 of SO 1 totals 95\.00, but in Magento it would total 102\.50"):
        next_invoice("SO 1", invoices("95.00"), (A, B), MONEY, D("395.00"))
    assert next_invoice("SO 1", invoices("95.00", "300.00"), (A, B), MONEY, D("395.00")) == ToInvoice("2", None)


def test_where_nobody_can_say_the_cent_all_totals_are_named():
    """Acumatica's may be one of them: the message says what else Magento may come to."""
    item = SoldItem(1, None, "A", "simple", D(3))
    money = OrderMoney(total=D("115.33"), shipping=D("12.50"), items={1: ItemMoney(D("99.99"), D(5), tax=D("7.84"))})
    one = Invoice("1", (InvoiceLine(1, "A", D(1)),), total=D("46.77"))
    with pytest.raises(Rejected, match=r"totals 46\.77, but in Magento it would total 46\.77 or 46\.78"):
        next_invoice("SO 1", [one], (item,), money, D("115.33"))


@pytest.mark.parametrize("total", [None, "95.00"])
def test_where_the_orders_differ_already_or_a_total_is_not_known_it_is_made(total):
    """An invoice of several orders tells no total of one of them."""
    of_order = D("395.00") if total is None else D("400.00")
    assert next_invoice("SO 1", invoices(total), (A, B), MONEY, of_order) == ToInvoice("1", ((1, D(1)),))


@pytest.mark.parametrize(("quantity", "total"), [("2", "215.00"), ("1", "107.50")])
def test_a_credit_memo_gives_an_items_share_back_without_the_shipping(quantity, total):
    """With its tax, less its discount; all of an item is what was paid for it."""
    paid = SoldItem(1, None, "A", "simple", D(2), D(2))
    money = OrderMoney(shipping=D("5.00"), paid={1: ItemMoney(D(200), discount=D("5.00"), tax=D("20.00"))})
    assert refund_at_most((paid,), money, ((1, D(quantity)),)) == D(total)


def test_where_the_cent_is_not_sure_the_larger_one_counts():
    """So that never more is given back than may be."""
    paid = [SoldItem(number, None, f"S{number}", "simple", D(3), D(3)) for number in (1, 2)]
    of_each = ItemMoney(D("10.00"), tax=D("1.00"))
    found = refund_at_most(paid, OrderMoney(paid={1: of_each, 2: of_each}), ((1, D(1)), (2, D(1))))
    assert found is not None
    assert found >= D("7.33")
