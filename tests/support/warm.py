"""What the process that others are forked from has done before: all that each of them would do again by itself.

It is imported there, and nowhere else.
"""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

from support import crashes, licence_worker, queue_worker

from app.run.work import work_on
from connector.http import trust
from connector.state.engine import open_state
from entities.registry import ENTITIES

__all__ = ["crashes", "licence_worker", "queue_worker", "work_on"]

trust()
with tempfile.TemporaryDirectory() as folder:
    open_state(f"sqlite:///{Path(folder) / 'state.sqlite'}").close()
assert all(ENTITIES.values())
gc.collect()
gc.freeze()  # so that its children do not copy what they only look at
