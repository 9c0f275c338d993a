"""The table of line matching: which Magento order items ship, and what that takes from the source.

The orders are those of `contracts/magento-2.4.7-recorded/nonsimple-shipments.jsonl`.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.failures import Rejected
from connector.model.sold_items import SoldItem
from entities.shipment.fulfilment import fulfilment, taken
from entities.shipment.types import ContentLine

D = Decimal


def sold(item_id, sku, ordered, kind="simple", parent=None, **more):
    return SoldItem(item_id, parent, sku, kind, D(ordered), product_id=item_id + 1000, **more)


def wants(*parts):
    """(SKU, quantity) or (SKU, quantity, order line, further fields)."""
    lines = []
    for place, (sku, quantity, *rest) in enumerate(parts, start=1):
        number, more = (rest[0] if rest else place), (rest[1] if len(rest) > 1 else {})
        lines.append(ContentLine(number, sku, sku, D(quantity), D(quantity), "PIECE", **more))
    return lines


def ship(lines, *parts, separately=None):
    return fulfilment(lines, wants(*parts), separately or {}, "000000021")


SIMPLE = [sold(1, "SKU-0001", 5)]
CONFIGURABLE = [sold(20, "RED-M", 3, "configurable"), sold(21, "RED-M", 3, parent=20)]
TOGETHER = [sold(28, "BUN-TOG", 3, "bundle"), sold(29, "BA", 6, parent=28), sold(30, "BB", 3, parent=28)]
SEPARATELY = [sold(34, "BUN-SEP", 3, "bundle"), sold(35, "SKU-0020", 6, parent=34), sold(36, "SKU-0021", 3, parent=34)]
GROUPED = [sold(54, "SKU-0030", 2, "grouped"), sold(55, "SKU-0031", 1, "grouped")]
MIXED = [sold(46, "VIRT", 2, "virtual", virtual=True), sold(47, "SKU-0001", 1)]
APART = {34: True}


@pytest.mark.parametrize(
    ("lines", "parts", "separately", "items", "took"),
    [
        pytest.param(SIMPLE, [("SKU-0001", 2)], {}, {1: 2}, {"SKU-0001": 2}, id="simple, partial"),
        pytest.param(SIMPLE, [(" sku-0001 ", 2)], {}, {1: 2}, {"SKU-0001": 2}, id="SKU as Magento compares it"),
        pytest.param(CONFIGURABLE, [("RED-M", 3)], {}, {20: 3}, {"RED-M": 3}, id="configurable: the parent's row"),
        pytest.param(TOGETHER, [("BUN-TOG", 1)], {}, {28: 1}, {"BA": 2, "BB": 1}, id="bundle together: the parent"),
        pytest.param(
            TOGETHER, [("BA", 4), ("BB", 2)], {}, {28: 2}, {"BA": 4, "BB": 2}, id="bundle together, shipped in parts"
        ),
        pytest.param(SEPARATELY, [("SKU-0020", 1)], APART, {35: 1}, {"SKU-0020": 1}, id="bundle separately: a child"),
        pytest.param(
            SEPARATELY, [("BUN-SEP", 2)], APART, {35: 4, 36: 2}, {"SKU-0020": 4, "SKU-0021": 2}, id="separately, whole"
        ),
        pytest.param(GROUPED, [("SKU-0031", 1)], {}, {55: 1}, {"SKU-0031": 1}, id="grouped child like a simple one"),
        pytest.param(MIXED, [("VIRT", 2), ("SKU-0001", 1)], {}, {47: 1}, {"SKU-0001": 1}, id="virtual left out"),
    ],
)
def test_which_lines_ship(lines, parts, separately, items, took):
    """What Magento accepts for each kind of product, and which SKUs it deducts at the source."""
    found = ship(lines, *parts, separately=separately)
    assert dict(found.items) == items
    assert found.taken == took


@pytest.mark.parametrize(
    ("lines", "parts", "separately", "message"),
    [
        pytest.param(SIMPLE, [("SKU-0001", 6)], {}, "ships 6 .* has 5 open", id="more than is open"),
        pytest.param([sold(1, "A", 5, shipped=D(3))], [("A", 3)], {}, "ships 3 .* has 2 open", id="partly shipped"),
        pytest.param([sold(1, "A", 5, refunded=D(1), canceled=D(2))], [("A", 3)], {}, "has 2 open", id="refunded"),
        pytest.param(SIMPLE, [("SKU-0001", 3), ("SKU-0001", 3)], {}, "ships 3 .* has 2 open", id="twice too many"),
        pytest.param(SEPARATELY, [("BUN-SEP", 4)], APART, "ships 4 .* has 3 open", id="too many, separately"),
        pytest.param(TOGETHER, [("BA", 8), ("BB", 4)], {}, "ships 8 .* has 6 open", id="too many in parts"),
        pytest.param(TOGETHER, [("BUN-TOG", 4)], {}, "ships 4 .* has 3 open", id="too many bundles"),
        pytest.param(TOGETHER, [("BA", 2)], {}, "Incomplete bundle", id="part of a bundle that ships together"),
        pytest.param(SIMPLE, [("OTHER", 1)], {}, "has no line with the SKU 'OTHER'", id="not in the order"),
        pytest.param(MIXED, [("VIRT", 1)], {}, "Nothing to ship", id="only virtual"),
        pytest.param(SIMPLE, [("SKU-0001", "0.5")], {}, "whole pieces", id="a fraction of a whole product"),
    ],
)
def test_what_cannot_ship_says_why(lines, parts, separately, message):
    """Nothing is left to Magento's clamping: asking for more than is open names both numbers."""
    with pytest.raises(Rejected, match=message):
        ship(lines, *parts, separately=separately)


