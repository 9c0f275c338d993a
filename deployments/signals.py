"""The signals that end `a2m serve`, from its first moment on: Ctrl-C, a service manager, a terminal that was closed."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from types import FrameType

from app.logs import print_to_stderr


def that_end_it() -> list[signal.Signals]:
    """Return those that this system has. `nohup` goes on where its terminal is closed."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    found = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    return [one for one in found if one.name != "SIGHUP" or signal.getsignal(one) is not signal.SIG_IGN]


def leave_at_a_signal(end: Callable[[], None] | None = None) -> None:
    """Leave at once, as long as this process only imports. `end`: ends what it has started already."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        if end is not None:
            end()
        os._exit(0)

    for number in that_end_it():
        signal.signal(number, leave)


@contextmanager
def ctrl_c_held_back() -> Iterator[None]:
    """Hold Ctrl-C back in the body, and for ever from what is started there: a terminal sends it to every process, and
    it is this one that ends the others.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hear_every_signal() -> None:
    """Let a process that was forked hear what the fork server does not, and end by it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def cancel_at_a_signal(task: asyncio.Task[None]) -> None:
    """Cancel the task at the first signal. Later ones change nothing: its runs are ending, and are not cut off."""
    loop, numbers = asyncio.get_running_loop(), that_end_it()

    def cancel() -> None:
        for number in numbers:
            loop.add_signal_handler(number, lambda: None)
        print_to_stderr("Ending: each run releases its lease and its session.")
        task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, cancel)


def end_with_the_parent() -> None:
    """End this process, which was started by `multiprocessing`, as soon as the one that started it has ended."""
    threading.Thread(target=_wait_for_the_parent, daemon=True).start()


def _wait_for_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
