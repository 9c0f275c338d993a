"""Processes of runs, forked in 20 ms from a server that has only imported the code (ADR 0041).

The server is `multiprocessing`'s fork server. It imports for some seconds, in parallel with this process, which imports
Prefect meanwhile (ADR 0067); so this module must not import Prefect. The server is replaced before the next run if the
code has changed or the server has died. Its children keep running in both cases, although `multiprocessing` then
reports them as dead. Whether a child still runs is therefore determined by its process id and start time. Without fork
(Windows), each process is a fresh one that imports for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import find_spec
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from app.logs import OURS
from connector.state.coordination.process import Process, has_ended, process_of
from deployments.signals import ctrl_c_blocked, end_with_the_parent

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
PRELOADED = ["__main__", "deployments.preloaded"]
_LOST = 255
"""The exit code that `multiprocessing` returns for a child whose server has died, whether the child runs or not."""
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
"""Numerical libraries must not start threads: they do not survive a fork, and a run needs none."""
RUN_SETTINGS = {"PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false"}
"""Prefect's settings for runs only: the worker has checked the server's version already."""
_ENDS_WITHIN = 10.0


class Child:
    """A child process, as its parent sees it."""

    def __init__(self, started: BaseProcess) -> None:
        self._started = started
        self.process = process_of(started.pid or 0)

    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        code = self._started.exitcode
        if code is None:
            return False
        return code != _LOST or has_ended(self.process) is not False

    def exit_code(self) -> int | None:
        """Return the exit code of an ended process; None if it is unknown, because the fork server had died."""
        code = self._started.exitcode
        return None if code == _LOST else code

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal, unless it has ended."""
        send_signal(self.process, number)


def send_signal(process: Process, number: signal.Signals) -> None:
    """Send the process a signal, unless it has ended. Another process with the same id gets none."""
    if has_ended(process) is False:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


class WarmProcesses:
    """Starts child processes from a fork server."""

    def __init__(self, method: str = METHOD) -> None:
        self._context: Any = multiprocessing.get_context(method)
        self._server: Process | None = None
        self._has_imported = False
        self._code: str | None = None
        self.is_outdated = False
        """Whether the code has changed since this process started: it still runs the old code."""
        self._calls: set[BaseProcess] = set()
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        if self._forks():
            self._context.set_forkserver_preload(PRELOADED)

    def server(self) -> Process | None:
        """Return the fork server's process, or None."""
        return self._server

    def begin(self) -> None:
        """Start a fork server of the current code, unless it runs. It may still be importing afterwards.

        The server has the environment and the working folder of this moment.
        """
        code = code_version() if self._forks() else None
        self.is_outdated |= self._code is not None and code != self._code
        if self._server is not None and (code != self._code or has_ended(self._server)):
            self._end_server()
        if code is not None and self._server is None:
            self._server, self._code, self._has_imported = _fork_server(), code, False

    def warm_up(self) -> None:
        """Return once a fork server of the current code has imported, which takes a new one some seconds."""
        self.begin()
        if self._server is not None and not self._has_imported:
            self._call(os.getppid)
            self._has_imported = True

    def start(self, target: Callable[..., None], *args: Any) -> Child:
        """Start a process that calls the function."""
        try:
            return self._start(target, *args)
        except (OSError, EOFError):  # the server died at this moment
            return self._start(target, *args)

    def _start(self, target: Callable[..., None], *args: Any) -> Child:
        self.warm_up()
        process = self._context.Process(target=target, args=args)
        with _environment_with(RUN_SETTINGS):
            process.start()
        return Child(process)

    def call(self, target: Callable[..., Any], *args: Any) -> Any:
        """Call the function in a new process; return what it returns, or raise what it raises."""
        self.warm_up()
        return self._call(target, *args)

    def _call(self, target: Callable[..., Any], *args: Any) -> Any:
        receiving, sending = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_send_result, args=(sending, target, args))
        with _environment_with(RUN_SETTINGS):
            process.start()
        self._calls.add(process)
        sending.close()
        try:
            returned, raised = receiving.recv()
        except EOFError:
            raise RuntimeError(f"The process of {target.__name__} died.") from None
        finally:
            self._calls.discard(process)
        process.join()
        if raised is not None:
            raise raised
        return returned

    def close(self) -> None:
        """End the fork server, even while it imports, and the processes of `call`."""
        for process in [*self._calls]:
            process.terminate()
        self._end_server()

    def _forks(self) -> bool:
        return bool(self._context.get_start_method() == "forkserver")

    def _end_server(self) -> None:
        if self._server is None:
            return
        send_signal(self._server, signal.SIGTERM)
        ends_at = time.monotonic() + _ENDS_WITHIN
        while has_ended(self._server) is False:
            if time.monotonic() > ends_at:
                send_signal(self._server, signal.SIGKILL)
            time.sleep(0.01)
        self._server = None


def _fork_server() -> Process:
    """Start `multiprocessing`'s fork server, unless it runs, and return its process."""
    resource_tracker.ensure_running()  # first, because its start unblocks SIGINT
    with _environment_with(RUN_SETTINGS), ctrl_c_blocked():
        forkserver.ensure_running()
    # there is no public way to get its process id
    return process_of(vars(forkserver._forkserver)["_forkserver_pid"])


@contextmanager
def _environment_with(values: Mapping[str, str]) -> Iterator[None]:
    """Set these environment variables in the body, unless they are set already."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _send_result(sending: Connection[Any, Any], target: Callable[..., Any], args: tuple[Any, ...]) -> None:
    end_with_the_parent()
    result: tuple[Any, Exception | None]
    try:
        result = target(*args), None
    except Exception as error:  # noqa: BLE001 - any exception is raised again by the caller of `call`
        result = None, error
    with suppress(BrokenPipeError):  # the caller has ended
        sending.send(result)


def code_version() -> str:
    """Return a hash of the names, times and sizes of the connector's code files, migrations included."""
    folders = [
        Path(folder) for name in OURS if (spec := find_spec(name)) for folder in spec.submodule_search_locations or ()
    ]
    files = sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            stat = file.stat()
            files.update(f"{file} {stat.st_mtime_ns} {stat.st_size}\n".encode())
    return files.hexdigest()
