"""The table of matching: which items of a Magento order a line of Acumatica's is."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.failures import Rejected
from connector.model.sold_items import SoldItem
from entities.shipment.fulfilment import fulfilment, taken
from entities.shipment.types import ContentLine
from entities.shop_orders.matching import matches, skus_in_doubt, with_products

D = Decimal


def sold(item_id, sku, ordered, product=None, kind="simple", parent=None, **more):
    return SoldItem(item_id, parent, sku, kind, D(ordered), product_id=product, **more)


def line(sku, quantity, number=1, **more):
    return ContentLine(number, sku, sku, D(quantity), D(quantity), "PIECE", **more)


def ship(items, *lines, skus=None, separately=None, strict=False):
    return fulfilment(with_products(items, skus or {}), lines, separately or {}, "100000001", strict=strict)


OPTIONS = [sold(1, "A-RED", 2, 11), sold(2, "A-BLUE", 3, 11)]
SWAPPED = [sold(1, "A", 1, 11), sold(2, "B", 1, 12)]
CONFIGURABLE = [
    sold(1, "RED-M-GIFT", 2, 90, "configurable"),
    sold(2, "RED-M", 2, 11, parent=1),
    sold(3, "BLUE-M", 3, 90, "configurable"),
    sold(4, "BLUE-M", 3, 12, parent=3),
]
SHIRTS = {90: "SHIRT", 11: "RED-M", 12: "BLUE-M"}
DYNAMIC = [sold(1, "SET-CUP-JUG", 2, 90, "bundle"), sold(2, "CUP", 4, 11, parent=1), sold(3, "JUG", 2, 12, parent=1)]
SET = {90: "SET", 11: "CUP", 12: "JUG"}


@pytest.mark.parametrize(
    ("items", "skus", "sku", "found"),
    [
        pytest.param(OPTIONS[:1], {11: "A"}, "A", [1], id="an option's suffix: the product is the line's"),
        pytest.param(OPTIONS[:1], {11: "A"}, "a-red ", [1], id="or its own SKU is"),
        pytest.param([sold(1, "OLD", 1, 11)], {11: "NEW"}, "NEW", [1], id="renamed since, in Acumatica too"),
        pytest.param([sold(1, "OLD", 1, 11)], {11: "NEW"}, "OLD", [1], id="renamed since, only in Magento"),
        pytest.param([sold(1, "A", 1, 11)], {}, "A", [1], id="a product that is deleted falls back to the SKU"),
        pytest.param([sold(1, "A", 1, 11)], {12: "A"}, "A", [1], id="and one that was made again, too"),
        pytest.param(SWAPPED, {11: "B", 12: "A"}, "A", [2], id="swapped: the product beats the SKU"),
        pytest.param(SWAPPED[:1], {11: "B", 12: "A"}, "A", [1], id="where only the SKU is there, it counts"),
        pytest.param([sold(1, "A", 1)], {}, "A", [1], id="an item without a product"),
        pytest.param(
            [sold(1, "A-RED", 1, 11), sold(2, "A-RED", 1, 12)],
            {11: "A", 12: "A-RED"},
            "A-RED",
            [2],
            id="like an option",
        ),
        pytest.param(CONFIGURABLE, SHIRTS, "RED-M", [1], id="a configurable's child stands for its parent"),
        pytest.param(CONFIGURABLE, SHIRTS, "RED-M-GIFT", [1], id="and so does the parent's own SKU"),
        pytest.param(CONFIGURABLE, SHIRTS, "SHIRT", [1, 3], id="the configurable itself is any of them"),
        pytest.param(DYNAMIC, SET, "SET", [1], id="a dynamic bundle SKU"),
        pytest.param(DYNAMIC, SET, "JUG", [3], id="a bundle's part"),
        pytest.param(OPTIONS, {11: "A"}, "SAMPLE", [], id="not on the order"),
    ],
)
def test_which_items_are_a_lines_goods(items, skus, sku, found):
    """By the product as Magento has it now, or by the item's own SKU."""
    assert [one.item_id for one in matches(with_products(items, skus), sku)] == found


def test_own_skus_are_asked_for_only_where_they_are_not_a_products():
    """Usual orders cost one request."""
    assert skus_in_doubt(SWAPPED, {11: "B", 12: "A"}) == []
    assert skus_in_doubt(OPTIONS, {11: "A"}) == ["A-BLUE", "A-RED"]
    assert skus_in_doubt([sold(1, "GONE", 1, 11)], {}) == []


