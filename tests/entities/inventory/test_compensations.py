"""Quantities that make up for what Magento's reservations are too high by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entities.inventory.compensations import compensated

SOURCES = ("default", "east", "west")


@pytest.mark.parametrize(
    ("quantities", "taken", "expected", "left_over"),
    [
        ({"east": 10}, {"east": 2}, {"east": 8}, 0),
        ({"east": 10, "west": 5}, {"east": 2, "west": 1}, {"east": 8, "west": 4}, 0),
        ({"east": 1, "west": 5}, {"east": 3}, {"east": 0, "west": 3}, 0),
        ({"east": 10}, {"EAST": 2}, {"east": 8}, 0),
        ({"default": 9, "east": 5}, {"default": 2}, {"default": 9, "east": 3}, 0),
        ({"east": 5, "west": 5}, {"vendor": 2}, {"east": 3, "west": 5}, 0),
        ({"east": 1, "west": 0}, {"east": 3}, {"east": 0, "west": 0}, 2),
        ({"east": 10}, {}, {"east": 10}, 0),
    ],
)
def test_a_stock_shows_less_by_what_its_reservations_are_too_high(quantities, taken, expected, left_over):
    """At the source that shipped, then at the others of the stock; a source outside counts nowhere; never below 0."""
    found = compensated(
        {("A", source): quantity for source, quantity in quantities.items()},
        {("A", source): quantity for source, quantity in taken.items()},
        ["east", "west"],
    )
    assert found.quantities == {("A", source): quantity for source, quantity in expected.items()}
    assert found.left_over == ({"A": left_over} if left_over else {})


AMOUNTS = st.dictionaries(st.tuples(st.sampled_from("AB"), st.sampled_from(SOURCES)), st.integers(0, 50))


@given(AMOUNTS, AMOUNTS)
def test_what_is_published_and_reserved_is_what_there_is(quantities, taken):
    """Per SKU: published + reserved is the rule's figure, unless all shows 0; no source shows more than its figure."""
    found = compensated(quantities, taken, SOURCES)
    for sku in "AB":
        figure = sum(quantity for (key, _s), quantity in quantities.items() if key == sku)
        current = sum(quantity for (key, _s), quantity in found.quantities.items() if key == sku)
        reserved = sum(quantity for (key, _s), quantity in taken.items() if key == sku)
        assert current + reserved - found.left_over.get(sku, 0) == figure
        assert not found.left_over.get(sku) or current == 0
    assert all(0 <= found.quantities[place] <= quantities[place] for place in quantities)
