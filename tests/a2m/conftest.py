"""The command line with a state folder of its own, and the two systems that it works with."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.commands import Said, settings_of
from support.world import World, world

from a2m.__main__ import main

Command = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder; the settings of whoever runs the tests are out of reach."""
    for name in os.environ:
        if name.upper().startswith("A2M_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A2M_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def a2m(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process; settings go by name. No traceback and no secret in what it says."""

    def run(*arguments: str, **settings: str) -> Said:
        capfd.readouterr()
        with monkeypatch.context() as context:
            context.setattr(sys, "argv", ["a2m", *arguments])
            for name, value in settings.items():
                context.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                main()
        shown = capfd.readouterr()
        return Said(int(left.value.code or 0), shown.out, shown.err).check()

    return run


@pytest.fixture
def make_world(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Make a world at the present moment, because a command has no clock handed in, and connect the settings to it."""
    numbers = count()
    with ExitStack() as stack:

        def make(products: Any = 30, **traits: Any) -> World:
            folder = tmp_path / f"world-{next(numbers)}"
            folder.mkdir()
            made = stack.enter_context(world(folder, products, **traits))
            made.clock.advance((datetime.now(UTC) - made.clock.now()).total_seconds())
            for name, value in settings_of(made.acumatica.url, made.magento.url).items():
                monkeypatch.setenv(name, value)
            return made

        yield make