@pytest.mark.parametrize(
    ("items", "skus", "lines", "shipped"),
    [
        pytest.param(OPTIONS, {11: "A"}, [line("A", 3)], {2: 3}, id="as much is open"),
        pytest.param(OPTIONS, {11: "A"}, [line("A", 1, ordered=D(3))], {2: 1}, id="as much was ordered"),
        pytest.param(OPTIONS, {11: "A"}, [line("A", 4)], {1: 2, 2: 2}, id="else in order of lines"),
        pytest.param(OPTIONS, {11: "A"}, [line("A", 1, item_ref="2")], {2: 1}, id="the one that is named first"),
        pytest.param(OPTIONS, {11: "A"}, [line("A", 3), line("A", 2, 2)], {1: 2, 2: 3}, id="each to its own"),
        pytest.param(
            OPTIONS,
            {11: "A"},
            [line("A", 2), line("A", 2, 2, item_ref="1")],
            {1: 2, 2: 2},
            id="the named one chooses first",
        ),
        pytest.param(CONFIGURABLE, SHIRTS, [line("BLUE-M", 2)], {3: 2}, id="the parent ships"),
        pytest.param(CONFIGURABLE, SHIRTS, [line("SHIRT", 5)], {1: 2, 3: 3}, id="all of them, whichever they are"),
        pytest.param(CONFIGURABLE, SHIRTS, [line("SHIRT", 1, item_ref="3")], {3: 1}, id="the one that is named"),
        pytest.param(DYNAMIC, SET, [line("SET", 1)], {1: 1}, id="a bundle that ships together"),
        pytest.param(DYNAMIC, SET, [line("CUP", 2), line("JUG", 1, 2)], {1: 1}, id="shipped in parts"),
        pytest.param(
            [*DYNAMIC, sold(4, "CUP", 1, 11)],
            SET,
            [line("CUP", 2), line("JUG", 1, 2), line("CUP", 1, 3)],
            {1: 1, 4: 1},
            id="a part that is sold alone too",
        ),
        pytest.param(
            [*DYNAMIC, sold(4, "CUP", 1, 11)],
            SET,
            [line("CUP", 5), line("JUG", 2, 2)],
            {1: 2, 4: 1},
            id="and as one line",
        ),
    ],
)
def test_which_of_several_items_ships(items, skus, lines, shipped):
    """The line's reference, then equal open quantity, then the order of lines; whatever order the lines come in."""
    for order in permutations(lines):
        assert dict(ship(items, *order, skus=skus).items) == shipped


def test_different_goods_that_are_ambiguous_are_named():
    """A line of the configurable, of which two are open: both are named, and none is shipped."""
    with pytest.raises(Rejected, match=r"Ambiguous line.*item 1 \(RED-M-GIFT, 2 open\) or item 3 \(BLUE-M, 3 open\)"):
        ship(CONFIGURABLE, line("SHIRT", 2), skus=SHIRTS)


def test_stock_is_taken_from_the_product():
    """Of an item with an option the product's; a configurable's line has the SKU that Magento deducts."""
    assert ship(OPTIONS, line("A", 5), skus={11: "A"}).taken == {"A": 5}
    assert ship(CONFIGURABLE, line("BLUE-M", 1), skus=SHIRTS).taken == {"BLUE-M": 1}
    assert taken(with_products([sold(1, "OLD", 2, 11)], {11: "NEW"}), [(1, D(2))]) == {"NEW": 2}


def test_lines_that_magento_does_not_know_are_named_and_hold_nothing_back():
    """A sample and a substitute; strictly, or where nothing else ships, they are refused by name."""
    items = [sold(1, "A", 2)]
    found = ship(items, line("SAMPLE", 1, 7), line("A", 2, 1))
    assert (dict(found.items), [one.sku for one in found.foreign]) == ({1: 2}, ["SAMPLE"])
    with pytest.raises(Rejected, match=r"Unknown line: .*'SAMPLE' \(line 7 in Acumatica, 1 of it\)"):
        ship(items, line("A", 2), line("SAMPLE", 1, 7), strict=True)
    with pytest.raises(Rejected, match=r"no line with the SKU 'SAMPLE' .* or the SKU 'GIFT'"):
        ship(items, line("SAMPLE", 1), line("GIFT", 1, 2))


def test_a_gift_of_goods_that_were_bought_too_is_a_line_that_magento_does_not_know():
    """Two were bought and a third is given away: two ship. Where Magento has the gift as well, three do."""
    lines = line("A", 1, 1, free=True), line("A", 2, 2)
    found = ship([sold(1, "A", 2)], *lines)
    assert (dict(found.items), [one.order_line for one in found.foreign]) == ({1: 2}, [1])
    assert dict(ship([sold(1, "A", 2), sold(2, "A", 1)], *lines).items) == {1: 2, 2: 1}
    with pytest.raises(Rejected, match="More than is open"):
        ship([sold(1, "A", 2)], line("A", 1), line("A", 2, 2))


@given(st.data())
def test_whatever_the_order_of_lines_no_item_ships_beyond_what_is_open(data):
    """Items of three products, some with options: each product's total ships, no item more than it has open."""
    skus = {11: "A", 12: "B", 13: "C"}
    drawn = data.draw(
        st.lists(st.tuples(st.sampled_from([11, 12, 13]), st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=6)
    )
    items = [
        sold(n, f"{skus[product]}{'' if n % 2 else f'-{n}'}", ordered, product, shipped=D(min(gone, ordered)))
        for n, (product, ordered, gone) in enumerate(drawn, start=1)
    ]
    open_of = {one.item_id: one.ordered - one.shipped for one in items}
    lines = []
    for product, sku in skus.items():
        left = int(sum(open_of[one.item_id] for one in items if one.product_id == product))
        while left > 0:
            quantity = data.draw(st.integers(1, left))
            number = len(lines) + 1
            reference = data.draw(st.sampled_from(["", *(str(one.item_id) for one in items)]))
            lines.append(line(sku, quantity, number, item_ref=reference, rank=data.draw(st.integers(0, 3))))
            left -= data.draw(st.integers(quantity, left))
    if not lines:
        return
    found = [ship(items, *order, skus=skus) for order in (lines, data.draw(st.permutations(lines)))]
    for one in found:
        shipped = dict(one.items)
        assert all(0 < quantity <= open_of[item_id] for item_id, quantity in shipped.items())
        for product, sku in skus.items():
            total = sum(shipped.get(item.item_id, D(0)) for item in items if item.product_id == product)
            assert total == sum(want.quantity for want in lines if want.sku == sku)
    assert found[0].taken == found[1].taken
