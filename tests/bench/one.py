"""One measured thing in a process of its own: `python -m bench.one bench.ours:sync '{"entity": …}'` prints JSON."""

from __future__ import annotations

import importlib
import json
import sys

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    found = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    sys.stdout.write(f"\nRESULT {json.dumps(found)}\n")
