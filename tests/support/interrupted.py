"""A test that never ends, in the middle of everything that tests start: `packaging/test_ctrl_c.py` interrupts it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from support.commands import environment
from support.databases import Postgres
from support.prefect_server import prefect_server
from support.processes import running

PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
TELL = "TELL_THAT_EVERYTHING_RUNS"


def test_everything_runs(postgres: Postgres, chromium: Path, tmp_path: Path) -> None:
    """Start a Prefect server, PostgreSQL, a browser, and a process with a child, and never end."""
    from support.prefect_pages import browser_of  # needs a package that is not installed everywhere

    program = [sys.executable, "-c", f"{PARENT}; time.sleep(600)"]
    with (
        prefect_server(tmp_path, environment(tmp_path, {}), "--no-ui"),
        running(program, folder=tmp_path, environ=os.environ, log=tmp_path / "log"),
        browser_of(chromium),
    ):
        postgres.sql("SELECT 1")
        Path(os.environ[TELL]).write_text("everything runs")
        time.sleep(600)
