"""Prices: which row of the list counts, rounding, dates, and what is not sent."""

import dataclasses
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import naive
from oracle.naive import Row, Thing
from support.frames import PRICE, by_source, price_rows_frame, published

from entities.price import rules as prices
from entities.price.rules import PriceRule

D = Decimal
TODAY = date(2026, 11, 24)


def computed(things: list[Thing], rule: PriceRule = PriceRule(), today: date = TODAY) -> prices.Prices:
    return prices.compute(published(things), price_rows_frame(things), rule, today)


def prices_of(things: list[Thing], rule: PriceRule = PriceRule(), today: date = TODAY) -> dict[str, Decimal]:
    return {key: value for (key, _), value in by_source(computed(things, rule, today).values, PRICE).items()}


LIST = PriceRule(source="price_list")


def test_the_default_price_is_shown():
    """The default price of an item goes over as it is."""
    assert prices_of([Thing("X", default_price=D("12.5"))]) == {"X": D("12.5")}


@pytest.mark.parametrize("traits", [{}, {"price_type": "customer_price_class", "price_code": "VIP"}])
def test_rows_of_items_that_are_not_published_set_no_price(traits):
    """Also where no item is left that is, and no row that counts."""
    inactive = Thing("X", prices=[Row(1, D(5), **traits)], status="Inactive")
    assert prices_of([inactive], LIST) == {}
    assert prices_of([inactive, Thing("Y", prices=[Row(2, D(6))])], LIST) == {"Y": D(6)}


@pytest.mark.parametrize(
    ("included", "sent", "message"),
    [(None, ["A", "B", "C"], ""), (True, ["B", "C"], "without"), (False, ["A", "B"], "with")],
)
def test_the_row_that_counts_has_to_be_taxed_as_the_shop_says(included, sent, message):
    """A net row fails where prices include tax, a gross one where they do not; rows that do not count say nothing."""
    later = Row(3, D(6), effective=date(2027, 1, 1), tax="net")
    of_another_warehouse = Row(4, D(7), warehouse="EAST", tax="gross")
    things = [
        Thing("A", prices=[Row(1, D(5), tax="net")]),
        Thing("B", prices=[Row(2, D(5)), later, of_another_warehouse]),
        Thing("C", prices=[Row(5, D(5), tax="gross")]),
    ]
    found = computed(things, PriceRule(source="price_list", tax_included=included))
    assert sorted(found.values.inventory_ids) == sent
    assert len(found.problems) == 3 - len(sent)
    assert all(f"has this price {message} tax" in one.reason for one in found.problems)


@pytest.mark.parametrize(
    ("price", "decimals", "rounded"), [("1.005", 2, "1.01"), ("1.004999", 2, "1"), ("2.5", 0, "3")]
)
def test_halves_are_rounded_up_in_decimal(price, decimals, rounded):
    """1.005 is 1.01, which a binary float makes 1.00."""
    assert prices_of([Thing("X", default_price=D(price))], PriceRule(decimals=decimals)) == {"X": D(rounded)}


def test_zero_and_none_are_named_and_not_sent():
    """A price of 0 or none is a note and no value, unless zero is allowed."""
    things = [Thing("X", default_price=D(0)), Thing("Y")]
    found = computed(things)
    assert found.values.keys == []
    assert sorted(one.inventory_id for one in found.notes) == ["X", "Y"]
    assert prices_of(things, PriceRule(allow_zero=True)) == {"X": D(0)}


def test_a_negative_price_fails_alone():
    """A price below 0 is a problem of its item and says so; the others go."""
    found = computed([Thing("X", default_price=D(-1)), Thing("Y", default_price=D(1))])
    assert [one.inventory_id for one in found.problems] == ["X"]
    assert "below 0" in found.problems[0].reason
    assert found.values.inventory_ids == ["Y"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([Row(1, D(9)), Row(2, D(8), promotion=True)], 8),
        ([Row(1, D(9)), Row(2, D(7), price_type="customer_price_class", price_code="WEB")], 7),
        ([Row(1, D(9), promotion=True), Row(2, D(7), price_type="customer_price_class", price_code="WEB")], 7),
        ([Row(1, D(9)), Row(2, D(7), price_type="customer_price_class", price_code="OTHER")], 9),
        ([Row(1, D(9)), Row(2, D(5), price_type="customer")], 9),
        ([Row(1, D(9)), Row(2, D(5), warehouse="EAST")], 9),
        ([Row(1, D(9)), Row(2, D(5), break_quantity=D(10))], 9),
        ([Row(1, D(9)), Row(2, D(5), break_quantity=D(1))], 5),
        ([Row(1, D(9)), Row(2, D(5), currency="EUR")], 9),
        ([Row(1, D(9), effective=TODAY + timedelta(days=1))], 3),
        ([Row(1, D(9), expiration=TODAY - timedelta(days=1))], 3),
        ([Row(1, D(9), expiration=TODAY)], 9),
        ([Row(1, D(9), effective=date(2020, 1, 1)), Row(2, D(8), effective=date(2021, 1, 1))], 8),
        ([], 3),
    ],
)
def test_the_row_that_counts(rows, expected):
    """Class before base, promotion before regular, break quantity up to one, valid today, else the default price."""
    thing = Thing("X", default_price=D(3), prices=rows)
    rule = PriceRule(source="price_list", price_class="WEB", currency="USD")
    assert prices_of([thing], rule) == {"X": D(expected)}


