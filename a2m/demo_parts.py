"""The processes of the demo: wait for them, and report one that ends with the end of its log."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from a2m.processes import Children

START_SECONDS = 120.0


class DemoFailed(Exception):
    """A process of the demo did not start or has ended; the message has the end of its log."""


def wait(children: Children, ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        refuse_ended(children)
        if time.monotonic() > deadline:
            raise DemoFailed(end_of_log(children, name, "did not start in time"))
        time.sleep(0.1)


def refuse_ended(children: Children) -> None:
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
