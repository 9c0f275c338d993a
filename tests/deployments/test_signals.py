"""`a2m serve` ends everything it started, whichever signal asks it to end."""

import asyncio
import os
import signal
from types import SimpleNamespace

import pytest

from deployments.serve import _until_stopped


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
async def test_a_signal_ends_the_worker(name):
    """Ctrl-C, a service manager, a terminal that was closed: the worker is cancelled, so that its runs are."""
    became = []

    async def start(printer):
        printer("started")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            became.append("cancelled")
            raise

    worker, workspace = SimpleNamespace(start=start), SimpleNamespace(start=lambda: None)
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), getattr(signal, name))
    await asyncio.wait_for(_until_stopped(worker, workspace, "serving"), 20)
    assert became == ["cancelled"]
