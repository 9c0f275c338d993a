"""Which shipment that somebody else made in Magento is Acumatica's."""

from decimal import Decimal

import pytest

from connector.model.sold_items import SoldItem
from entities.shipment.adoption import is_marked, is_placeholder, shared_numbers, ships_exactly
from entities.shipment.types import ContentLine
from settings.shipment import PLACEHOLDERS

D = Decimal


def sold(item_id, sku, ordered, kind="simple", parent=None, **more):
    amounts = {name: D(value) for name, value in more.items()}
    return SoldItem(item_id, parent, sku, kind, D(ordered), **amounts)


def lines(**wanted):
    return [ContentLine(n, sku, sku, D(q), D(q), "PIECE") for n, (sku, q) in enumerate(wanted.items(), start=1)]


@pytest.mark.parametrize("number", ["", " ", "0", "000", "-", "--", "x", "XXX", "TBD", "t.b.d.", "N/A", "None", "no"])
def test_what_stands_where_a_number_is_missing_proves_nothing(number):
    """Nothing, one letter over and over, and the words of the setting, however they are written."""
    assert is_placeholder(number, PLACEHOLDERS)


@pytest.mark.parametrize("number", ["1Z1", "1Z999AA10123456784", "00340434161094042557", "12", "NO123"])
def test_a_tracking_number_is_one(number):
    """Also a short one."""
    assert not is_placeholder(number, PLACEHOLDERS)


def test_numbers_are_compared_without_blanks_and_case():
    """As people and carriers' modules write them; a placeholder in both is nothing in common."""
    assert shared_numbers(["1Z 999", "TBD"], ["1z-999", "tbd"], PLACEHOLDERS) == ["1Z 999"]
    assert shared_numbers(["1Z1"], ["1Z2", ""], PLACEHOLDERS) == []


def test_our_mark_is_known_whichever_document_it_is_of():
    """A comment of somebody else's is none."""
    assert is_marked(["thanks", "Acumatica receipt 000077, order SO 000001"])
    assert not is_marked(["Shipped from Acumatica shipment 000001"])


SIMPLE = [sold(1, "A", 5, shipped=5), sold(2, "B", 1)]
OPTIONS = [sold(1, "A", 2, shipped=0), sold(2, "A", 2, shipped=2)]
CONFIGURABLE = [sold(1, "RED", 3, "configurable", shipped=3), sold(2, "RED", 3, parent=1)]
TOGETHER = [
    sold(1, "SET", 3, "bundle", shipped=2),
    sold(2, "CUP", 6, parent=1, shipped=4),
    sold(3, "JUG", 3, parent=1, shipped=2),
]
APART = [sold(1, "SET", 3, "bundle", shipped=1), sold(2, "CUP", 6, parent=1, shipped=2), sold(3, "JUG", 3, parent=1)]


@pytest.mark.parametrize(
    ("items", "shipped", "wanted", "separately", "same"),
    [
        pytest.param(SIMPLE, {1: 2}, {"A": 2}, {}, True, id="a part"),
        pytest.param(SIMPLE, {1: 2}, {"A": 3}, {}, False, id="less"),
        pytest.param(SIMPLE, {1: 3}, {"A": 2}, {}, False, id="more"),
        pytest.param(SIMPLE, {1: 2, 2: 1}, {"A": 2}, {}, False, id="something else too"),
        pytest.param(SIMPLE, {1: 2}, {"A": 2, "SAMPLE": 1}, {}, True, id="a line that Magento does not know"),
        pytest.param(OPTIONS, {2: 2}, {"A": 2}, {}, True, id="the other one of two equal items"),
        pytest.param(OPTIONS, {1: 1, 2: 1}, {"A": 2}, {}, True, id="spread over both"),
        pytest.param(CONFIGURABLE, {1: 3}, {"RED": 3}, {}, True, id="a configurable"),
        pytest.param(TOGETHER, {1: 2}, {"SET": 2}, {}, True, id="a bundle"),
        pytest.param(TOGETHER, {1: 2}, {"CUP": 4, "JUG": 2}, {}, True, id="a bundle, in parts"),
        pytest.param(TOGETHER, {1: 1}, {"CUP": 4, "JUG": 2}, {}, False, id="fewer bundles"),
        pytest.param(APART, {1: 1, 2: 2}, {"CUP": 2}, {1: True}, True, id="separately: the parent stands beside"),
        pytest.param(APART, {1: 1, 2: 2, 3: 1}, {"SET": 1}, {1: True}, True, id="separately, as a whole"),
        pytest.param(SIMPLE, {99: 1}, {"A": 1}, {}, False, id="items of no such order"),
    ],
)
def test_which_shipments_ship_exactly_the_lines(items, shipped, wanted, separately, same):
    """Whatever is open by now: what it took is laid out again."""
    taken = [(item_id, D(quantity)) for item_id, quantity in shipped.items()]
    assert ships_exactly(items, taken, lines(**wanted), separately) is same
