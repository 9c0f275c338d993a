"""The processes of runs without Prefect: what the fork server holds, and what becomes of them when it dies."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.processes import wait_until

from connector.state.coordination.process import has_ended
from deployments import warm_processes
from deployments.warm_processes import WarmProcesses

SLOW = """
import os, time
while not os.path.exists(os.environ["IMPORTED"]):
    time.sleep(0.01)
"""
"""A module that takes until a file is there to import."""


def seen_in_a_fork() -> dict[str, object]:
    """What a forked process has before it does anything."""
    loops = [name for name in ("GlobalEventLoopThread", "RunSyncLoopThread") if name in str(threading.enumerate())]
    return {
        "flows": "flows.shipment" in sys.modules,
        "collects": gc.isenabled(),
        "frozen": gc.get_freeze_count() > 100_000,
        "version check": os.environ.get("PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED"),
        "threads": threading.active_count(),
        "loops": loops,
        "blas": os.environ.get("OPENBLAS_NUM_THREADS"),
        "session": os.getsid(0),
        "parent": os.getppid(),
    }


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcesses]:
    """A fork server takes some seconds to import."""
    made = WarmProcesses()
    made.warm_up()
    yield made
    made.close()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[WarmProcesses]:
    """One whose fork server has imported no flows: what becomes of it does not depend on them."""
    monkeypatch.setattr(warm_processes, "PRELOADED", [warm_processes.__name__])
    made = WarmProcesses()
    yield made
    made.close()


def test_the_server_has_only_imported(warm):
    """It has the flows, one thread, no socket but the one at which it is asked, no database, and no event loop."""
    server = psutil.Process(warm.server().pid)
    assert server.num_threads() == 1
    sockets = server.net_connections(kind="all")
    assert [(one.family.name, one.raddr) for one in sockets] == [("AF_UNIX", "")]
    assert [one.path for one in server.open_files() if "sqlite" in one.path] == []
    files = [str(one.readlink()) for one in Path(f"/proc/{server.pid}/fd").iterdir()]
    assert sum("eventpoll" in name for name in files) == 1, "by which it waits to be asked, and no loop's"
    found = warm.call(seen_in_a_fork)
    assert found["flows"]
    assert (found["collects"], found["frozen"]) == (True, True), "garbage of its own, and nothing that all share"
    assert found["version check"] == "false"
    assert "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED" not in os.environ, "the worker itself asks for the version"
    assert found["threads"] == 2, "its own, and the one that ends a call with the process that made it"
    assert (found["loops"], found["blas"]) == ([], "1")
    assert found["parent"] == server.pid


def test_the_server_imports_beside_the_one_that_starts_it(tmp_path, monkeypatch):
    """To begin it waits for nothing; what needs it waits until it has imported; it can be ended while it imports."""
    (tmp_path / "slow_to_import.py").write_text(SLOW)
    may_end = tmp_path / "imported"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("IMPORTED", str(may_end))
    monkeypatch.setattr(warm_processes, "PRELOADED", ["slow_to_import"])
    made = WarmProcesses()
    made.begin()
    first = made.server()
    made.close()
    assert has_ended(first)

    made.begin()
    second = made.server()
    assert second != first
    assert has_ended(second) is False
    may_end.touch()
    made.warm_up()
    assert made.call(os.getppid) == second.pid == made.server().pid
    made.close()
    assert (has_ended(second), made.server()) == (True, None)


def test_what_starts_the_server_imports_no_prefect():
    """Prefect takes a second to import, in which the fork server imports already."""
    code = "import sys, deployments.state_folder, deployments.warm_processes; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_fault_in_a_process_is_raised_where_it_was_called(warm):
    """With its own kind and words."""
    with pytest.raises(ZeroDivisionError, match="by zero"):
        warm.call(divmod, 1, 0)


def test_a_killed_server_leaves_its_children(bare):
    """`multiprocessing` calls them dead; they go on until they end, and the next one has a server of its own."""
    child = bare.start(time.sleep, 600)
    first = bare.server()
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: has_ended(first), "the end of the server")
    after = bare.start(time.sleep, 0)
    assert bare.server() != first
    wait_until(after.has_ended, "the end of the second")
    assert after.exit_code() == 0
    assert not child.has_ended()
    child.send_signal(signal.SIGKILL)
    wait_until(child.has_ended, "the end of the first")
    assert child.exit_code() is None, "nobody could see it"


def test_changed_code_ends_the_server(bare, monkeypatch):
    """Before the next process is started, and only then; the process that starts them is known to be outdated."""
    number = bare.call(os.getppid)
    first = bare.server()
    assert number == first.pid
    assert bare.call(os.getppid) == first.pid
    assert not bare.is_outdated
    monkeypatch.setattr(warm_processes, "code_version", lambda: "another version")
    assert bare.call(os.getppid) != first.pid
    assert bare.is_outdated
    assert not psutil.pid_exists(first.pid) or psutil.Process(first.pid).status() == psutil.STATUS_ZOMBIE


def test_without_fork_each_process_is_a_fresh_one():
    """As on Windows."""
    fresh = WarmProcesses("spawn")
    child = fresh.start(os._exit, 3)
    assert fresh.server() is None
    wait_until(child.has_ended, "the end of it")
    assert child.exit_code() == 3
