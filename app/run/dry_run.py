"""A sync that sends and stores nothing: it works on a copy of the state, and its push stays at home."""

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
    """Yield a copy of the state database, deleted at the end; in it no lease is held and no bulk is waited for."""
    with TemporaryDirectory(prefix="a2m-dry-run-") as folder:
        copy = open_copy(state, Path(folder) / "state.sqlite", without=("leases", "bulks"))
        try:
            yield copy
        finally:
            copy.close()


async def _send_nothing(_work: RunContext[Any], _cut: Push) -> None:
    return None


def keep_everything_here() -> Stages:
    """Return the stages without the push."""
    return replace(DIRECT_STAGES, push=_send_nothing)
