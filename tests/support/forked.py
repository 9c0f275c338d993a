"""Processes that begin where `support.warm` ends, instead of loading everything again."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

import pytest

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["support.warm"])


def forked() -> ForkServerContext:
    """Return what starts such processes; the one that they are forked from runs by then."""
    with pytest.MonkeyPatch.context() as patch:  # before Python 3.13 it would not find what it is to load
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()
    return _CONTEXT
