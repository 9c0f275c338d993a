"""The processes of runs without Prefect: what the fork server holds, and what becomes of them when it dies."""

import os
import signal
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


def seen_in_a_fork() -> dict[str, object]:
    """What a forked process has before it does anything."""
    loops = [name for name in ("GlobalEventLoopThread", "RunSyncLoopThread") if name in str(threading.enumerate())]
    return {
        "flows": "flows.shipment" in sys.modules,
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
    assert found["threads"] == 2, "its own, and the one that ends a call with the process that made it"
    assert (found["loops"], found["blas"]) == ([], "1")
    assert found["parent"] == server.pid


def test_a_fault_in_a_process_is_raised_where_it_was_called(warm):
    """With its own kind and words."""
    with pytest.raises(ZeroDivisionError, match="by zero"):
        warm.call(divmod, 1, 0)


def test_a_killed_server_leaves_its_children(bare):
    """`multiprocessing` calls them dead; they go on until they end, and the next one has a server of its own."""
    child = bare.start(time.sleep, 30)
    first = bare.server()
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: has_ended(first), "the end of the server")
    after = bare.start(time.sleep, 0)
    assert bare.server() != first
    wait_until(after.has_ended, "the end of the second")
    assert after.exit_code() == 0
    assert not child.has_ended()
    child.tell(signal.SIGKILL)
    wait_until(child.has_ended, "the end of the first")
    assert child.exit_code() is None, "nobody could see it"


def test_changed_code_ends_the_server(bare, monkeypatch):
    """Before the next process is started, and only then; the process that starts them is known to be outdated."""
    number = bare.call(os.getppid)
    first = bare.server()
    assert number == first.pid
    assert bare.call(os.getppid) == first.pid
    assert not bare.is_outdated
    monkeypatch.setattr(warm_processes, "code_now", lambda: "another version")
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
