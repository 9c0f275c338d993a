"""Handle the signals that end `a2m serve`: Ctrl-C, a service manager, a terminal that was closed."""

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


def ending_signals() -> list[signal.Signals]:
    """Return the signals that end the process on this system. Under `nohup`, SIGHUP is not among them."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    existing = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    return [number for number in existing if number.name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN]


def exit_on_signal(cleanup: Callable[[], None] | None = None) -> None:
    """Exit at once at a signal, while this process only imports. `cleanup` is called first."""

    def exit_now(_number: int, _frame: FrameType | None) -> None:
        if cleanup is not None:
            cleanup()
        os._exit(0)

    for number in ending_signals():
        signal.signal(number, exit_now)


@contextmanager
def ctrl_c_blocked() -> Iterator[None]:
    """Block SIGINT in the body, and permanently in processes that are started there.

    A terminal sends SIGINT to every process of its group, but it is this process that ends the others.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def restore_signals() -> None:
    """Restore the default handling of SIGINT and SIGTERM in a forked process; the fork server ignores them."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def cancel_on_signal(task: asyncio.Task[None]) -> None:
    """Cancel the task at the first signal. Later signals are ignored, so that the runs can end."""
    loop, numbers = asyncio.get_running_loop(), ending_signals()

    def cancel() -> None:
        for number in numbers:
            loop.add_signal_handler(number, lambda: None)
        print_to_stderr("Ending: each run releases its lease and its session.")
        task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, cancel)


def end_with_the_parent() -> None:
    """End this process, which `multiprocessing` started, as soon as its parent has ended."""
    threading.Thread(target=_wait_for_the_parent, daemon=True).start()


def _wait_for_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
