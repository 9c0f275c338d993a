"""Every pending target has its turn, however it was written: PostgreSQL stores turns with triggers, SQLite in an index.

The fixture `state` compares turns and targets at the end of every test, here and in the other files.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, delete, text
from support.moment import NOW
from support.queue import assert_turns, claim, settle

from connector.state.coordination.lease import Lease
from connector.state.engine import State, copy_state, open_state
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.revision import MIGRATIONS
from connector.state.rows import driver_rows
from connector.state.run_state import RunState
from connector.state.schema import micros, targets

LATER = NOW + timedelta(minutes=5)
SPEC = ClaimSpec("shop", 10, [10])


def turns(state: State) -> list[tuple[str, int, bool]]:
    """Return the SKU of each turn, its `not_before`, and whether the desired value is 0."""
    query = "SELECT key, turns.not_before, is_stock_out FROM turns JOIN targets ON id = target ORDER BY key"
    with state.read() as connection:
        return [(key, at, bool(wants_none)) for key, at, wants_none in driver_rows(connection, query)]


def queue(state: State, held: Lease, **values: int) -> None:
    """Queue the desired values of these SKUs."""
    wanted = [DesiredValue(key, key, "", key, value) for key, value in values.items()]
    RunState(state, held).commit(Computed(list(values), wanted, None), NOW)


def test_a_value_has_its_turn_from_when_it_is_wanted_until_it_is_confirmed(state: State, held: Lease) -> None:
    """It has it also while it is in a request, after which it may be queued again, put off or dropped."""
    queue(state, held, A=5, B=0, C=7)
    assert turns(state) == [("A", 0, False), ("B", 0, True), ("C", 0, False)]
    a, b, c = claim(state, held, NOW, SPEC)
    assert len(turns(state)) == 3
    outcomes = [MessageOutcome(a, "sent"), MessageOutcome(b, "pending", None, "busy", LATER, 1)]
    settle(state, held, [*outcomes, MessageOutcome(c, "failed", None, "no")], NOW)
    assert turns(state) == [("B", micros(LATER), True)]
    queue(state, held, A=6, B=2)
    assert turns(state) == [("A", 0, False), ("B", 0, False)]
    with state.read() as connection:
        [waiting, _other] = messages.pending(connection, "price")
    actions.skip(state, waiting, "not this one", NOW)
    with state.write() as connection:
        connection.execute(delete(targets).where(targets.c.key == "B"))
    assert turns(state) == []


def test_many_values_have_their_turns(state: State, held: Lease) -> None:
    """They are so many that PostgreSQL copies instead of inserting them."""
    queue(state, held, **{f"SKU{number:04}": number for number in range(2_000)})
    assert len(turns(state)) == 2_000
    assert len(claim(state, held, NOW, ClaimSpec("shop", 500, [1]))) == 500


def test_a_turn_is_not_kept_if_its_transaction_is_not(state: State, held: Lease) -> None:
    """Turns are written in the transaction of their targets."""
    queue(state, held, A=5)
    with pytest.raises(ZeroDivisionError), state.write() as connection:
        connection.execute(delete(targets))
        raise ZeroDivisionError
    assert turns(state) == [("A", 0, False)]


def test_pending_targets_keep_their_turns_through_a_migration_and_back(
    database: str, new_database: Callable[..., str]
) -> None:
    """After an upgrade from the schema before they are claimed, and they are still there after a downgrade."""
    url = new_database(database, empty=True)
    engine = create_engine(url)
    row = text(
        "INSERT INTO targets (entity, key, acumatica_key, sku, wanted, wanted_at, seq, state, not_before, changed_at) "
        "VALUES ('price', :key, :key, :key, :wanted, 1, 1, :state, :at, 1)"
    )
    kept = [("A", 5, "pending", 0), ("B", 0, "pending", 9), ("C", 1, "failed", 0), ("D", 1, "sent", 0)]
    with engine.begin() as connection:
        _migrate(connection, "0026", command.upgrade)
        connection.execute(row, [dict(zip(("key", "wanted", "state", "at"), one, strict=True)) for one in kept])
        _migrate(connection, "0027", command.upgrade)
    engine.dispose()
    state = open_state(url)
    assert_turns(state)
    assert turns(state) == [("A", 0, False), ("B", 9, True)]
    with state.write() as connection:
        assert [one.key for one in messages.failed(connection, "price")] == ["C"]
        _migrate(connection, "0026", command.downgrade)
        states = driver_rows(connection, "SELECT key, wanted, state, not_before FROM targets ORDER BY key")
        assert states == kept
        _migrate(connection, "0027", command.upgrade)
    assert_turns(state)
    state.close()


def test_a_copy_has_the_turns_too(state: State, held: Lease, new_database: Callable[..., str], database: str) -> None:
    """Only the targets are copied; their turns follow from them."""
    queue(state, held, A=5, B=0)
    copy = open_state(new_database(database))
    copy_state(state, copy)
    assert turns(copy) == turns(state) == [("A", 0, False), ("B", 0, True)]
    copy.close()


def _migrate(connection: object, to: str, way: Callable[[Config, str], None]) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    way(config, to)
