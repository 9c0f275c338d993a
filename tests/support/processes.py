"""Processes that a test starts: what they started themselves, and whether any is left."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from support.served import one_client

from a2m.processes import end_with_parent


def wait_until(ready: Callable[[], object], what: str, *, seconds: float = 180) -> None:
    """Ask again until it is so; other processes have no clock that a test could move.

    What takes long is asked for less often: an answer of Prefect takes time from the one that is waited for.
    """
    began = time.monotonic()
    while not ready():
        waited = time.monotonic() - began
        assert waited < seconds, f"after {seconds:g} s: not {what}"
        time.sleep(min(0.05 + waited / 10, 0.5))


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all its current descendants."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def left_of(processes: Sequence[psutil.Process]) -> list[str]:
    """Those that still run; one that has ended and waits to be collected does not."""
    left = []
    for one in processes:
        try:
            if one.is_running() and one.status() != psutil.STATUS_ZOMBIE:
                left.append(" ".join(one.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return left


def with_variable(name: str, value: str) -> list[psutil.Process]:
    """Return every process of this machine whose environment has this value."""
    found = []
    for one in psutil.process_iter():
        try:
            if one.environ().get(name) == value and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@contextmanager
def running(
    command: Sequence[str], *, folder: Path, environ: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to a file; ended for certain at the end, even if the tests are killed."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_begin,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            for one in family(process.pid):
                one.kill()
        process.wait()


def _begin() -> None:
    """In the new process: it hears Ctrl-C, to which the tests are deaf where a shell started them with `&`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def answers(url: str) -> bool:
    """Return whether a request there is answered with 200."""
    try:
        return one_client().get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
