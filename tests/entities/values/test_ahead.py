"""Which products Magento is asked about ahead: those that `published` chooses and that have something to show."""

import itertools
from typing import Any

import msgspec
import pytest

from connector.records import Facts, PriceListRow
from connector.state.sync.records import Record, Stored
from entities.inventory.current_values import has_quantity
from entities.inventory.rules import QuantityRule
from entities.item_rule import ItemRule
from entities.price.current_values import has_price
from entities.price.rules import PriceRule
from entities.values import conversion
from entities.values.ahead import skus_ahead
from entities.values.items import published

FACTS = Facts("stock", "A", "Active", "ALL", True, "EA", "EA", None, None, 5_000_000, None)
LISTED = PriceListRow(1, "Base", "", "EA", "", False, 0, 4_000_000, "USD", None, None, "")


def _stored(number: int, record: Record) -> Stored:
    return Stored(f"K{number}", None, record)


@pytest.mark.parametrize(
    "rule",
    [
        ItemRule(),
        ItemRule(classes=frozenset({"ALL"})),
        ItemRule(exported_only=True),
        ItemRule(statuses=frozenset({"Active"}), classes=frozenset({"ALL", "OTHER"}), exported_only=True),
    ],
)
def test_it_chooses_as_published_does(rule: ItemRule) -> None:
    """Over statuses, classes and the export flag both choose the same items; the quick look has no second opinion."""
    traits = itertools.product(("Active", "No Purchases", "Inactive"), ("ALL", "OTHER", "THIRD"), (True, False))
    stored = [
        _stored(number, Record.of(msgspec.structs.replace(FACTS, sku=f"S{number}", status=s, item_class=c, exported=e)))
        for number, (s, c, e) in enumerate(traits)
    ]
    chosen = published(conversion.items(stored), rule).items.column("sku")
    assert skus_ahead(stored, rule, lambda _record, _facts: True) == chosen
    assert 0 < len(chosen) < len(stored)


def test_what_is_no_item_or_has_no_sku_is_left_out() -> None:
    """There is nothing to ask about."""
    stored = [_stored(1, Record.of()), _stored(2, Record.of(msgspec.structs.replace(FACTS, sku=None)))]
    assert skus_ahead(stored, ItemRule(), lambda _record, _facts: True) == []


@pytest.mark.parametrize(
    ("rule", "own", "field", "rows", "expected"),
    [
        ({}, 5, None, [], True),
        ({}, 0, None, [], False),
        ({}, None, 5, [LISTED], False),
        ({"allow_zero": True}, 0, None, [], True),
        ({"source": "field"}, 5, None, [], False),
        ({"source": "field"}, None, 5, [], True),
        ({"source": "price_list"}, None, None, [LISTED], True),
        ({"source": "price_list"}, 5, None, [], True),
        ({"source": "price_list", "without_row": "leave"}, 5, None, [], False),
    ],
)
def test_what_has_a_price(rule: dict[str, Any], own: int | None, field: int | None, rows: Any, expected: bool) -> None:
    """An ERP holds many items without one: they are not asked about."""
    facts = msgspec.structs.replace(FACTS, default_price=own, field_price=field)
    assert has_price(PriceRule(**rule), Record.of(facts, price_rows=rows), facts) is expected


@pytest.mark.parametrize(
    ("rule", "quantities", "vendor", "expected"),
    [
        ({}, {"MAIN": 0}, {}, True),
        ({}, {"FAR": 10}, {}, False),
        ({}, {}, {"": 10}, False),
        ({"vendor_source": "vendor"}, {}, {"": 10}, True),
        ({"vendor_sources": frozenset({"default"})}, {}, {"": 10}, True),
        ({"vendor_source": "vendor"}, {}, {}, False),
    ],
)
def test_what_has_a_quantity(rule: dict[str, Any], quantities: Any, vendor: dict[str, int], expected: bool) -> None:
    """What is in no monitored warehouse, and has no vendor quantity that counts, is not asked about."""
    made = QuantityRule({"MAIN": "default"}, **rule)
    assert has_quantity(made, Record.of(FACTS, quantities, vendor), FACTS) is expected
