"""As `bench.one`, and how many statements reached SQLite: `python -P counted.py WHAT ARGUMENTS`.

It imports nothing of its own checkout, so that it counts for any other.
"""

from __future__ import annotations

import importlib
import json
import sqlite3
import sys
from typing import Any

statements = 0


def _count(_statement: str) -> None:
    global statements
    statements += 1


def _connect(*given: Any, **how: Any) -> sqlite3.Connection:
    connection = _really_connect(*given, **how)
    connection.set_trace_callback(_count)
    return connection


if __name__ == "__main__":
    _really_connect = sqlite3.dbapi2.connect
    sqlite3.dbapi2.connect = _connect
    module, _, name = sys.argv[1].partition(":")
    found = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    sys.stdout.write(f"\nRESULT {json.dumps({**found, 'statements': statements})}\n")
