"""How many faults the tests really put, by test file and kind: each is counted where it happens, and the summary at the
end of a run shows them. A test that passes lost nothing and doubled nothing of them: it ends with the invariant.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

TRIED: Counter[tuple[str, str]] = Counter()


def tried(kind: str, times: int = 1) -> None:
    """Count a fault of the test that runs now."""
    file = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    TRIED[file, kind] += times


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many there were: each `conftest.py` that imports this hook may, and the first one does."""
    if TRIED:
        terminalreporter.section("faults that were put")
    for file in sorted({file for file, _kind in TRIED}):
        kinds = sorted((kind, times) for (of, kind), times in TRIED.items() if of == file)
        terminalreporter.write_line(f"{file}: {', '.join(f'{kind} {times:,}' for kind, times in kinds)}")
    TRIED.clear()
