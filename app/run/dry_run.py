"""Dry run: a sync on a copy of the state database, without the push. It sends nothing and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connector.state.engine import State
from connector.state.operator.backup import open_copy
from entities.base import RunContext
from tasks.push import Push
from tasks.sync import DIRECT_STAGES, Stages


@contextmanager
def copy_of_state(state: State) -> Iterator[State]:
    """Yield a copy of the state database without leases and open bulks. It is deleted at the end."""
    with TemporaryDirectory(prefix="a2m-dry-run-") as folder:
        copy = open_copy(state, Path(folder) / "state.sqlite", without=("leases", "bulks"))
        try:
            yield copy
        finally:
            copy.close()


async def _send_nothing(_context: RunContext[Any], _push: Push) -> None:
    return None


def stages_without_push() -> Stages:
    """Return the stages with a push that sends nothing."""
    return replace(DIRECT_STAGES, push=_send_nothing)
