"""Records are kept and found again, however many of them are asked for and whatever of them changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    """Those that are asked for and no other, whether or not many others lie between them."""
    write(state, [Stored(key, key.lower(), Record(vendor={"": 1})) for key in KEYS])
    write(state, [Stored(key, None, Record()) for key in KEYS], "inventory")
    assert kept(state, asked) == {key: Stored(key, key.lower(), Record(vendor={"": 1})) for key in asked if key in KEYS}


def test_skus_that_several_records_have_are_named(state: State) -> None:
    """Also where they are a few among many that lie close together."""
    write(
        state, [Stored(key, KEYS[number // 2 if number < 4 else number], Record()) for number, key in enumerate(KEYS)]
    )
    with state.read() as connection:
        assert sorted(records.shared(connection, "price", KEYS)) == KEYS[:2]
        assert records.shared(connection, "price", KEYS[2:]) == []


CHANGES = st.lists(
    st.builds(
        Stored,
        st.sampled_from("ABCDEF"),
        st.sampled_from([None, "a", "b"]),
        st.builds(Record, vendor=st.dictionaries(st.sampled_from(["", "X"]), st.integers(0, 3), max_size=2)),
        next_change=st.sampled_from([None, 7, 8]),
        facts_seen=st.sampled_from([None, 1, 2]),
        rows_seen=st.sampled_from([None, 1]),
    ),
    unique_by=lambda one: one.acumatica_key,
    max_size=6,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=4))
def test_what_was_written_last_is_kept(state: State, written: list[list[Stored]]) -> None:
    """Whatever changes of the records: what Acumatica said, the SKU, the day, the sweeps, or that they are there."""
    with state.write() as connection:
        connection.execute(records.records.delete())
    expected: dict[str, Stored] = {}
    for some in written:
        write(state, some)
        expected.update({one.acumatica_key: one for one in some})
    assert kept(state, list("ABCDEF")) == expected


def test_a_record_that_was_erased_is_written_again(state: State) -> None:
    """Among others of which only what Acumatica said has changed."""
    stored = [Stored(key, key, Record(vendor={"": 1})) for key in KEYS]
    write(state, stored)
    with state.write() as connection:
        connection.execute(records.records.delete().where(records.records.c.acumatica_key == KEYS[5]))
    changed = [msgspec.structs.replace(one, record=Record(vendor={"": 2})) for one in stored]
    write(state, changed)
    assert kept(state, KEYS) == {one.acumatica_key: one for one in changed}
