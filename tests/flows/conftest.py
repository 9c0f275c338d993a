"""Flows as Prefect runs them, on a server of the tests' own, and the two systems that they work with."""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_CSRF_SUPPORT_ENABLED, temporary_settings
from support.commands import environment
from support.prefect_server import prefect_server
from support.surroundings import MakeWorld, of_the_test, present_worlds

from connector.clock import SystemClock


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Prefect server for all tests of flows. It schedules no runs of what a test deploys: hundreds. No
    client asks it first for a token that it does not want: every eighth request was that.
    """
    home = tmp_path_factory.mktemp("prefect")
    environ = environment(home, {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"})
    with (
        prefect_server(home, environ, "--no-ui") as url,
        temporary_settings({PREFECT_API_URL: f"{url}/api", PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False}),
    ):
        yield home
        for worker in (APILogWorker, EventsWorker):  # at the end of the process they would wait for the server for long
            worker.drain_all()


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
    folder = of_the_test(tmp_path, monkeypatch)
    monkeypatch.setenv("A2M_QUEUE__CHECK_PROCESS_TIME", "1")
    monkeypatch.setenv("A2M_QUEUE__PROCESS_SLEEP_TIME", "1")
    assert "A2M_DATABASE_URL" not in os.environ
    return folder


@pytest.fixture
def make_world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Make a world and connect the settings to it."""
    with present_worlds(tmp_path, monkeypatch) as make:
        yield make
