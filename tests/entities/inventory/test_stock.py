"""Which figure of a record the rule gets."""

from dataclasses import replace

import msgspec
import pytest
from oracle.naive import Thing
from support.frames import published

from connector.model.failures import FailureCode
from connector.records import WarehouseQuantity, of_figure
from connector.state.sync.records import Record, Stored
from entities.inventory.rules import QuantityRule, compute
from entities.inventory.salable import OpenOrderRule
from entities.inventory.stock import stock

FIGURES = WarehouseQuantity.__struct_fields__


def rule_of(figure: str) -> QuantityRule:
    return QuantityRule(sources={"MAIN": "default"}, open_orders=OpenOrderRule(figure=figure))


def stored(key: str, **quantities: WarehouseQuantity | int) -> Stored:
    return Stored(key, key, Record.of(quantities=quantities))


def by_key(records: list[Stored]) -> dict[str, Stored]:
    return {one.acumatica_key: one for one in records}


@pytest.mark.parametrize("figure", FIGURES)
def test_the_chosen_figure(figure):
    """Each choice takes its own figure, and what an earlier version kept is the one that it read."""
    records = [stored("A", MAIN=WarehouseQuantity(10, 20, 30)), stored("B", MAIN=7, EAST=WarehouseQuantity(1, 2, 3))]
    known = stock(published([Thing("A"), Thing("B")]), by_key(records), rule_of(figure))
    place, shelves = FIGURES.index(figure), known.warehouses
    rows = zip(shelves.items.tolist(), shelves.places.tolist(), shelves.amounts.tolist(), strict=True)
    assert [(known.items.inventory_ids[item], shelves.warehouses[at], amount) for item, at, amount in rows] == [
        ("A", "MAIN", (10, 20, 30)[place]),
        ("B", "MAIN", 7),
        ("B", "EAST", (1, 2, 3)[place]),
    ]
    assert (known.items.inventory_ids, known.problems) == (["A", "B"], [])


def test_a_figure_that_was_never_read():
    """Its item fails instead of going to 0, and the others are published."""
    records = [stored("A", MAIN=WarehouseQuantity(10, None, 30)), stored("B", MAIN=WarehouseQuantity(1, 2, 3))]
    known = stock(published([Thing("A"), Thing("B")]), by_key(records), rule_of("available_for_shipping"))
    assert known.items.inventory_ids == ["B"]
    assert known.warehouses.items.tolist() == [0]
    assert known.warehouses.amounts.tolist() == [2]
    assert [(one.inventory_id, one.code) for one in known.problems] == [("A", FailureCode.UNREADABLE_RECORD)]
    assert "available for shipping quantity was never read" in known.problems[0].reason


def test_sums_of_what_is_unknown():
    """A figure that one row does not have is unknown in the sum, and the others are added."""
    both = WarehouseQuantity(1, 2, None).plus(WarehouseQuantity(10, None, 30))
    assert both == WarehouseQuantity(11, None, None)
    assert of_figure(both, "available") == 11


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_beyond_64_bits(sign):
    """Rows of one warehouse may sum up to more than any number of the database: its item fails alone, or is at 0."""
    far = sign * 10**20
    kept = msgspec.json.decode(msgspec.json.encode(Record.of(quantities={"MAIN": WarehouseQuantity(far)})), type=Record)
    records = [Stored("A", "A", kept), Stored("B", "B", Record.of(vendor={"": far})), stored("C", MAIN=50_000)]
    rule = replace(rule_of("available"), vendor_sources=frozenset({"default"}))
    known = stock(published([Thing("A"), Thing("B"), Thing("C")]), by_key(records), rule)
    counted = compute(known.items, known.warehouses, known.vendors, rule)
    of_others = {"A": 0, "B": 0} if sign < 0 else {}
    assert dict(zip(counted.values.inventory_ids, counted.values.values, strict=True)) == {**of_others, "C": 50_000}
    assert {one.inventory_id for one in counted.problems} == {"A", "B"} - of_others.keys()
