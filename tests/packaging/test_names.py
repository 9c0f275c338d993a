"""Names in the code are standard terms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("a2m", "app", "connector", "deployments", "entities", "flows", "receiver", "settings", "tasks", "web")
NOT_YET = ("connector/state/migrations",)
"""Migrations are as they were written."""
BANNED = {
    "complain": "print_error",
    "look": "sync",
    "looks": "syncs",
    "mend": "fix, operator action",
    "mended": "fixed, repaired",
    "said": "message, text",
    "say": "print, report",
    "tell": "send, report",
    "told": "sent, reported",
    "truth": "",
    "vanished": "missing",
    "wish": "claim spec",
    "in_words": "summary(), describe()",
}
"""Words of an earlier dialect of this code, and what stands instead (docs/reference/words.md)."""


def defined(tree: ast.AST) -> Iterator[str]:
    """Every name that is defined: functions, classes, parameters, variables, fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_of_the_old_dialect(package: str) -> None:
    """Failure codes and wait reasons, which are stored, are constants and stay as they are."""
    wrong = set()
    for file in (ROOT / package).rglob("*.py"):
        if str(file.relative_to(ROOT)).startswith(NOT_YET):
            continue
        for name in defined(ast.parse(file.read_text(encoding="utf-8"))):
            parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+", name)} if not name.isupper() else set()
            if parts & BANNED.keys() or "in_words" in name:
                wrong.add(f"{file.relative_to(ROOT)}: {name}")
    assert sorted(wrong) == []
