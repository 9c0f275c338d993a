"""Which process holds a lease or a session, so that another one can tell whether it still runs.

A process number alone is used again after a while; together with the machine (since when it runs, which container) and
the instant at which the process started it names one process for ever. A process of another machine is never called
gone: nobody here can see it.
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
"""States of a process that was killed and whose parent has not collected it yet."""


@dataclass(frozen=True)
class Process:
    """One process of one machine; `started` is empty where the system does not report it."""

    machine: str
    pid: int
    started: str


def this_process() -> Process:
    """Return the process that asks."""
    return _own(os.getpid())


def process_of(pid: int) -> Process:
    """Return the process that has this number on this machine now; `started` is empty where none has."""
    return Process(this_machine(), pid, _started_at(pid))


def has_ended(process: Process) -> bool | None:
    """Return whether the process has ended; None where that cannot be seen from here."""
    if not process.started or process.machine != this_machine():
        return None
    return _started_at(process.pid) != process.started


@functools.lru_cache(maxsize=1)
def _own(pid: int) -> Process:
    return process_of(pid)


@functools.lru_cache(maxsize=1)
def this_machine() -> str:
    """Return the machine as processes see each other on it: a container, which has process numbers of its own, is
    another.
    """
    name = socket.gethostname()
    if sys.platform != "linux":
        return name
    try:
        since = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{name} {since} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return name


def _started_at(pid: int) -> str:
    """Return when a running process started, in the system's own words; empty where there is none."""
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
