"""Flows as Prefect runs them, on a server of the tests' own, and the two systems that they work with."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness
from support.surroundings import MakeWorld, of_the_test, present_worlds


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """A Prefect server for all tests of flows: starting one takes ten seconds and more."""
    with pytest.MonkeyPatch.context() as context:
        context.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        context.setenv("DO_NOT_TRACK", "1")
        with prefect_test_harness(server_startup_timeout=60):
            yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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
