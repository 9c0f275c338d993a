"""Identify the process that holds a lease or a session, so that other processes can tell whether it still runs.

A process id is reused after a while. Together with the machine (its boot id and its container) and the process's start
time it identifies one process for good. Whether a process on another machine has ended cannot be seen from here.
"""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_ENDED = ("Z", "X")
"""States in /proc of a process that has ended but was not reaped by its parent yet."""


@dataclass(frozen=True)
class Process:
    """A process on a machine; `started` is empty if the system does not report start times."""

    machine: str
    pid: int
    started: str


def this_process() -> Process:
    """Return the current process."""
    return _own(os.getpid())


def process_of(pid: int) -> Process:
    """Return the process with this id on this machine; `started` is empty if there is none."""
    return Process(this_machine(), pid, _started_at(pid))


def has_ended(process: Process) -> bool | None:
    """Return whether the process has ended; `None` if that cannot be seen from here."""
    if not process.started or process.machine != this_machine():
        return None
    return _started_at(process.pid) != process.started


@functools.lru_cache(maxsize=1)
def _own(pid: int) -> Process:
    return process_of(pid)


@functools.lru_cache(maxsize=1)
def this_machine() -> str:
    """Return an id of the scope in which process ids are unique: the machine since its boot, or a container on it."""
    name = socket.gethostname()
    if sys.platform != "linux":
        return name
    try:
        since = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{name} {since} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return name


def _started_at(pid: int) -> str:
    """Return when a running process started, as the system prints it; empty if there is no such process."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return ""
        fields = stat.rpartition(b")")[2].split()  # a program's name may hold blanks and brackets
        return "" if fields[0].decode() in _ENDED else fields[19].decode()
    if os.name != "posix":
        return ""
    listed = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return "" if len(listed) < 2 or listed[0][0] in _ENDED else listed[1].strip()
