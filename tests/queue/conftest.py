"""The queue's tests run over every database that it supports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.moment import NOW

from connector.queue import lease
from connector.queue.engine import State, open_state
from connector.queue.lease import Lease


@pytest.fixture(params=["sqlite"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    """A new state database with the newest schema."""
    opened = open_state(f"sqlite:///{tmp_path / 'state.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def held(state: State) -> Lease:
    """The lease of the price entity."""
    taken = lease.take(state, "price", "the test", NOW)
    assert isinstance(taken, Lease)
    return taken
