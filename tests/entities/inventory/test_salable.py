"""What is added back for open orders of the shop: how much, in which warehouse, at which source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.open_orders import Deducts, Demand, Held
from entities.inventory.salable import UNKNOWN_RULE, Owed, added_back, at_sources, lacks

ALL = Deducts(booked=True, on_hold=True, back_ordered=True, allocated=True)
SHOP = 2


def demand(warehouse: str = "MAIN", **amounts: object) -> Demand:
    return Demand("SO 000001", "A", warehouse, **amounts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("figure", "deducts", "amounts", "lacking"),
    [
        ("available", ALL, {"open": 2}, 2),
        ("available", Deducts(booked=False), {"open": 2}, 0),
        ("available", Deducts(booked=True), {"open": 2, "open_as": "on_hold"}, 0),
        ("available", Deducts(on_hold=True), {"open": 2, "open_as": "on_hold"}, 2),
        ("available", Deducts(back_ordered=True), {"open": 2, "open_as": "back_ordered"}, 2),
        ("available", Deducts(booked=True), {"open": 2, "open_as": "back_ordered"}, 0),
        ("available", Deducts(allocated=False), {"allocated": 2, "shipped": 1}, 1),
        ("available", UNKNOWN_RULE, {"open": 2, "allocated": 3, "shipped": 1}, 4),
        ("available_for_shipping", ALL, {"open": 2, "allocated": 3, "shipped": 1}, 4),
        ("on_hand", ALL, {"open": 2, "allocated": 3, "shipped": 1}, 0),
        ("available", ALL, {"open": 2, "elsewhere": "drop-shipped by the vendor"}, 0),
    ],
)
def test_a_figure_lacks_what_its_rule_deducts_and_what_is_shipped(figure, deducts, amounts, lacking) -> None:
    """Shipped counts always; allocated and open as the item class's rule, or the figure itself, says."""
    assert lacks(demand(**amounts), figure, deducts) == lacking


@pytest.mark.parametrize(
    ("held", "demands", "added"),
    [
        (Held(2), [demand(open=2)], {"MAIN": 2}),
        (Held(2), [], {}),
        (Held(2, shipped=2), [demand(shipped=2)], {}),
        (Held(5, shipped=2), [demand(shipped=2, open=3)], {"MAIN": 3}),
        (Held(5), [demand(shipped=2, open=3)], {"MAIN": 5}),
        (Held(5, canceled=4), [demand(open=5)], {"MAIN": 1}),
        (Held(5, refunded=5), [demand(open=5)], {}),
        (Held(2), [demand(open=10)], {"MAIN": 2}),
        (Held(5), [demand(open=2), demand("WEST", open=3)], {"MAIN": 2, "WEST": 3}),
        (Held(5, shipped=3), [demand(open=2), demand("WEST", shipped=3)], {"MAIN": 2}),
        (Held(4), [demand(open=2), demand(open=2)], {"MAIN": 4}),
        (Held(4), [demand("HIDDEN", open=4)], {}),
    ],
)
def test_added_back_is_what_acumatica_lacks_and_magento_still_holds(held, demands, added) -> None:
    """Lacks less what Magento has shipped, at most what it holds; unpublished warehouses count nothing."""
    assert added_back(held, demands, "available", ALL, {"MAIN", "WEST"}) == added


@pytest.mark.parametrize(
    ("owed", "stocks", "published", "found"),
    [
        ([Owed(SHOP, "main", 2)], {SHOP: ["main", "west"]}, {"main", "west"}, {"main": 2}),
        ([Owed(SHOP, "WEST", 2)], {SHOP: ["main", "west"]}, {"main", "west"}, {"west": 2}),
        ([Owed(SHOP, "far", 2)], {SHOP: ["main", "west"], 3: ["far"]}, {"main", "west", "far"}, {"main": 2}),
        ([Owed(SHOP, "main", 2)], {SHOP: ["main", "west"]}, {"west"}, {"west": 2}),
        ([Owed(SHOP, "main", 2)], {SHOP: ["main"], 3: ["main"]}, {"main"}, {}),
        ([Owed(SHOP, "main", 2)], {SHOP: ["main", "west"], 3: ["main"]}, {"main", "west"}, {"west": 2}),
        ([Owed(SHOP, "main", 2), Owed(3, "main", 2)], {SHOP: ["main"], 3: ["main"]}, {"main"}, {"main": 2}),
        (
            [Owed(SHOP, "main", 3), Owed(3, "main", 2)],
            {SHOP: ["main", "west"], 3: ["main"]},
            {"main", "west"},
            {"main": 2, "west": 1},
        ),
        ([Owed(9, "main", 2)], {SHOP: ["main"]}, {"main"}, {}),
    ],
)  # fmt: skip
def test_a_source_gets_no_more_than_every_stock_that_holds_it_has_to_get_back(owed, stocks, published, found) -> None:
    """At the line's own source, else at the next of the order's stock, and no stock pays for another."""
    assert at_sources(owed, stocks, published) == found


SOURCES = ["a", "b", "c"]


@given(
    st.lists(st.builds(Owed, st.sampled_from([1, 2]), st.sampled_from(SOURCES), st.integers(1, 20)), max_size=8),
    st.dictionaries(st.sampled_from([1, 2]), st.lists(st.sampled_from(SOURCES), unique=True)),
    st.sets(st.sampled_from(SOURCES)),
)
def test_no_stock_ever_gets_more_than_it_has_to_get_back(owed, stocks, published) -> None:
    """Whatever the stocks share, what its sources get in sum is at most what its own orders reserve."""
    found = at_sources(owed, stocks, published)
    for stock, sources in stocks.items():
        gets = sum(found.get(source, 0) for source in sources)
        assert gets <= sum(one.quantity for one in owed if one.stock == stock)


@given(
    st.builds(Held, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    st.lists(
        st.builds(
            demand,
            st.sampled_from(["MAIN", "WEST", "HIDDEN"]),
            shipped=st.integers(0, 9),
            allocated=st.integers(0, 9),
            open=st.integers(0, 9),
        ),
        max_size=4,
    ),
)
def test_never_more_is_added_back_than_is_reserved_or_lacking(held, demands) -> None:
    """At most what Magento holds, and at most what the figure lacks beyond what Magento has shipped."""
    added = added_back(held, demands, "available", ALL, {"MAIN", "WEST"})
    lacking = sum(lacks(one, "available", ALL) for one in demands if one.warehouse != "HIDDEN")
    assert sum(added.values()) == max(0, min(held.held, lacking - held.shipped))
