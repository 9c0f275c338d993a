"""Processes of runs, forked from a server that has only imported: there in 20 ms, and as isolated as any other process.

The server is `multiprocessing`'s own. It imports for some seconds, beside this process, which imports Prefect itself
meanwhile: so nothing here does. It is ended before the next run where the code has changed since it was started,
and another one is started where it has died. Its children go on in both cases, though `multiprocessing` calls them
dead: whether one still runs is known by its number and the instant at which it started. Where there is no fork
(Windows) each process is a fresh one, which imports for itself.
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
from deployments.signals import ctrl_c_held_back, end_with_the_parent

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
PRELOADED = ["__main__", "deployments.preloaded"]
_LOST = 255
"""What `multiprocessing` returns as the exit code of a child whose server has died, whether the child lives or not."""
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
"""Numerical libraries start no threads: a fork would lose them, and a run needs none."""
OF_RUNS = {"PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false"}
"""Prefect's settings that only runs have: the worker has asked for the server's version already."""
_ENDS_WITHIN = 10.0


class Child:
    """A run's process, as the one that started it sees it."""

    def __init__(self, started: BaseProcess) -> None:
        self._started = started
        self.process = process_of(started.pid or 0)

    def has_ended(self) -> bool:
        """Return whether it has ended."""
        code = self._started.exitcode
        if code is None:
            return False
        return code != _LOST or has_ended(self.process) is not False

    def exit_code(self) -> int | None:
        """Return its exit code, once it has ended; None where nobody could see it: the server had died."""
        code = self._started.exitcode
        return None if code == _LOST else code

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        tell(self.process, number)


def tell(process: Process, number: signal.Signals) -> None:
    """Send a process a signal if it still is the same one."""
    if has_ended(process) is False:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


class WarmProcesses:
    """Starts processes for runs."""

    def __init__(self, method: str = METHOD) -> None:
        self._context: Any = multiprocessing.get_context(method)
        self._server: Process | None = None
        self._has_imported = False
        self._code: str | None = None
        self.is_outdated = False
        """Whether the code has changed since this process was started, which still runs the earlier one."""
        self._called: set[BaseProcess] = set()
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        if self._forks():
            self._context.set_forkserver_preload(PRELOADED)

    def server(self) -> Process | None:
        """Return the fork server's process; None where there is none."""
        return self._server

    def begin(self) -> None:
        """Have a fork server of today's code, which may still import. It has the environment and the working folder of
        this instant.
        """
        code = code_now() if self._forks() else None
        self.is_outdated |= self._code is not None and code != self._code
        if self._server is not None and (code != self._code or has_ended(self._server)):
            self._end_server()
        if code is not None and self._server is None:
            self._server, self._code, self._has_imported = _fork_server(), code, False

    def warm_up(self) -> None:
        """Have a fork server that runs today's code and has imported. The first one takes some seconds, and so does one
        that replaces another.
        """
        self.begin()
        if self._server is not None and not self._has_imported:
            self._call(os.getppid)
            self._has_imported = True

    def start(self, target: Callable[..., None], *given: Any) -> Child:
        """Call the function in a process of its own."""
        try:
            return self._start(target, *given)
        except (OSError, EOFError):  # the server died at this instant
            return self._start(target, *given)

    def _start(self, target: Callable[..., None], *given: Any) -> Child:
        self.warm_up()
        process = self._context.Process(target=target, args=given)
        with _environment_with(OF_RUNS):
            process.start()
        return Child(process)

    def call(self, target: Callable[..., Any], *given: Any) -> Any:
        """Return what the function returns in a process of its own, or raise what it raises there."""
        self.warm_up()
        return self._call(target, *given)

    def _call(self, target: Callable[..., Any], *given: Any) -> Any:
        heard, said = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_say, args=(said, target, given))
        with _environment_with(OF_RUNS):
            process.start()
        self._called.add(process)
        said.close()
        try:
            returned, raised = heard.recv()
        except EOFError:
            raise RuntimeError(f"The process of {target.__name__} died.") from None
        finally:
            self._called.discard(process)
        process.join()
        if raised is not None:
            raise raised
        return returned

    def close(self) -> None:
        """End the fork server, also one that still imports, and what is called in a process of its own."""
        for one in [*self._called]:
            one.terminate()
        self._end_server()

    def _forks(self) -> bool:
        return bool(self._context.get_start_method() == "forkserver")

    def _end_server(self) -> None:
        if self._server is None:
            return
        tell(self._server, signal.SIGTERM)
        ends_at = time.monotonic() + _ENDS_WITHIN
        while has_ended(self._server) is False:
            if time.monotonic() > ends_at:
                tell(self._server, signal.SIGKILL)
            time.sleep(0.01)
        self._server = None


def _fork_server() -> Process:
    """Start the fork server, unless `multiprocessing` has one that lives, and return its process."""
    resource_tracker.ensure_running()  # its start would let Ctrl-C through
    with _environment_with(OF_RUNS), ctrl_c_held_back():
        forkserver.ensure_running()
    # its number is nowhere else: `multiprocessing` has no other way to ask for it before it answers
    return process_of(vars(forkserver._forkserver)["_forkserver_pid"])


@contextmanager
def _environment_with(values: Mapping[str, str]) -> Iterator[None]:
    """Hand these variables on to what is started in the body, where they are not set otherwise."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _say(said: Connection[Any, Any], target: Callable[..., Any], given: tuple[Any, ...]) -> None:
    end_with_the_parent()
    answer: tuple[Any, Exception | None]
    try:
        answer = target(*given), None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the call was made
        answer = None, error
    with suppress(BrokenPipeError):  # the one who asked has ended
        said.send(answer)


def code_now() -> str:
    """Return what changes whenever a file of the connector's code does, its migrations among them."""
    folders = [
        Path(place) for name in OURS if (spec := find_spec(name)) for place in spec.submodule_search_locations or ()
    ]
    seen = sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            facts = file.stat()
            seen.update(f"{file} {facts.st_mtime_ns} {facts.st_size}\n".encode())
    return seen.hexdigest()
