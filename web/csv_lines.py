"""Rows as CSV lines. Cells that a spreadsheet would evaluate as formulas are escaped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The first characters of cells that a spreadsheet evaluates."""


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Return the rows as CSV lines."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
