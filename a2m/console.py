"""Output of the commands: text and tables for people, one JSON object with --json, errors on standard error."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from app.logs import print_to_stderr

PROGRESS_SECONDS = 5.0

WIDE = 200
"""The width when the output is not a terminal: in a file, every row of a table is one line."""

TABLE_FROM = 120
"""The width that a table with reasons needs."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDE)


class Refused(Exception):
    """The command was used correctly but cannot be carried out: exit code 1; the message says why."""


def print_error(text: str) -> None:
    """Print an error to standard error."""
    print_to_stderr(text, logging.ERROR)


def as_json(answer: dict[str, Any]) -> None:
    """Print one JSON object and nothing else."""
    print(json.dumps(answer, ensure_ascii=False, default=str))  # noqa: T201


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = ()) -> None:
    """Print a table. Columns in `numbers` are right-aligned; columns without content are left out."""
    shown = [column for column in range(len(heads)) if not rows or any(str(row[column]) for row in rows)]
    grid = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for head in (heads[column] for column in shown):
        grid.add_column(head, justify="right" if head in numbers else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(row[column]) for column in shown))
    out.print(grid)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows progress: on one changing line, or without a terminal as a line every few seconds."""
    if out.is_terminal:
        with out.status("…") as line:
            yield line.update
        return
    printed, again_at = "", 0.0

    def show(text: str) -> None:
        nonlocal printed, again_at
        if text != printed and time.monotonic() >= again_at:
            printed, again_at = text, time.monotonic() + PROGRESS_SECONDS
            out.print(text, markup=False)

    yield show
