"""Which figure of a record the rule gets."""

import pytest
from oracle.naive import Thing
from support.frames import published

from connector.model.failures import FailureCode
from connector.records import WarehouseQuantity, of_figure
from connector.state.sync.records import Record, Stored
from entities.inventory.rules import QuantityRule
from entities.inventory.salable import OpenOrderRule
from entities.inventory.stock import stock

FIGURES = WarehouseQuantity.__struct_fields__


def rule_of(figure: str) -> QuantityRule:
    return QuantityRule(sources={"MAIN": "default"}, open_orders=OpenOrderRule(figure=figure))


def stored(key: str, **quantities: WarehouseQuantity | int) -> Stored:
    return Stored(key, key, Record(quantities=quantities))


@pytest.mark.parametrize("figure", FIGURES)
def test_the_chosen_figure(figure):
    """Each choice takes its own figure, and what an earlier version kept is the one that it read."""
    records = [stored("A", MAIN=WarehouseQuantity(10, 20, 30)), stored("B", MAIN=7, EAST=WarehouseQuantity(1, 2, 3))]
    known = stock(published([Thing("A"), Thing("B")]), records, rule_of(figure))
    place = FIGURES.index(figure)
    rows = known.warehouses[["inventory_id", "warehouse", "quantity"]].astype({"inventory_id": str, "warehouse": str})
    assert rows.values.tolist() == [
        ["A", "MAIN", (10, 20, 30)[place]],
        ["B", "MAIN", 7],
        ["B", "EAST", (1, 2, 3)[place]],
    ]
    assert (list(known.items["inventory_id"]), len(known.problems)) == (["A", "B"], 0)


def test_a_figure_that_was_never_read():
    """Its item fails instead of going to 0, and the others are published."""
    records = [stored("A", MAIN=WarehouseQuantity(10, None, 30)), stored("B", MAIN=WarehouseQuantity(1, 2, 3))]
    known = stock(published([Thing("A"), Thing("B")]), records, rule_of("available_for_shipping"))
    assert list(known.items["inventory_id"]) == ["B"]
    assert known.problems[["inventory_id", "code"]].values.tolist() == [["A", FailureCode.UNREADABLE_RECORD]]
    assert "available for shipping quantity was never read" in known.problems["reason"].iloc[0]


def test_sums_of_what_is_unknown():
    """A figure that one row does not have is unknown in the sum, and the others are added."""
    both = WarehouseQuantity(1, 2, None).plus(WarehouseQuantity(10, None, 30))
    assert both == WarehouseQuantity(11, None, None)
    assert of_figure(both, "available") == 11
