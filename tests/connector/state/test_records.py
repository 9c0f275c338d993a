"""Records are stored and found again, however many are read and whatever changes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.records import Facts, PriceListRow, WarehouseQuantity
from connector.state.engine import State
from connector.state.sync import records
from connector.state.sync.records import Record, Stored

KEYS = [f"SKU-{number:04}" for number in range(400)]


def kept(state: State, keys: Sequence[str], entity: str = "price") -> dict[str, Stored]:
    with state.read() as connection:
        return records.read(connection, entity, keys)


def write(state: State, stored: Sequence[Stored], entity: str = "price") -> None:
    with state.write() as connection:
        records.write(connection, entity, stored)


@pytest.mark.parametrize(
    "asked",
    [KEYS, KEYS[::2], KEYS[::7], [KEYS[0], KEYS[-1]], KEYS[100:130], [*KEYS[:200], "no such"], ["no such"], []],
    ids=["all", "each second", "each seventh", "the ends", "a few", "one that is not there", "only such", "none"],
)
def test_records_are_found_however_close_they_lie(state: State, asked: list[str]) -> None:
    """The requested records are found and no others, whether or not many others lie between them."""
    write(state, [Stored(key, key.lower(), Record.of(vendor={"": 1})) for key in KEYS])
    write(state, [Stored(key, None, Record.of()) for key in KEYS], "inventory")
    assert kept(state, asked) == {
        key: Stored(key, key.lower(), Record.of(vendor={"": 1})) for key in asked if key in KEYS
    }


def test_records_are_found_whatever_they_are_called(state: State) -> None:
    """Quotation marks, line breaks and other scripts in a key or in the content of a record do no harm."""
    ends = ['"', "\n", "\r\n", "\\", "\x1f", "\u2028", "é", "漢", "😀", "", " "]
    names = [f"{key}{end}" for key in KEYS[:100] for end in ends]
    stored = [Stored(name, name, Record.of(document={name: name}), None, 1) for name in names]
    write(state, stored)
    assert kept(state, names) == dict(zip(names, stored, strict=True))


def test_skus_that_several_records_have_are_named(state: State) -> None:
    """This holds even if they are few among many that lie close together."""
    write(
        state,
        [Stored(key, KEYS[number // 2 if number < 4 else number], Record.of()) for number, key in enumerate(KEYS)],
    )
    with state.read() as connection:
        assert sorted(records.shared(connection, "price", [*KEYS[:2], *KEYS[4:]])) == KEYS[:2]
        assert sorted(records.shared(connection, "price", [KEYS[1], KEYS[300]])) == [KEYS[1]]
        assert records.shared(connection, "price", KEYS[4:]) == []
        assert records.shared(connection, "price", KEYS[4::3]) == []
        assert records.shared(connection, "price", []) == []


CHANGES = st.lists(
    st.builds(
        Stored,
        st.sampled_from("ABCDEF"),
        st.sampled_from([None, "a", "b"]),
        st.builds(Record.of, vendor=st.dictionaries(st.sampled_from(["", "X"]), st.integers(0, 3), max_size=2)),
        next_change=st.sampled_from([None, 7, 8]),
        facts_seen=st.sampled_from([None, 1, 2]),
        rows_seen=st.sampled_from([None, 1]),
    ),
    unique_by=lambda one: one.acumatica_key,
    max_size=6,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(CHANGES, max_size=4))
def test_what_was_written_last_is_kept(state: State, written: list[list[Stored]]) -> None:
    """Each part of a record may change: its content, the SKU, the day, the sweeps, or whether it exists."""
    with state.write() as connection:
        connection.execute(records.records.delete())
    expected: dict[str, Stored] = {}
    for some in written:
        write(state, some)
        expected.update({one.acumatica_key: one for one in some})
    assert kept(state, list("ABCDEF")) == expected


def test_a_record_that_was_erased_is_written_again(state: State) -> None:
    """The other records of the write have only new content."""
    stored = [Stored(key, key, Record.of(vendor={"": 1})) for key in KEYS]
    write(state, stored)
    with state.write() as connection:
        connection.execute(records.records.delete().where(records.records.c.acumatica_key == KEYS[5]))
    changed = [msgspec.structs.replace(one, record=Record.of(vendor={"": 2})) for one in stored]
    write(state, changed)
    assert kept(state, KEYS) == {one.acumatica_key: one for one in changed}


@pytest.mark.parametrize("chosen", [KEYS, KEYS[::2], KEYS[::3], KEYS[10:70], KEYS[:20]], ids=len)
@pytest.mark.parametrize("other", ["none", "SKU", "day", "no SKU before", "another entity"])
def test_only_the_records_that_changed_are_written(state: State, chosen: list[str], other: str) -> None:
    """The others stay as they were, however close they lie, and whether or not something else of one record changed
    too.
    """
    before = {key: Stored(key, key.lower(), Record.of(vendor={"": 1}), rows_seen=4) for key in KEYS}
    if other == "no SKU before":
        before[chosen[7]].key = None
    write(state, list(before.values()))
    if other == "another entity":
        write(state, list(before.values()), "inventory")
    changed = {key: msgspec.structs.replace(before[key], record=Record.of(vendor={"": 2})) for key in chosen}
    if other == "SKU":
        changed[chosen[7]].key = "z"
    if other == "no SKU before":
        changed[chosen[7]].key = "now"
    if other == "day":
        changed[chosen[7]].next_change = 9
    write(state, list(changed.values()))
    assert kept(state, KEYS) == {**before, **changed}
    if other == "another entity":
        assert kept(state, KEYS, "inventory") == before


FACTS = Facts("stock", "A", "Active", "ALL", True, "EA", "EA", 1, 1, 5_000_000, None)
ROWS = [PriceListRow(1, "base", "", "EA", "", False, 0, 4_000_000, "USD", date(2026, 1, 2), None, "")]
SHELVES = {"MAIN": WarehouseQuantity(1, None, 3), "EAST": 7}
PARTS: list[tuple[str, Any, Any]] = [
    ("facts", FACTS, msgspec.structs.replace(FACTS, default_price=6_000_000)),
    ("quantities", SHELVES, {**SHELVES, "EAST": 8}),
    ("vendor", {"": 4}, {"": 5}),
    ("price_rows", ROWS, [*ROWS, *ROWS]),
    ("document", {"status": "Open", "lines": [1]}, {"status": "Open", "lines": [2]}),
    ("invoices", {"INV 1": [1]}, {"INV 1": [1], "INV 2": []}),
]
WHOLE = {name: part for name, part, _other in PARTS}


@pytest.mark.parametrize(("name", "part", "other"), PARTS)
@pytest.mark.parametrize("is_read", [False, True], ids=["unread", "read"])
def test_a_part_that_differs_has_changed(state: State, name: str, part: Any, other: Any, is_read: bool) -> None:
    """An equal part has not changed, a different or missing one has, and so has one that was missing, decoded before or
    not.
    """
    write(state, [Stored("A", "A", Record.of(**WHOLE))])
    record = kept(state, ["A"])["A"].record
    if is_read:
        assert getattr(record, name) == part
    assert not record.take(name, part)
    assert record.take(name, other)
    assert record == Record.of(**{**WHOLE, name: other})
    assert record.take(name, None)
    assert not record.take(name, None)
    assert record.is_there()
    write(state, [Stored("A", "A", record)])
    again = kept(state, ["A"])["A"].record
    assert again == Record.of(**{key: value for key, value in WHOLE.items() if key != name})
    assert not getattr(again, name)
    assert again.take(name, part)
    assert again == Record.of(**WHOLE)


def test_entries_in_another_order_have_not_changed(state: State) -> None:
    """Warehouses come in the order in which they were first read, or in Acumatica's."""
    write(state, [Stored("A", "A", Record.of(quantities=SHELVES))])
    assert not kept(state, ["A"])["A"].record.take("quantities", dict(reversed(SHELVES.items())))


def test_a_record_as_the_first_versions_wrote_it(state: State) -> None:
    """They stored empty parts as null; a record with only such parts is not there."""
    written = b'{"facts":null,"quantities":{},"vendor":{},"price_rows":[],"document":null,"invoices":{}}'
    write(state, [Stored("A", "A", Record())])
    with state.write() as connection:
        connection.execute(records.records.update().values(data=written))
    record = kept(state, ["A"])["A"].record
    assert not record.is_there()
    assert [getattr(record, name) for name, _part, _other in PARTS] == [None, {}, {}, [], None, {}]
    assert record.take("facts", FACTS)
    assert record.is_there()
