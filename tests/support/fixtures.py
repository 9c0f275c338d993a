"""Fixtures of tests that work with worlds; a folder's conftest imports those it needs."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from support.surroundings import of_the_test
from support.world import World, worlds


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_test(tmp_path, monkeypatch)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> str:
    """The kind of database that a world keeps its state in."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def sockets() -> bool:
    """Whether connector and simulators are parted by real sockets, though both work in this process."""
    return False


@pytest.fixture
def make_world(
    tmp_path: Path, kept_in: str, new_database: Callable[..., str], sockets: bool
) -> Iterator[Callable[..., World]]:
    """Make a world of so many products, or of these, with these traits."""
    with worlds(tmp_path, new_database=partial(new_database, kept_in), sockets=sockets) as make:
        yield make
