"""Flows as Prefect runs them, on a server of the tests' own, and the two systems that they work with."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_CSRF_SUPPORT_ENABLED, temporary_settings
from support.commands import environment
from support.isolation import MakeWorld, isolated_home, present_worlds
from support.prefect_server import prefect_server

from connector.clock import SystemClock

UNUSED = ("SCHEDULER", "LATE_RUNS", "FOREMAN", "CANCELLATION_CLEANUP", "PAUSE_EXPIRATIONS")
"""Services of a Prefect server that would schedule hundreds of runs of what a test deploys, or only look around."""
_running = ExitStack()


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Prefect server for all tests of flows. No client asks it first for a token that it does not want:
    every eighth request was that.
    """
    home = tmp_path_factory.mktemp("prefect")
    environ = environment(home, {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in UNUSED})
    with _running:
        url = _running.enter_context(prefect_server(home, environ, "--no-ui"))
        ours = {PREFECT_API_URL: f"{url}/api", PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False}
        _running.enter_context(temporary_settings(ours))
        for worker in (APILogWorker, EventsWorker):  # at the end of the process they would wait for the server for long
            _running.callback(worker.drain_all)
        yield home


@cache
def _last(session: pytest.Session) -> pytest.Item:
    here = Path(__file__).parent
    return next(item for item in reversed(session.items) if item.path.parent == here)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """End the server behind the last of its tests, and not with the session: it works also when nobody asks it."""
    yield
    if item is _last(item.session):
        _running.close()


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits by the clock of runs finds that the time has passed already."""
    now, slept = SystemClock.now, timedelta()

    async def sleep(_self: SystemClock, seconds: float) -> None:
        nonlocal slept
        slept += timedelta(seconds=max(0.0, seconds))
        await asyncio.sleep(0)

    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + slept)
    monkeypatch.setattr(SystemClock, "sleep", sleep)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_pauses: None) -> Path:
    """The state folder; a run lives for a second, which is the shortest life."""
    folder = isolated_home(tmp_path, monkeypatch)
    monkeypatch.setenv("A2M_QUEUE__CHECK_PROCESS_TIME", "1")
    monkeypatch.setenv("A2M_QUEUE__PROCESS_SLEEP_TIME", "1")
    assert "A2M_DATABASE_URL" not in os.environ
    return folder


@pytest.fixture
def make_world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Make a world and connect the settings to it."""
    with present_worlds(tmp_path, monkeypatch) as make:
        yield make
