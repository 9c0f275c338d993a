"""Child processes that never outlive their parent: the demo's sandbox, Prefect server and deployments.

Each child asks the kernel (Linux) to be ended when its parent dies, and is written to a file, so that the next start
ends what a killed one left behind.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10.0


class Children:
    """The processes that one start began, newest last; `close` ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "processes.json"
        self._running: list[tuple[subprocess.Popen[bytes], list[str]]] = []
        end_leftovers(self._file)

    def start(self, name: str, arguments: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `python -m …` with its output in NAME.log beside the state."""
        with (self._folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-P", "-m", *arguments]
            child = subprocess.Popen(
                command,
                cwd=self._folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self._running.append((child, command))
        started = [{"pid": one.pid, "arguments": command} for one, command in self._running]
        self._file.write_text(json.dumps(started))
        return child

    def close(self) -> None:
        """End every child, politely first, and whatever it started itself."""
        for child, _command in reversed(self._running):
            _signal(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        for child, _command in reversed(self._running):
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, deadline - time.monotonic()))
            _signal(child.pid, signal.SIGKILL)
            child.wait()
        self._file.unlink(missing_ok=True)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_leftovers(file: Path) -> None:
    """End what a killed start left behind; a process number that belongs to something else by now is left alone."""
    if not file.exists():
        return
    for left in json.loads(file.read_text()):
        if _command_of(left["pid"]) == left["arguments"]:
            _signal(left["pid"], signal.SIGTERM)
            _wait_for_end(left["pid"])
            _signal(left["pid"], signal.SIGKILL)
    file.unlink()


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + _GRACE_SECONDS
    while _command_of(pid) and time.monotonic() < deadline:
        time.sleep(0.1)


def _command_of(pid: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "args=", "-ww", "-p", str(pid)], capture_output=True, text=True, check=False)
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return listed.stdout.split()
    return [part.decode(errors="replace") for part in raw.split(b"\0") if part]