def test_a_price_of_a_box_is_converted():
    """A price in the sales unit is that of as many base units."""
    thing = Thing("X", sales_uom="BOX", base_per_sales=(12, 1), prices=[Row(1, D(24), uom="BOX")])
    assert prices_of([thing], LIST) == {"X": D(2)}


def test_a_promotion_starts_and_ends_by_itself():
    """Case 18: the next day on which the price changes is known, and the price changes on it with no new row."""
    start, end = TODAY + timedelta(days=3), TODAY + timedelta(days=5)
    promotion = Row(2, D(5), promotion=True, effective=start, expiration=end)
    thing = Thing("X", default_price=D(9), prices=[Row(1, D(9)), promotion])
    assert computed([thing], LIST).next_change == {"X": start}
    assert prices_of([thing], LIST, start) == {"X": D(5)}
    assert computed([thing], LIST, start).next_change == {"X": end + timedelta(days=1)}
    assert prices_of([thing], LIST, end) == {"X": D(5)}
    assert prices_of([thing], LIST, end + timedelta(days=1)) == {"X": D(9)}
    assert computed([thing], LIST, end + timedelta(days=1)).next_change == {}


days = st.one_of(st.none(), st.dates(date(2026, 11, 20), date(2026, 11, 28)))
rows = st.builds(
    Row,
    record_id=st.integers(1, 10_000),
    price=st.decimals(min_value=0, max_value=500, places=4),
    price_type=st.sampled_from(["base", "customer", "customer_price_class"]),
    price_code=st.sampled_from(["", "WEB", "B2B"]),
    uom=st.sampled_from(["EA", "BOX", "CASE", ""]),
    warehouse=st.sampled_from(["", "", "EAST"]),
    promotion=st.booleans(),
    break_quantity=st.sampled_from([D(0), D(1), D(10)]),
    currency=st.sampled_from(["USD", "EUR", ""]),
    effective=days,
    expiration=days,
)
things = st.builds(
    Thing,
    inventory_id=st.just("X"),
    sales_uom=st.just("BOX"),
    base_per_sales=st.sampled_from([(1, 1), (12, 1), (1, 3), None]),
    default_price=st.one_of(st.none(), st.decimals(min_value=0, max_value=500, places=4)),
    prices=st.lists(rows, max_size=6, unique_by=lambda row: row.record_id),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(things, min_size=1, max_size=10), st.sampled_from(["", "WEB"]), st.sampled_from(["", "USD"]))
def test_the_columns_and_the_naive_oracle_agree(some, price_class, currency):
    """Whatever the price list, the fast choice and the plain one give the same prices."""
    rule = PriceRule("price_list", price_class or None, currency or None, allow_zero=True)
    some = [dataclasses.replace(thing, inventory_id=f"I{number}") for number, thing in enumerate(some)]
    expected = {
        thing.inventory_id: naive.price(thing, TODAY, by_list=True, price_class=price_class, currency=currency)
        for thing in some
    }
    assert prices_of(some, rule) == {key: price for key, price in expected.items() if price is not None}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.decimals(min_value=0, max_value=10**6, places=6), min_size=1, max_size=15))
def test_rounding_twice_is_rounding_once(amounts):
    """Metamorphic: a rounded price does not change when it is rounded again."""
    first = prices_of(
        [Thing(f"I{n}", default_price=amount) for n, amount in enumerate(amounts)], PriceRule(allow_zero=True)
    )
    again = prices_of([Thing(key, default_price=value) for key, value in first.items()], PriceRule(allow_zero=True))
    assert again == first
