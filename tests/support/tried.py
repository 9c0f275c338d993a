"""How many faults the tests really put, by test file and kind: each is counted where it happens, and the summary at the
end of a run shows them. A test that passes lost nothing and doubled nothing of them: it ends with the invariant.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

TRIED: Counter[tuple[str, str]] = Counter()


def tried(kind: str, times: int = 1) -> None:
    """Count a fault of the test that runs now."""
    file = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    TRIED[file, kind] += times


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its counts over."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tried"] = [[file, kind, times] for (file, kind), times in TRIED.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the counts of a worker."""
    for file, kind, times in getattr(node, "workeroutput", {}).get("tried", ()):
        TRIED[file, kind] += times


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many there were."""
    if not TRIED:
        return
    terminalreporter.section("faults that were put")
    for file in sorted({file for file, _kind in TRIED}):
        kinds = sorted((kind, times) for (of, kind), times in TRIED.items() if of == file)
        terminalreporter.write_line(f"{file}: {', '.join(f'{kind} {times:,}' for kind, times in kinds)}")
