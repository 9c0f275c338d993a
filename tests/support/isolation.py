"""Isolation of entry points (`a2m`, `web`, flows) from the user's settings, and worlds that they connect to.

Entry points read their settings and their state folder from the environment; tests of other code pass them in.
"""

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


def isolated_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide the settings of whoever runs the tests; return the state folder, below `folder`."""
    for name in os.environ:
        if name.upper().startswith("A2M_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("A2M_HOME", str(folder / "home"))
    return folder / "home"


@contextmanager
def no_prefect_server() -> Iterator[None]:
    """Run without a Prefect server, even if tests of flows have left one running in this process."""
    if PREFECT_API_URL.value() is None:  # rebuilding Prefect's settings takes 50 ms
        yield
        return
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield


@cache
def _newest() -> bytes:
    """Return the bytes of an empty state database; copying them is faster than running all migrations."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.sqlite"
        open_state(f"sqlite:///{file}").close()
        return file.read_bytes()


def _state_of_the_test() -> str:
    """Return the address of the state database that entry points use, creating it if necessary."""
    home = Path(os.environ["A2M_HOME"])
    home.mkdir(mode=0o700, exist_ok=True)
    file = home / "state.sqlite"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_newest())
    return f"sqlite:///{file}"


@contextmanager
def present_worlds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Yield a function that makes worlds for entry points.

    Their clock shows the present time, because entry points use the real clock. The settings in the environment
    connect to the world made last, and its state is the one in the state folder.
    """
    with worlds(folder) as make_one:

        def make(products: Any = 30, **traits: Any) -> World:
            made = make_one(products, **{"database_url": _state_of_the_test(), **traits})
            made.clock.advance((datetime.now(UTC) - made.clock.now()).total_seconds())
            for name, value in settings_of(made.acumatica.url, made.magento.url).items():
                monkeypatch.setenv(name, value)
            return made

        yield make
