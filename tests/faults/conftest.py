"""Worlds in which something goes wrong."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.world import World, world


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("A2M_") and name != "A2M_REQUIRE":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A2M_HOME", str(tmp_path / "home"))


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make a world of so many products, or of these, with these traits."""
    numbers = count()
    with ExitStack() as stack:

        def make(products: Any = 50, **traits: Any) -> World:
            folder = tmp_path / f"world-{next(numbers)}"
            folder.mkdir()
            return stack.enter_context(world(folder, products, **traits))

        yield make
