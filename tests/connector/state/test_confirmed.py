"""What a usual sync reads of the ledger: the places of records, and their confirmed values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from connector.state.engine import State
from connector.state.queue.compared import in_order_of, not_shown
from connector.state.queue.desired import DesiredValue
from connector.state.sync import ledger
from connector.state.sync.ledger import LedgerRow

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEYS = [f"SKU-{number:04}" for number in range(400)]
STATUS = {"default": True, "east": False, "west": None}


@pytest.fixture(name="ledger_of_all")
def _ledger_of_all(state: State) -> State:
    """Return a state with three confirmed quantities and a confirmed price for each record."""
    rows = [
        LedgerRow(key, source, f"ITEM {key}", key, number, in_stock)
        for number, key in enumerate(KEYS)
        for source, in_stock in STATUS.items()
    ]
    with state.write() as connection:
        ledger.confirm(connection, "inventory", rows, NOW)
        ledger.confirm(connection, "price", [LedgerRow(key, "", f"ITEM {key}", key, 7, None) for key in KEYS], NOW)
    return state


CLOSE_OR_NOT = pytest.mark.parametrize(
    "asked",
    [KEYS, KEYS[::2], KEYS[::9], [KEYS[0], KEYS[-1]], [*KEYS[:200], "no such"], ["no such"], []],
    ids=["all", "each second", "each ninth", "the ends", "one that is not there", "only such", "none"],
)


@CLOSE_OR_NOT
def test_confirmed_values_of_records(ledger_of_all: State, asked: Sequence[str]) -> None:
    """They are returned by place, with the stock status, for these records only, however close other records lie."""
    with ledger_of_all.read() as connection:
        found = ledger.confirmed(connection, "inventory", [f"ITEM {key}" for key in asked], rows_per_key=3)
    numbers = {key: number for number, key in enumerate(KEYS)}
    assert sorted(zip(*found, strict=True)) == sorted(
        (f"ITEM {key}", key, source, numbers[key], status)
        for key in asked
        if key in numbers
        for source, status in STATUS.items()
    )


@CLOSE_OR_NOT
def test_which_places_were_confirmed(ledger_of_all: State, asked: Sequence[str]) -> None:
    """The places of these SKUs are returned, and of no others."""
    with ledger_of_all.read() as connection:
        assert ledger.places(connection, "price", asked) == {(key, "") for key in asked if key in KEYS}
        are_known = set(asked) <= set(KEYS)
        assert ledger.are_confirmed(connection, "price", asked, [""] * len(asked)) == are_known
        assert ledger.are_confirmed(connection, "price", asked, ["east"] * len(asked)) == (not asked)


def test_values_that_magento_does_not_show(ledger_of_all: State) -> None:
    """They are another value, another stock status where both are known, and a value that was never confirmed."""
    with ledger_of_all.read() as connection:
        rows = ledger.confirmed(connection, "inventory", [f"ITEM {KEYS[5]}"])
    confirmed = dict(
        zip(zip(rows.keys, rows.sources, strict=True), zip(rows.values, rows.in_stock, strict=True), strict=True)
    )

    def missing(source: str, value: int, *, in_stock: bool | None) -> bool:
        return bool(not_shown([DesiredValue("ITEM", KEYS[5], source, None, value, in_stock)], confirmed))

    assert not missing("default", 5, in_stock=True)
    assert not missing("default", 5, in_stock=None)
    assert not missing("west", 5, in_stock=False)
    assert not missing("east", 5, in_stock=False)
    assert missing("default", 6, in_stock=True)
    assert missing("default", 5, in_stock=False)
    assert missing("east", 5, in_stock=True)
    assert missing("north", 0, in_stock=False)


def test_rows_in_the_order_of_values(ledger_of_all: State) -> None:
    """Each value gets its own row, whatever the database's order; with a row too few or too many, none gets one."""
    wanted = [DesiredValue(f"ITEM {key}", key, source, key, 0) for source in STATUS for key in KEYS]

    def found(records: Sequence[str], values: Sequence[DesiredValue]) -> list[Sequence[int]] | None:
        with ledger_of_all.read() as connection:
            rows = ledger.confirmed(connection, "inventory", [f"ITEM {key}" for key in records], rows_per_key=3)
        names = {"acumatica_key": rows.acumatica_keys, "source": rows.sources, "key": rows.keys}
        return in_order_of(values, names, (rows.values,))

    assert found(KEYS, wanted) == [[*range(len(KEYS))] * len(STATUS)]
    assert found(KEYS[1:], wanted) is None
    assert found(KEYS, wanted[1:]) is None
    assert found(KEYS, [*wanted[1:], DesiredValue("ITEM SKU-0000", "SKU-0000", "north", "SKU-0000", 0)]) is None
    assert found([], []) == [[]]
