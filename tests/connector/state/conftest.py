"""Fixtures of the state database's tests, which run over every supported database."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from support.databases import Postgres
from support.moment import NOW
from support.queue import assert_turns

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, open_state


@pytest.fixture
def state(database_url: str) -> Iterator[State]:
    """Yield a new state database with the newest schema. After every test its turns must match its pending targets."""
    opened = open_state(database_url)
    yield opened
    assert_turns(opened)
    opened.close()


@pytest.fixture(scope="module")
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Yield a function that makes a database which the tests of a module copy (`new_database(like=…)`).

    The database is a copy of `like`, or empty, and is then filled by `fill`.
    """
    made: list[str] = []
    numbers, folder = count(), tmp_path_factory.mktemp("templates")

    def make(kind: str, fill: Callable[[str], object], like: str = "") -> str:
        if kind == "sqlite":
            path = folder / f"{next(numbers)}.sqlite"
            if like:
                shutil.copy(like, path)
            fill(f"sqlite:///{path}")
            return str(path)
        server: Postgres = request.getfixturevalue("postgres")
        made.append(server.new_database(like or "template0"))
        fill(server.url(made[-1]))
        return made[-1]

    yield make
    if made:
        request.getfixturevalue("postgres").drop(*made)


@pytest.fixture
def held(state: State) -> Lease:
    """Return a lease of the price entity."""
    taken = lease.acquire(state, "price", "the test", NOW)
    assert isinstance(taken, Lease)
    return taken
