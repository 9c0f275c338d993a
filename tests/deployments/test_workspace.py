"""The workspace beside the deployments: started once, and again where it died or its code has changed."""

import signal

import pytest

from deployments import workspace
from deployments.workspace import NOT_SERVED, WorkspaceProcess


class Process:
    """A process as the one that started it sees it."""

    def __init__(self):
        self.code, self.told = None, []

    def has_ended(self):
        return self.code is not None

    def exit_code(self):
        return self.code

    def send_signal(self, number):
        self.told.append(number)
        self.code = 0


class Processes:
    """Starts processes, and remembers them."""

    def __init__(self):
        self.started = []

    def start(self, target):
        assert target is workspace.serve_workspace
        self.started.append(Process())
        return self.started[-1]


@pytest.fixture
def code(monkeypatch):
    """The code, which a test changes."""
    now = ["first"]
    monkeypatch.setattr(workspace, "code_version", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("ends_with", "again"), [(None, False), (1, True), (-9, True), (0, False), (NOT_SERVED, False)]
)
def test_it_is_started_again_where_it_died(code, ends_with, again):
    """Not where it works, nor where it ended by itself: switched off, or not to be served as it is configured."""
    processes = Processes()
    beside = WorkspaceProcess(processes)
    beside.start()
    processes.started[0].code = ends_with
    beside.start()
    assert len(processes.started) == 1 + again


@pytest.mark.parametrize("ends_with", [None, NOT_SERVED])
def test_an_update_starts_it_again(code, ends_with):
    """The old one is ended first; one that could not be served is tried with the new code."""
    processes = Processes()
    beside = WorkspaceProcess(processes)
    beside.start()
    processes.started[0].code = ends_with
    code[0] = "second"
    beside.start()
    beside.start()
    assert len(processes.started) == 2
    assert processes.started[0].told == ([signal.SIGTERM] if ends_with is None else [])


def test_it_ends_with_the_deployments(code):
    """Stopping ends it; where it was never started nothing happens."""
    processes = Processes()
    beside = WorkspaceProcess(processes)
    beside.stop()
    beside.start()
    beside.stop()
    assert processes.started[0].told == [signal.SIGTERM]
