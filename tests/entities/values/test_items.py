"""Items, SKUs and requests: what goes to Magento, under which identity, in how many requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.naive import Thing
from support.frames import items_frame

from connector.model.comparison import comparison_key
from entities.values import items
from entities.values.items import ItemRule
from tasks.request_size import cut, request_size


@pytest.mark.parametrize(
    ("count", "threshold", "batch", "sizes"),
    [
        (50, 25, 25, [25, 25]),
        (50, 25, 5, [5] * 10),
        (25, 25, 25, [1] * 25),
        (26, 25, 25, [25, 1]),
        (1, 0, 100, [1]),
        (3, 0, 2, [2, 1]),
        (0, 25, 25, []),
    ],
)
def test_how_a_queue_is_cut(count, threshold, batch, sizes):
    """Case 1: up to the threshold one by one, above it all in batches."""
    assert cut(count, threshold, batch) == sizes


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 1000))
def test_cutting_loses_nothing(count, threshold, batch):
    """The requests hold every record once, and none holds more than the batch."""
    sizes = cut(count, threshold, batch)
    assert sum(sizes) == count
    assert all(0 < size <= batch for size in sizes)
    assert request_size(count, threshold, batch) in (1, batch)


@pytest.mark.parametrize(
    ("one", "other"), [("sku-0001", "SKU-0001"), ("SKU-0001 ", "SKU-0001"), ("Käse", "KASE"), ("straße", "STRASE")]
)
def test_skus_that_magento_takes_for_the_same(one, other):
    """Letter case, accents and blanks at the end do not tell two SKUs apart."""
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(("one", "other"), [("A/B 1", "AB 1"), ("0001", "1"), ("A-1", "A1"), ("日本", "日木")])
def test_skus_that_magento_tells_apart(one, other):
    """Slashes, leading zeros, dashes and other scripts do tell them apart."""
    assert comparison_key(one) != comparison_key(other)


def published(things: list[Thing], rule: ItemRule = ItemRule()) -> items.Published:
    return items.published(items_frame(things), rule)


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
    assert list(chosen["inventory_id"]) == ["ok", "no-purchases"]


def test_two_items_with_one_sku_both_fail():
    """Two items whose SKUs are the same to Magento are both problems, and each names the other."""
    found = published([Thing("abc"), Thing("ABC"), Thing("X")])
    assert list(found.items["inventory_id"]) == ["X"]
    assert sorted(found.problems["inventory_id"]) == ["ABC", "abc"]
    assert all("ABC, abc" in reason for reason in found.problems["reason"])


def test_an_inactive_item_does_not_block_its_sku():
    """Only published items compete for a SKU."""
    assert list(published([Thing("abc"), Thing("ABC", status="Inactive")]).items["inventory_id"]) == ["abc"]


def test_an_item_without_conversion_fails_in_the_sales_unit():
    """Where the sales unit is published, an unknown conversion is a problem that names both units."""
    found = published([Thing("X", sales_uom="BOX", base_per_sales=None)], ItemRule(unit="sales"))
    assert "EA" in found.problems["reason"].iloc[0]
    assert "BOX" in found.problems["reason"].iloc[0]


def test_a_sku_longer_than_magento_takes_fails():
    """A SKU of 65 characters is a problem."""
    assert list(published([Thing("X" * 65)]).problems["inventory_id"]) == ["X" * 65]
