"""Prefect's server on SQLite, with a garbage collector that cannot block it.

`python -m a2m.prefect_server …` takes what `prefect server …` takes and runs the same server. Python collects garbage
in the thread that happens to allocate, which here is the event loop's. Freeing an SQLite cursor waits until its
connection is idle; that connection may be waiting up to a minute for the database's lock, whose holder waits for the
event loop (docs/adr/0060). So the collection runs in a thread of its own.
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
