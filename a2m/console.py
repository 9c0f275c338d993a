"""How the command line speaks: people on the terminal, one JSON object with --json, complaints on standard error."""

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
"""Columns when the output is not a terminal: a file or another program gets every row of a table in one line."""

TABLE_FROM = 120
"""Columns of a screen that a table with reasons needs."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDE)


class Refused(Exception):
    """What was asked for cannot be done, though the command was used rightly: exit code 1, and the message says why."""


def print_error(text: str) -> None:
    """Print an error to standard error."""
    print_to_stderr(text, logging.ERROR)


def as_json(answer: dict[str, Any]) -> None:
    """Print one JSON object and nothing else."""
    print(json.dumps(answer, ensure_ascii=False, default=str))  # noqa: T201


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = ()) -> None:
    """Print a table; columns named in `numbers` are aligned to the right, and columns without any content left out."""
    shown = [place for place in range(len(heads)) if not rows or any(str(row[place]) for row in rows)]
    grid = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for head in (heads[place] for place in shown):
        grid.add_column(head, justify="right" if head in numbers else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(row[place]) for place in shown))
    out.print(grid)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show how far something is: one line that changes; without a terminal a line of its own every few seconds."""
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
