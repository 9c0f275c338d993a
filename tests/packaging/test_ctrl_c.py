"""Ctrl-C in the middle of `make test`."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from support.interrupted import TELL
from support.processes import left_of, wait_until, with_variable
from support.project import ROOT


@pytest.mark.parametrize("how", [["-n", "1"], []], ids=["side by side", "one after the other"])
def test_nothing_that_tests_started_is_left(tmp_path, chromium, postgres, how):
    """Prefect's server, PostgreSQL, the browser and whatever else began end with the tests."""
    sent = tmp_path / "told"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *how, "tests/support/interrupted.py"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # one started with `&` would hand on its deafness
    with (tmp_path / "log").open("wb") as log:
        tests = subprocess.Popen(
            command, cwd=ROOT, env={**environ, TELL: str(sent)}, stdout=log, stderr=log, start_new_session=True
        )
    signal.signal(signal.SIGINT, before)
    try:
        wait_until(lambda: sent.exists() or tests.poll() is not None, "tests that run")
        assert tests.poll() is None, (tmp_path / "log").read_text()
        begun = with_variable(TELL, str(sent))
        names = " ".join(" ".join(one.cmdline()) for one in begun)
        assert all(name in names for name in ("prefect", "postgres", "chromium", "time.sleep(600)")), names
        os.killpg(tests.pid, signal.SIGINT)  # as a terminal does: whoever runs in front gets it
        assert tests.wait(60) != 0
        psutil.wait_procs(begun, timeout=60)
        assert left_of(begun) == []
        assert left_of(with_variable(TELL, str(sent))) == []
    finally:
        for one in with_variable(TELL, str(sent)):
            one.kill()
        tests.wait()
