"""Fixtures for tests with worlds. The conftest of a folder imports those that it needs."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from support.isolation import isolated_home
from support.world import World, worlds


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolated_home(tmp_path, monkeypatch)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> str:
    """Return the kind of database in which a world keeps its state."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def sockets() -> bool:
    """Return whether the connector reaches the simulators over real sockets, though all run in this process."""
    return False


@pytest.fixture
def make_world(
    tmp_path: Path, kept_in: str, new_database: Callable[..., str], sockets: bool
) -> Iterator[Callable[..., World]]:
    """Return `support.world.worlds`' function: `make_world(5)` or `make_world([Product(…)], faults="…")`."""
    with worlds(tmp_path, new_database=partial(new_database, kept_in), sockets=sockets) as make:
        yield make