def test_fractions_ship_where_magento_counts_in_fractions():
    """A product with decimal quantities."""
    assert dict(ship([sold(1, "ROPE", 5, fractions=True)], ("ROPE", "1.5")).items) == {1: D("1.5")}


def test_the_same_sku_on_two_lines_is_spread_over_what_is_open():
    """What does not fit on the line that is meant goes on the other one."""
    lines = [sold(11, "A", 2), sold(12, "A", 3)]
    assert dict(ship(lines, ("A", 4)).items) == {11: 2, 12: 2}
    assert dict(ship(lines, ("A", 3, 2, {"rank": 1})).items) == {12: 3}
    assert dict(ship(lines, ("A", 4, 2, {"rank": 1})).items) == {11: 1, 12: 3}
    assert dict(ship(lines, ("A", 1, 1), ("A", 3, 2, {"rank": 1})).items) == {11: 1, 12: 3}


def test_a_line_that_names_the_other_system_is_meant():
    """Our own orders carry Acumatica's line number, imported ones Magento's item id: both go before the place."""
    named = [sold(11, "A", 2, ext_id="2"), sold(12, "A", 2, ext_id="1")]
    assert dict(ship(named, ("A", 1, 1)).items) == {12: 1}
    plain = [sold(11, "A", 2), sold(12, "A", 2)]
    assert dict(ship(plain, ("A", 1, 1, {"item_ref": "12"})).items) == {12: 1}


def test_a_standalone_line_goes_before_a_bundles_part():
    """A SKU that is sold alone and inside a bundle: the line that ships itself is meant."""
    lines = [*TOGETHER, sold(40, "BA", 1)]
    assert dict(ship(lines, ("BA", 1)).items) == {40: 1}


def test_two_lines_of_one_bundle():
    """The same bundle twice in one order, shipped in parts or as such: each line gets what it has open."""
    again = [sold(60, "BUN-TOG", 1, "bundle"), sold(61, "BA", 2, parent=60), sold(62, "BB", 1, parent=60)]
    assert dict(ship([*TOGETHER, *again], ("BA", 8), ("BB", 4)).items) == {28: 3, 60: 1}
    apart = [sold(70, "BUN-SEP", 1, "bundle"), sold(71, "SKU-0020", 2, parent=70), sold(72, "SKU-0021", 1, parent=70)]
    both = ship([*SEPARATELY, *apart], ("BUN-SEP", 4), separately={34: True, 70: True})
    assert dict(both.items) == {35: 6, 36: 3, 71: 2, 72: 1}


ADDED = [("SKU-0001", 5, 1, {"ordered": D(5)}), ("SKU-0001", 2, 2, {"ordered": D(2)})]


def test_a_line_that_acumatica_added_does_not_hold_the_others_back():
    """More of the same goods in a line of its own is a line that Magento does not know; strictly, it is too many."""
    found = ship(SIMPLE, *ADDED)
    assert (found.items, [(one.order_line, one.quantity) for one in found.foreign]) == (((1, 5),), [(2, 2)])
    with pytest.raises(Rejected, match="More than is open"):
        fulfilment(SIMPLE, wants(*ADDED), {}, "000000021", strict=True)


@pytest.mark.parametrize("gone", [1, 5])
def test_what_somebody_else_shipped_is_never_taken_for_an_added_line(gone):
    """Less is open than one of the lines ships: nothing goes, and both numbers are said."""
    for lines in (ADDED, [("SKU-0001", 5, 1, {"ordered": D(5)})]):
        with pytest.raises(Rejected, match="More than is open"):
            ship([sold(1, "SKU-0001", 5, shipped=D(gone))], *lines)


def test_what_a_shipment_that_is_there_took():
    """Magento lists the parent of a separately shipped bundle beside its children: it takes nothing itself."""
    assert taken(SEPARATELY, [(34, D(1)), (35, D(5))]) == {"SKU-0020": 5}
    assert taken(TOGETHER, [(28, D(1))]) == {"BA": 2, "BB": 1}
    assert taken(CONFIGURABLE, [(20, D(2))]) == {"RED-M": 2}


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_never_more_than_is_open_and_never_less_than_asked(lines, asked):
    """Either exactly what was asked ships, within what each line has open, or nothing does."""
    here = [sold(n, "A", ordered, shipped=D(min(ordered, gone))) for n, (ordered, gone) in enumerate(lines, start=1)]
    left = {one.item_id: one.ordered - one.shipped for one in here}
    parts = [("A", quantity, n, {"rank": n - 1}) for n, quantity in enumerate(asked, start=1)]
    if sum(asked) > sum(left.values()):
        with pytest.raises(Rejected, match="More than is open"):
            ship(here, *parts)
    else:
        found = dict(ship(here, *parts).items)
        assert sum(found.values()) == sum(asked)
        assert all(0 < quantity <= left[item_id] for item_id, quantity in found.items())
