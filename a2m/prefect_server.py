"""Prefect's server on SQLite, with garbage collection in a thread of its own, so that it cannot block the event loop.

`python -m a2m.prefect_server …` takes the arguments of `prefect server …` and runs the same server. Python collects
garbage in the thread that allocates, usually the event loop's. Freeing an SQLite cursor waits until its connection is
idle. That connection may wait up to a minute for the database's lock, whose holder waits for the event loop (ADR 0060).
"""

from __future__ import annotations

import gc
import runpy
import sys
import threading
import time

INTERVAL = 10.0
"""Seconds between two collections; one takes a quarter of a second."""


def main() -> None:
    """Run Prefect's server until it ends."""
    gc.disable()
    threading.Thread(target=_collect, name="garbage", daemon=True).start()
    sys.argv[:1] = ["prefect", "server"]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _collect() -> None:
    while True:
        time.sleep(INTERVAL)
        gc.collect()


if __name__ == "__main__":
    main()
