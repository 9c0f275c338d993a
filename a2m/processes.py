"""Child processes that never outlive their parent: the demo's sandbox, Prefect server and deployments.

On Linux, the kernel ends a child when its parent dies. On all systems, parent and children are recorded in a file, so
that the next start ends what a killed parent left behind, and refuses to start while the parent still runs.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10.0


class StillRunning(Exception):
    """Another process uses the folder; the message gives its id."""


@dataclass
class _Child:
    name: str
    command: str
    process: subprocess.Popen[bytes]


class Children:
    """The child processes of this process, the newest last. `close` ends them all."""

    def __init__(self, folder: Path) -> None:
        """Claim the folder, and end the children that a killed process left there. Raises `StillRunning`."""
        self._folder = folder
        self._file = folder / "processes.json"
        self._running: list[_Child] = []
        _end_leftovers(self._file)
        self._remember()

    def start(self, name: str, arguments: list[str], *, only_errors: bool = False) -> None:
        """Start `python -m …` in the folder, with its output in NAME.log.

        `only_errors`: log standard error only, because standard output has secrets.
        """
        command = [sys.executable, "-P", "-m", *arguments]
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if only_errors else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self._running.append(_Child(name, " ".join(command), child))
        self._remember()

    def log(self, name: str) -> Path:
        """Return the log file of a child."""
        return self._folder / f"{name}.log"

    def ended(self) -> str | None:
        """Return the name of a child that has ended by itself; None while all of them run."""
        return next((child.name for child in self._running if child.process.poll() is not None), None)

    def close(self) -> None:
        """End every child with its own children, the newest first, because it depends on the older ones."""
        while self._running:
            child = self._running.pop()
            _end(child.process.pid, child.command)
            child.process.wait()
        self._file.unlink(missing_ok=True)

    def _remember(self) -> None:
        parent = {"pid": os.getpid(), "command": _command_of(os.getpid())}
        children = [{"pid": child.process.pid, "command": child.command} for child in self._running]
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps({"parent": parent, "children": children}))
        part.replace(self._file)  # atomic, because this process may be killed at any moment


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies (Linux only). Called in a new child."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_leftovers(file: Path) -> None:
    """End the children of a killed process. Ids that belong to other processes by now are left alone."""
    if not file.exists():
        return
    left = json.loads(file.read_text())
    parent = left["parent"]
    if parent["pid"] != os.getpid() and _command_of(parent["pid"]) == parent["command"]:
        raise StillRunning(f"It runs already, as process {parent['pid']}: end that one first.")
    for child in reversed(left["children"]):
        if _command_of(child["pid"]) == child["command"]:
            _end(child["pid"], child["command"])
    file.unlink()


def _end(pid: int, command: str) -> None:
    """End a process and its group: with SIGTERM, and after `_GRACE_SECONDS` with SIGKILL."""
    _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while _command_of(pid) == command and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal_group(pid, signal.SIGKILL)


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _command_of(pid: int) -> str:
    """Return the command line of a process; empty if there is no such process or it is a zombie."""
    if sys.platform == "linux":
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return " ".join(part.decode(errors="replace") for part in raw.split(b"\0") if part)
    listed = subprocess.run(["ps", "-o", "args=", "-ww", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()
