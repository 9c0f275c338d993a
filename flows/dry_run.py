"""A look that sends and keeps nothing: it works on a copy of the state, and its push stays at home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.queue.engine import copy_state, open_state
from tasks.look import PLAIN, Stages
from tasks.push import Push
from tasks.work import Work


@contextmanager
def copy_of_state(url: str) -> Iterator[str]:
    """The address of a copy of the state database, which is gone at the end."""
    with TemporaryDirectory(prefix="a2m-dry-run-") as folder:
        copy = f"sqlite:///{Path(folder) / 'state.sqlite'}"
        source, target = open_state(url), open_state(copy)
        try:
            copy_state(source, target)
        finally:
            source.close()
            target.close()
        yield copy


async def _send_nothing(_work: Work, _cut: Push) -> None:
    return None


def keep_everything_here() -> Stages:
    """The stages without the push."""
    return replace(PLAIN, push=_send_nothing)
