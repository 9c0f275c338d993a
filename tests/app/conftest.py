"""Use cases with both simulators, without Prefect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.surroundings import MakeWorld, no_prefect_server, of_the_test, present_worlds


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder."""
    with no_prefect_server():
        yield of_the_test(tmp_path, monkeypatch)


@pytest.fixture
def make_world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Make a world and connect the settings to it."""
    with present_worlds(tmp_path, monkeypatch) as make:
        yield make
