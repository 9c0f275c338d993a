"""A statement is compiled once in a process, not once for each time that the state database is opened."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select

from connector.state.engine import open_state
from connector.state.schema import targets


@pytest.mark.parametrize("reads", ["read", "write"])
def test_another_database_of_the_same_kind_uses_compiled_statements(
    database: str, new_database: Callable[..., str], reads: str
) -> None:
    """The second state runs statements that were compiled for the first."""
    hits: list[str] = []
    for _ in range(2):
        state = open_state(new_database(database))

        @event.listens_for(state.engine, "after_cursor_execute")
        def note(_connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
            hits.append(context.cache_hit.name)

        with getattr(state, reads)() as connection:
            query = select(targets.c.key, targets.c.reason).where(targets.c.entity == f"of {reads}")
            assert connection.execute(query).all() == []
        state.close()
    assert hits[-1] == "CACHE_HIT"
