"""The queue's tests run over every database that it supports."""

from collections.abc import Iterator

import pytest
from support.moment import NOW

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, open_state


@pytest.fixture
def state(database_url: str) -> Iterator[State]:
    """A new state database with the newest schema."""
    opened = open_state(database_url)
    yield opened
    opened.close()


@pytest.fixture
def held(state: State) -> Lease:
    """The lease of the price entity."""
    taken = lease.take(state, "price", "the test", NOW)
    assert isinstance(taken, Lease)
    return taken
