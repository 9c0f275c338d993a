"""The command line with a state folder of its own, and the two systems that it works with."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.commands import CommandResult
from support.isolation import MakeWorld, isolated_home, no_prefect_server, present_worlds
from support.wheel import installed, wheel

from a2m.__main__ import main

__all__ = ["installed", "wheel"]

Command = Callable[..., CommandResult]


@pytest.fixture(scope="module")
def _no_prefect_server() -> Iterator[None]:
    with no_prefect_server():
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_prefect_server: None) -> Path:
    """The state folder."""
    return isolated_home(tmp_path, monkeypatch)


@pytest.fixture
def a2m(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process; settings go by name. No traceback and no secret in what it says."""

    def run(*arguments: str, **settings: str) -> CommandResult:
        capfd.readouterr()
        with monkeypatch.context() as context:
            context.setattr(sys, "argv", ["a2m", *arguments])
            for name, value in settings.items():
                context.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                main()
        current = capfd.readouterr()
        return CommandResult(int(left.value.code or 0), current.out, current.err).check()

    return run


@pytest.fixture
def make_world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Make a world and connect the settings to it."""
    with present_worlds(tmp_path, monkeypatch) as make:
        yield make
