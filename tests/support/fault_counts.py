"""Count injected faults by test file and kind. Each is counted where it happens; pytest's summary prints the counts.

A test that injects faults ends with the invariant, so a passing test lost nothing and doubled nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

TRIED: Counter[tuple[str, str]] = Counter()


def count_fault(kind: str, times: int = 1) -> None:
    """Count a fault that was injected into the running test."""
    file = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    TRIED[file, kind] += times


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the counts of a pytest-xdist worker to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tried"] = [[file, kind, times] for (file, kind), times in TRIED.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the counts of a pytest-xdist worker."""
    for file, kind, times in getattr(node, "workeroutput", {}).get("tried", ()):
        TRIED[file, kind] += times


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts."""
    if not TRIED:
        return
    terminalreporter.section("faults that were put")
    for file in sorted({file for file, _kind in TRIED}):
        kinds = sorted((kind, times) for (of, kind), times in TRIED.items() if of == file)
        terminalreporter.write_line(f"{file}: {', '.join(f'{kind} {times:,}' for kind, times in kinds)}")
