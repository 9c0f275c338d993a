"""Use cases with both simulators, without Prefect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.isolation import MakeWorld, isolated_home, no_prefect_server, present_worlds


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder."""
    with no_prefect_server():
        yield isolated_home(tmp_path, monkeypatch)


@pytest.fixture
def make_world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Make a world and connect the settings to it."""
    with present_worlds(tmp_path, monkeypatch) as make:
        yield make
