"""Prefect's server as the demo starts it."""

import subprocess
import sys

from support.project import ROOT

PROGRAM = """
import runpy, sys, threading
from a2m import prefect_server

collected = threading.Event()

class InACycle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print(threading.current_thread().name, flush=True)
        collected.set()

def server(name, **_given):
    print(name, *sys.argv, flush=True)
    InACycle()
    kept = [[] for _ in range(100_000)]  # in which time Python would have collected
    assert collected.wait(60)

prefect_server.INTERVAL = 0.1
runpy.run_module = server
prefect_server.main()
"""


def test_garbage_is_collected_in_a_thread_of_its_own() -> None:
    """The server gets its arguments, and what it drops is not finalized in the thread of its event loop."""
    program = [sys.executable, "-c", PROGRAM, "start", "--port", "4200"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["prefect prefect server start --port 4200", "garbage"]
