"""Items and SKUs: what goes to Magento, and under which identity."""

import pytest
from oracle.naive import Thing
from support.frames import items_of

from connector.model.comparison import comparison_key
from entities.item_rule import ItemRule
from entities.values import items


@pytest.mark.parametrize(
    ("one", "other"), [("sku-0001", "SKU-0001"), ("SKU-0001 ", "SKU-0001"), ("Käse", "KASE"), ("straße", "STRASE")]
)
def test_skus_that_magento_takes_for_the_same(one, other):
    """Letter case, accents and blanks at the end do not tell two SKUs apart."""
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(("one", "other"), [("A/B 1", "AB 1"), ("0001", "1"), ("A-1", "A1"), ("日本", "日木")])
def test_skus_that_magento_distinguishes(one, other):
    """Slashes, leading zeros, dashes and other scripts do tell them apart."""
    assert comparison_key(one) != comparison_key(other)


def published(things: list[Thing], rule: ItemRule = ItemRule()) -> items.Published:
    return items.published(items_of(things), rule)


def test_only_active_items_of_the_chosen_classes_that_are_exported():
    """Status, class and Export to External choose the items."""
    things = [
        Thing("ok"),
        Thing("no-purchases", status="No Purchases"),
        Thing("inactive", status="Inactive"),
        Thing("other-class", item_class="B"),
        Thing("not-exported", exported=False),
    ]
    chosen = published(things, ItemRule(classes=frozenset({"A"}), exported_only=True)).items
    assert chosen.inventory_ids == ["ok", "no-purchases"]


def test_two_items_with_one_sku_both_fail():
    """Two items whose SKUs are the same to Magento are both problems, and each names the other."""
    found = published([Thing("abc"), Thing("ABC"), Thing("X")])
    assert found.items.inventory_ids == ["X"]
    assert sorted(one.inventory_id for one in found.problems) == ["ABC", "abc"]
    assert all("ABC, abc" in one.reason for one in found.problems)


def test_an_inactive_item_does_not_block_its_sku():
    """Only published items compete for a SKU."""
    assert published([Thing("abc"), Thing("ABC", status="Inactive")]).items.inventory_ids == ["abc"]


def test_an_item_without_conversion_fails_in_the_sales_unit():
    """Where the sales unit is published, an unknown conversion is a problem that names both units."""
    found = published([Thing("X", sales_uom="BOX", base_per_sales=None)], ItemRule(unit="sales"))
    assert "EA" in found.problems[0].reason
    assert "BOX" in found.problems[0].reason


def test_a_sku_longer_than_magento_takes_fails():
    """A SKU of 65 characters is a problem."""
    assert [one.inventory_id for one in published([Thing("X" * 65)]).problems] == ["X" * 65]
