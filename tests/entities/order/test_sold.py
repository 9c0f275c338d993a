"""Which invoice Magento lacks, and how far an order is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.model.failures import Rejected
from connector.model.sold_items import SoldItem
from entities.order.sold import ToInvoice, is_invoiced, is_shipped, left_out, next_invoice
from entities.order.types import Invoice, InvoiceLine

D = Decimal


def item(item_id: int, sku: str, ordered: str, kind: str = "simple", parent: int | None = None, **so: str) -> SoldItem:
    """A line of a Magento order."""
    amounts = {name: D(value) for name, value in so.items() if name != "ext_id"}
    return SoldItem(item_id, parent, sku, kind, D(ordered), ext_id=so.get("ext_id", ""), **amounts)


def invoice(number: str, *lines: tuple[int, str, str]) -> Invoice:
    """A released invoice: (line number, SKU, quantity)."""
    return Invoice(number, tuple(InvoiceLine(place, sku, D(quantity)) for place, sku, quantity in lines))


CONFIGURABLE = (item(1, "RED-M", "2", "configurable"), item(2, "RED-M", "2", "simple", 1))
BUNDLE = (item(1, "SET", "2", "bundle"), item(2, "CUP", "4", "simple", 1), item(3, "JUG", "2", "simple", 1))


@pytest.mark.parametrize(
    ("items", "invoices", "expected"),
    [
        ((item(1, "A", "3"),), [invoice("1", (1, "A", "3"))], ToInvoice("1", None)),
        ((item(1, "A", "3"),), [invoice("1", (1, "a ", "1"))], ToInvoice("1", ((1, D(1)),))),
        ((item(1, "A", "3", invoiced="1"),), [invoice("1", (1, "A", "1"))], None),
        ((item(1, "A", "3", invoiced="3"),), [invoice("1", (1, "A", "1"))], None),
        (
            (item(1, "A", "3", invoiced="1"),),
            [invoice("1", (1, "A", "1")), invoice("2", (1, "A", "2"))],
            ToInvoice("2", None),
        ),
        (
            (item(1, "A", "3"), item(2, "B", "1")),
            [invoice("1", (1, "A", "3")), invoice("2", (2, "B", "1"))],
            ToInvoice("1", ((1, D(3)),)),
        ),
        (
            (item(1, "A", "1", ext_id="7"), item(2, "A", "2", ext_id="9")),
            [invoice("1", (9, "A", "1"))],
            ToInvoice("1", ((2, D(1)),)),
        ),
        (
            (item(1, "A", "1"), item(2, "A", "2")),
            [invoice("1", (5, "A", "2"))],
            ToInvoice("1", ((2, D(2)),)),
        ),
        (CONFIGURABLE, [invoice("1", (1, "RED-M", "1"))], ToInvoice("1", ((1, D(1)),))),
        (CONFIGURABLE, [invoice("1", (1, "RED-M", "2"))], ToInvoice("1", None)),
        (BUNDLE, [invoice("1", (1, "SET", "2"))], ToInvoice("1", None)),
        (BUNDLE, [invoice("1", (1, "CUP", "4"), (2, "JUG", "2"))], ToInvoice("1", None)),
        ((item(1, "A", "3", canceled="1"),), [invoice("1", (1, "A", "2"))], ToInvoice("1", None)),
        ((item(1, "A", "3"),), [], None),
    ],
)
def test_the_first_invoice_that_magento_lacks_is_made(items, invoices, expected):
    """By line number, else by SKU; all that is open at once where it is all, else line by line; none twice."""
    assert next_invoice("SO 1", invoices, items) == expected


@pytest.mark.parametrize(("lines", "has"), [([(1, "A", "4")], "3 left of it"), ([(1, "B", "1")], "no such line")])
def test_an_invoice_that_does_not_fit_names_both_numbers(lines, has):
    """What Magento would clamp or drop is not sent."""
    with pytest.raises(Rejected, match="Invoice does not fit") as why:
        next_invoice("SO 1", [invoice("000009", *lines)], (item(1, "A", "3"),))
    assert has in str(why.value)
    assert "000009" in str(why.value)


def test_how_far_an_order_is_counts_each_thing_once():
    """Of a configurable the parent counts, of a bundle the children; what is virtual never ships."""
    parent, child = CONFIGURABLE
    assert is_shipped([replace(parent, shipped=D(2)), child])
    assert not is_shipped([replace(parent, shipped=D(1)), child])
    bundle, cup, jug = BUNDLE
    assert is_shipped([replace(bundle, shipped=D(1)), replace(cup, shipped=D(4)), replace(jug, shipped=D(2))])
    assert not is_shipped([replace(bundle, shipped=D(2)), replace(cup, shipped=D(4)), jug])
    assert is_shipped([item(1, "PDF", "1", "downloadable")])
    assert is_invoiced([item(1, "A", "3", invoiced="1", canceled="2")])
    assert not is_invoiced([item(1, "A", "3", invoiced="1")])


def renamed(item_id, sku, ordered, product_sku, **more):
    """An item whose product has another SKU by now."""
    return replace(item(item_id, sku, ordered, **more), product_sku=product_sku)


def test_an_invoice_finds_its_items_by_their_products_too():
    """An option's suffix on the item's SKU."""
    items = (renamed(1, "A-RED", "2", "A"), renamed(2, "A-BLUE", "3", "A"))
    assert next_invoice("SO 1", [invoice("1", (1, "A", "3"))], items) == ToInvoice("1", ((2, D(3)),))


def test_what_magento_has_invoiced_is_accounted_for_before_anything_is_chosen():
    """An invoice that was laid out on other items, or made by the shop itself, is not made again."""
    split = (item(1, "A", "1", invoiced="1"), item(2, "A", "2", invoiced="1"))
    assert next_invoice("SO 1", [invoice("1", (5, "A", "2"))], split) is None
    other = (item(1, "A", "3", canceled="1"), item(2, "A", "2", invoiced="2"))
    assert next_invoice("SO 1", [invoice("1", (5, "A", "2"))], other) is None
    second = [invoice("1", (5, "A", "2")), invoice("2", (6, "A", "2"))]
    assert next_invoice("SO 1", second, other) == ToInvoice("2", None)


def test_an_invoice_of_different_goods_that_are_ambiguous_names_both():
    """A line of the configurable itself, of which two colours are open."""
    shirts = [
        renamed(1, "RED", "2", "SHIRT", kind="configurable"),
        renamed(2, "RED", "2", "RED", parent=1),
        renamed(3, "BLUE", "2", "SHIRT", kind="configurable"),
        renamed(4, "BLUE", "2", "BLUE", parent=3),
    ]
    with pytest.raises(Rejected, match=r"may be RED \(item 1\) or BLUE \(item 3\)"):
        next_invoice("SO 1", [invoice("1", (1, "SHIRT", "1"))], shirts)


def test_a_line_that_magento_does_not_know_holds_no_invoice_back():
    """A sample was added in Acumatica: the goods are invoiced, the sample is named."""
    items = (item(1, "A", "2"),)
    invoices = [invoice("000009", (1, "A", "2"), (2, "SAMPLE", "1"))]
    assert next_invoice("SO 1", invoices, items) == ToInvoice("000009", None)
    assert "line 2 (1 of 'SAMPLE') of invoice 000009" in (left_out(invoices, items) or "")
    assert left_out(invoices[:0], items) is None
