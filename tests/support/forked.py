"""Processes forked from one that has everything loaded already (`support.warm`)."""

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
    """Return a context whose `Process` forks from the preloaded process, which it starts if necessary."""
    with pytest.MonkeyPatch.context() as patch:  # before Python 3.13 it would not find the module to preload
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()
    return _CONTEXT
