"""The processes of the demo: wait for them, and report one that ends with the end of its log."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from a2m.processes import Children

START_SECONDS = 120.0
_stop_requested = threading.Event()


class DemoFailed(Exception):
    """A process of the demo did not start or has ended; the message has the end of its log."""


def wait(children: Children, ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        refuse_ended(children)
        if time.monotonic() > deadline:
            raise DemoFailed(end_of_log(children, name, "did not start in time"))
        time.sleep(0.1)


def stop(_number: int, _frame: object) -> None:
    """Handle a signal that ends the demo. Raises `KeyboardInterrupt`.

    Python swallows what a signal handler raises if it runs inside a callback of the garbage collector or of an import,
    so the request is stored as well: the next `refuse_ended` raises it again.
    """
    _stop_requested.set()
    raise KeyboardInterrupt


def refuse_ended(children: Children) -> None:
    """Raise `DemoFailed` if a process of the demo has ended, `KeyboardInterrupt` if a signal asked to stop."""
    if _stop_requested.is_set():
        raise KeyboardInterrupt
    ended = children.ended()
    if ended is not None:
        raise DemoFailed(end_of_log(children, ended, "has ended"))


def end_of_log(children: Children, name: str, what: str) -> str:
    log = children.log(name)
    lines = log.read_text(errors="replace").strip().splitlines()[-5:]
    return "\n".join([f"The part {name!r} of the demo {what}. The end of {log}:", *lines])


def free_port(usual: int) -> int:
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("No free port was found on 127.0.0.1.")
