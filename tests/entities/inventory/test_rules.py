"""Quantities: sum, vendor, safety, unit, rounding, clipping."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import naive
from oracle.naive import Thing
from support.frames import by_source, published, shelves_of

from entities.inventory import rules as quantities
from entities.inventory.rules import ONE, QuantityRule

D = Decimal


def current(things: list[Thing], rule: QuantityRule) -> dict[tuple[str, str], Decimal]:
    computed = quantities.compute(
        published(things, rule.unit), shelves_of(things), shelves_of(things, vendor=True), rule
    )
    return by_source(computed.values)


def test_minus_five_and_ten_are_five():
    """Case 17: A −5 and B 10, summed, are 5: clipping comes after the sum."""
    thing = Thing("X", shelves={"A": D(-5), "B": D(10)})
    assert current([thing], QuantityRule({"A": "s", "B": "s"})) == {("X", "s"): D(5)}


def test_a_negative_sum_is_zero():
    """A sum below zero is shown as 0."""
    assert current([Thing("X", shelves={"A": D(-5)})], QuantityRule({"A": "s"})) == {("X", "s"): D(0)}


@pytest.mark.parametrize(("available", "published_as"), [("-2", "1"), ("0.6", "4"), ("-9", "0")])
def test_what_is_added_back_counts_before_rounding_and_clipping(available, published_as):
    """3.4 that Acumatica lacks for open orders of the shop are added to the sum itself, at their source alone."""
    thing = Thing("X", shelves={"A": D(available), "B": D(5)})
    added = [("X", "s", int(D("3.4") * ONE)), ("Y", "s", ONE), ("X", "elsewhere", ONE)]
    given_back = quantities.compute(
        published([thing]),
        shelves_of([thing]),
        shelves_of([], vendor=True),
        QuantityRule({"A": "s", "B": "t"}),
        added,
    )
    assert by_source(given_back.values) == {("X", "s"): D(published_as), ("X", "t"): D(5)}


def test_tenths_are_not_lost():
    """0.7 + 0.2 + 0.1 is one piece, which binary floats round down to none."""
    thing = Thing("X", shelves={"A": D("0.7"), "B": D("0.2"), "C": D("0.1")})
    assert current([thing], QuantityRule({"A": "s", "B": "s", "C": "s"})) == {("X", "s"): D(1)}


def test_fractions_are_rounded_down_or_kept():
    """2.9 pieces are 2, or 2.9 where decimals are allowed."""
    thing = Thing("X", shelves={"A": D("2.9")})
    assert current([thing], QuantityRule({"A": "s"})) == {("X", "s"): D(2)}
    assert current([thing], QuantityRule({"A": "s"}, decimals=True)) == {("X", "s"): D("2.9")}


@pytest.mark.parametrize(("include", "expected"), [("no", 7), ("sum", 10), ("separate", 7)])
def test_vendor_quantity_three_ways(include, expected):
    """Case 7: the vendor quantity is left out, added to the sum, or shown at a source of its own."""
    thing = Thing("X", shelves={"A": D(3), "B": D(4)}, vendor={"V": D(3)})
    rule = QuantityRule(
        {"A": "s", "B": "s"},
        vendor_sources=frozenset({"s"} if include == "sum" else ()),
        vendor_source="v" if include == "separate" else None,
    )
    found = current([thing], rule)
    assert found["X", "s"] == expected
    assert found.get(("X", "v")) == (D(3) if include == "separate" else None)


def test_a_branch_without_vendor_inventory_gets_none():
    """Case 8: under Sum Total, only the sources of branches that include it get the vendor quantity."""
    thing = Thing("X", shelves={"A": D(1), "B": D(1)}, vendor={"V": D(5)})
    rule = QuantityRule({"A": "east", "B": "west"}, vendor_sources=frozenset({"east"}))
    assert current([thing], rule) == {("X", "east"): D(6), ("X", "west"): D(1)}


def test_an_item_that_was_never_in_a_warehouse_is_not_sent():
    """An item without a row in the monitored warehouses has no value."""
    assert current([Thing("X", shelves={"Z": D(9)})], QuantityRule({"A": "s"})) == {}


def test_stock_status_follows_the_quantity_or_is_left_alone():
    """In stock while the quantity is above 0; or no statement at all."""
    things = [Thing("X", shelves={"A": D(1)}), Thing("Y", shelves={"A": D(0)})]
    frames = published(things), shelves_of(things), shelves_of(things, vendor=True)
    follow = quantities.compute(*frames, QuantityRule({"A": "s"})).values
    leave = quantities.compute(*frames, QuantityRule({"A": "s"}, status="leave")).values
    assert dict(zip(follow.inventory_ids, follow.in_stock, strict=True)) == {"X": True, "Y": False}
    assert leave.in_stock == [None, None]


def test_a_quantity_above_what_magento_keeps_fails_alone():
    """A quantity that Magento would clip in silence is a problem of its item."""
    things = [Thing("X", shelves={"A": D(100_000_000)}), Thing("Y", shelves={"A": D(1)})]
    computed = quantities.compute(
        published(things), shelves_of(things), shelves_of(things, vendor=True), QuantityRule({"A": "s"})
    )
    assert [one.inventory_id for one in computed.problems] == ["X"]
    assert by_source(computed.values) == {("Y", "s"): D(1)}


amounts = st.decimals(min_value=-1000, max_value=1000, places=4, allow_nan=False)
warehouses = st.sampled_from(["A", "B", "C", "D"])


@st.composite
def thing_lists(draw):
    count = draw(st.integers(1, 10))
    return [
        Thing(
            f"I{number}",
            sales_uom="BOX",
            base_per_sales=draw(st.sampled_from([(1, 1), (12, 1), (1, 3), (5, 2)])),
            shelves=draw(st.dictionaries(warehouses, amounts, max_size=4)),
            vendor=draw(st.dictionaries(st.sampled_from(["V", ""]), amounts, max_size=2)),
        )
        for number in range(count)
    ]


rules = st.builds(
    QuantityRule,
    sources=st.dictionaries(warehouses, st.sampled_from(["s", "t"]), min_size=1),
    vendor_sources=st.sampled_from([frozenset(), frozenset({"s"})]),
    vendor_source=st.sampled_from([None, "v"]),
    safety=st.integers(0, 50_000),
    decimals=st.booleans(),
    unit=st.sampled_from(["base", "sales"]),
)


@settings(max_examples=80, deadline=None)
@given(thing_lists(), rules)
def test_the_matrix_and_the_naive_oracle_agree(things, rule):
    """Whatever stock and rule, the fast computation and the plain one show the same."""
    expected = {
        (thing.inventory_id, source): quantity
        for thing in things
        for source, quantity in naive.quantities(
            thing,
            dict(rule.sources),
            vendor_sources=rule.vendor_sources,
            vendor_source=rule.vendor_source,
            safety=D(rule.safety) / ONE,
            decimals=rule.decimals,
            unit=rule.unit,
        ).items()
    }
    assert current(things, rule) == expected


@settings(max_examples=20, deadline=None)
@given(thing_lists(), st.randoms())
def test_the_order_of_items_and_rows_changes_nothing(things, random):
    """Metamorphic: shuffled input gives the same quantities."""
    rule = QuantityRule({"A": "s", "B": "s", "C": "t"})
    before = current(things, rule)
    shuffled = list(things)
    random.shuffle(shuffled)
    for thing in shuffled:
        names = list(thing.shelves)
        random.shuffle(names)
        thing.shelves = {name: thing.shelves[name] for name in names}
    assert current(shuffled, rule) == before


@settings(max_examples=20, deadline=None)
@given(thing_lists(), st.integers(1, 50))
def test_one_more_piece_never_shows_less(things, more):
    """Metamorphic: what is added to a warehouse never lowers what Magento shows."""
    rule = QuantityRule({"A": "s", "B": "s"})
    before = current(things, rule)
    for thing in things:
        thing.shelves["A"] = thing.shelves.get("A", D(0)) + more
    after = current(things, rule)
    assert all(after[place] >= quantity for place, quantity in before.items() if "A" in things[0].shelves)


def test_three_figures_are_three_numbers():
    """Case 7: each of Acumatica's figures gives its own sum, for every set of warehouses."""
    figures = {"available": {"A": D(1), "B": D(2)}, "on_hand": {"A": D(4), "B": D(8)}}
    for (figure, shelves), chosen in product(figures.items(), (("A",), ("B",), ("A", "B"))):
        found = current([Thing("X", shelves=shelves)], QuantityRule(dict.fromkeys(chosen, "s")))
        assert found == {("X", "s"): sum(figures[figure][name] for name in chosen)}
