"""Preloading for `support.forked`: do once what each forked process would otherwise do again.

Only the process that others are forked from imports this module.
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
gc.freeze()  # so that garbage collection in a child does not copy the pages that it only reads
