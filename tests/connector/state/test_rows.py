"""Many rows at once, and copying a whole state database."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from support.moment import NOW
from support.queue import claim

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, copy_state, open_state
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue, Queued
from connector.state.queue.message import ClaimSpec
from connector.state.rows import insert_rows, upsert
from connector.state.run_state import RunState
from connector.state.schema import metadata, targets, watermarks
from connector.state.sync import records
from connector.state.sync.records import Record, Stored

ODD = ["", "\\N", "a\tb\nc\r\\d", '"quoted"', "it's", "%s %(x)s", "\\.", "ﬀ\U0001f600", "\u2028", "null"]


def row(key: str, value: int) -> dict[str, Any]:
    return {"entity": "price", "feed": key, "pulled_to": value, "sweep": 0, "cursor": None}


def values(state: State) -> dict[str, int]:
    with state.read() as connection:
        return {
            found.feed: found.pulled_to
            for found in connection.execute(select(watermarks.c.feed, watermarks.c.pulled_to))
        }


@pytest.mark.parametrize("copies", [1, 500], ids=["few", "many"])
def test_every_value_is_stored_unchanged(state: State, copies: int) -> None:
    """Texts, bytes, numbers, booleans and nulls stay the same, whichever way many rows are inserted."""
    given: list[dict[str, Any]] = [
        {
            "entity": "order", "key": f"{number} {odd}", "source": "", "acumatica_key": odd, "sku": odd or None,
            "wanted": None if number % 3 else -(2**63), "wanted_in_stock": [True, False, None][number % 3],
            "document": None if number % 2 else bytes(range(256)), "state": "failed", "cause": odd,
            "wanted_at": 0, "changed_at": 2**62,
        }
        for number in range(copies)
        for odd in ODD
    ]  # fmt: skip
    with state.write() as connection:
        insert_rows(connection, targets, given)
    with state.read() as connection:
        columns = [targets.c[name] for name in given[0]]
        found = connection.execute(select(*columns).order_by(targets.c.id)).mappings()
        assert [dict(one) for one in found] == given


def test_no_rows(state: State) -> None:
    """No rows need no statement."""
    with state.write() as connection:
        insert_rows(connection, watermarks, [])
        upsert(connection, watermarks, [])
    assert values(state) == {}


@pytest.mark.parametrize("count", [1, 3, 15_000])
def test_a_row_replaces_the_one_with_its_key(state: State, count: int) -> None:
    """Existing rows are replaced, or stay with `only_new`; the others are inserted."""
    with state.write() as connection:
        upsert(connection, watermarks, (row(f"{number}", 1) for number in range(count)))
        upsert(connection, watermarks, [row(f"{number}", 2) for number in range(0, count + 1, 2)])
        upsert(connection, watermarks, [row("0", value) for value in range(count)] + [row("0", 9)])
        upsert(
            connection, watermarks, [row("0", 10), *(row("new", 10 + number) for number in range(count))], only_new=True
        )
    expected = {f"{number}": 1 for number in range(count)} | {f"{number}": 2 for number in range(0, count + 1, 2)}
    assert values(state) == expected | {"0": 9, "new": 10}


def test_a_chunk_of_many_records_is_kept(state: State, held: Lease) -> None:
    """A chunk of thousands of records takes the fast path with the result of small ones, also the second time."""
    keys = [f"SKU-{number:06}" for number in range(12_000)]
    stored = [Stored(key, key.lower(), Record.of(quantities={"MAIN": number})) for number, key in enumerate(keys)]
    for value, expected in ((10, Queued(queued=12_000)), (11, Queued(queued=12_000, superseded=12_000))):
        wanted = [DesiredValue(key, key, "", key, value) for key in keys]
        assert RunState(state, held).commit(Computed(keys, wanted, None, stored), NOW) == expected
    with state.read() as connection:
        assert records.read(connection, "price", keys[-2:]) == {one.acumatica_key: one for one in stored[-2:]}
        assert messages.due_count(connection, "price", NOW) == 12_000


def everything(state: State) -> dict[str, list[tuple[Any, ...]]]:
    with state.read() as connection:
        return {
            table.name: [tuple(one) for one in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_state_moves_to_another_database(
    state: State, held: Lease, new_database: Callable[..., str], to: str
) -> None:
    """A copy has every row, whichever kind the two databases are, and continues from the same state."""
    keys = [f"SKU-{number:04}" for number in range(1_500)]
    stored = [Stored(key, key, Record.of(vendor={"": 3})) for key in keys]
    wanted = [DesiredValue(key, key, "", key, 10, in_stock=True) for key in keys]
    RunState(state, held).commit(Computed(keys, wanted, None, stored), NOW)
    other = open_state(new_database(to))
    copy_state(state, other)
    assert everything(other) == everything(state)
    assert (
        RunState(other, held).commit(Computed(["new"], [DesiredValue("new", "new", "", "new", 1)], None), NOW).queued
        == 1
    )
    assert len(claim(other, held, NOW, ClaimSpec("shop", 2_000, [1]))) == 1_501
    assert isinstance(lease.acquire(other, "price", "another run", NOW), lease.LeaseHolder)
    other.close()


def test_an_empty_state_can_be_copied(state: State, new_database: Callable[..., str], database: str) -> None:
    """The copy of a state in which nothing has happened yet is usable."""
    other = open_state(new_database(database))
    copy_state(state, other)
    assert everything(other) == everything(state)
    other.close()
