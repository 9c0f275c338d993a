"""Worlds in which something goes wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.surroundings import of_the_test
from support.world import World, worlds


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_test(tmp_path, monkeypatch)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make a world of so many products, or of these, with these traits."""
    with worlds(tmp_path) as make:
        yield make
