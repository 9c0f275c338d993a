"""What an entry point finds around it: a folder and an environment of the test's own, and worlds to connect to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from support.commands import settings_of
from support.world import World, worlds

from connector.state.engine import open_state

MakeWorld = Callable[..., World]


def of_the_test(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the state folder; the settings of whoever runs the tests are out of reach."""
    for name in os.environ:
        if name.upper().startswith("A2M_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("A2M_HOME", str(folder / "home"))
    return folder / "home"


@contextmanager
def no_prefect_server() -> Iterator[None]:
    """None is configured, also not the one that tests of flows leave running in this process."""
    if PREFECT_API_URL.value() is None:  # to build Prefect's settings anew takes 50 ms
        yield
        return
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield


@cache
def _newest() -> bytes:
    """Return a state database with the newest schema: copying one is quicker than making one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.sqlite"
        open_state(f"sqlite:///{file}").close()
        return file.read_bytes()


def _state_of_the_test() -> str:
    """Where an entry point keeps its state: a world sees the same."""
    home = Path(os.environ["A2M_HOME"])
    home.mkdir(mode=0o700, exist_ok=True)
    file = home / "state.sqlite"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_newest())
    return f"sqlite:///{file}"


@contextmanager
def present_worlds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Make worlds at the present moment, because entry points have no clock handed in; the settings connect to the
    last one, and its state is the one in the state folder.
    """
    with worlds(folder) as make_one:

        def make(products: Any = 30, **traits: Any) -> World:
            made = make_one(products, **{"database_url": _state_of_the_test(), **traits})
            made.clock.advance((datetime.now(UTC) - made.clock.now()).total_seconds())
            for name, value in settings_of(made.acumatica.url, made.magento.url).items():
                monkeypatch.setenv(name, value)
            return made

        yield make
