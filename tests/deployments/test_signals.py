"""`a2m serve` ends everything it started, at whichever moment a signal comes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import SimpleNamespace
from uuid import UUID

import psutil
import pytest
from prefect.states import Cancelled
from support.commands import command, environment, settings_of
from support.processes import family, left_of, running, wait_until

from deployments import worker
from deployments.serve import _until_stopped, make_worker
from deployments.signals import cancel_on_signal
from deployments.warm_processes import WarmProcesses

SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]
IMPORTING = """
from deployments.signals import exit_on_signal
exit_on_signal()
print("imports", flush=True)
import time
time.sleep(120)
"""


@pytest.fixture(autouse=True)
def _every_signal_is_heard():
    """Also where the tests were started with `nohup` or `&`: what they start would hand on that deafness."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in SIGNALS}
    for name in SIGNALS:
        signal.signal(getattr(signal, name), signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


async def serve_until_a_signal(start):
    """Serve with such a worker, as the command does."""
    serving = asyncio.ensure_future(_until_stopped(SimpleNamespace(start=start), SimpleNamespace(), "serving"))
    cancel_on_signal(serving)
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(serving, 60)


@pytest.mark.parametrize("name", SIGNALS)
async def test_a_signal_ends_the_worker(name):
    """Ctrl-C, a service manager, a terminal that was closed: the worker is cancelled, so that its runs are. A second
    signal does not cut off what it does at its end.
    """
    became = []

    async def start(printer):
        printer("started")
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), getattr(signal, name))
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            os.kill(os.getpid(), getattr(signal, name))
            await asyncio.sleep(0.1)
            became.append("ended")
            raise

    await serve_until_a_signal(start)
    assert became == ["ended"]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_while_importing(name, tmp_path):
    """Nothing has begun yet: it leaves at once, with 0 and without a traceback."""
    with subprocess.Popen(
        [sys.executable, "-c", IMPORTING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout.readline() == "imports\n"
        process.send_signal(getattr(signal, name))
        assert (process.wait(60), process.stderr.read()) == (0, "")


def test_nohup_goes_on_when_its_terminal_is_closed(tmp_path):
    """A process that was started with SIGHUP ignored goes on ignoring it, and ends by SIGTERM."""
    with subprocess.Popen(
        ["nohup", sys.executable, "-c", IMPORTING], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.terminate()
        assert process.wait(60) == 0


def test_a_signal_just_after_the_start(hole, folder):
    """While the fork server imports, and Prefect does not answer yet: it ends with 0 and leaves no process."""
    environ, log = environment(folder, settings_of(hole, hole) | {"PREFECT_API_URL": hole}), folder / "serve.log"
    with running(command("serve", "--wait", "60"), folder=folder, environ=environ, log=log) as serving:
        wait_until(lambda: len(family(serving.pid)) > 1, "a fork server that imports")
        processes = family(serving.pid)
        serving.send_signal(signal.SIGINT)
        assert serving.wait(timeout=60) == 0, log.read_text()
        psutil.wait_procs(processes, timeout=60)
        assert left_of(processes) == []
    assert "Traceback" not in log.read_text()


def test_ctrl_c_just_after_the_start(hole, folder):
    """A terminal sends it to the fork server as well, which imports: that is ended without a traceback of its own."""
    environ, log = environment(folder, settings_of(hole, hole) | {"PREFECT_API_URL": hole}), folder / "serve.log"
    with running(command("serve", "--wait", "60"), folder=folder, environ=environ, log=log) as serving:
        wait_until(lambda: len(family(serving.pid)) > 1, "a fork server that imports")
        processes = family(serving.pid)
        os.killpg(serving.pid, signal.SIGINT)
        assert serving.wait(timeout=60) == 0, log.read_text()
        psutil.wait_procs(processes, timeout=60)
        assert left_of(processes) == []
    assert "Traceback" not in log.read_text()


async def test_a_server_that_does_not_answer_is_not_waited_for_at_the_end(monkeypatch, caplog):
    """The state of a run that is ended cannot be set: the worker says so and ends; the next worker finds the run."""
    monkeypatch.setattr(worker, "PREFECT_ANSWERS_WITHIN", 0.05)
    asked, one = [], make_worker(WarmProcesses())

    async def never(run_id):
        asked.append(run_id)
        await asyncio.sleep(60)

    one._client = SimpleNamespace(read_flow_run=never)
    began = time.monotonic()
    await one._set_at_the_end(UUID(int=7), Cancelled())
    assert asked == [UUID(int=7)]
    assert time.monotonic() - began < 30
    assert "was not set to Cancelled: no answer" in caplog.text
