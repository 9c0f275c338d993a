"""Whether a line is one that the real command lines take: ours, and Prefect's."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import Any

from typer.main import get_command

from a2m.__main__ import commands


@cache
def ours() -> Any:
    """Our own command line."""
    return get_command(commands())


def command_of(words: list[str]) -> Any:
    """The command of ours that the words begin with, which are taken from them; None where there is none."""
    found = ours()
    while hasattr(found, "commands") and words:
        if words[0] not in found.commands:
            return None
        found = found.commands[words.pop(0)]
    return found


def words_of(line: str, program: str) -> list[str] | None:
    """The words behind a program, without settings before it; None for a line that starts anything else."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    while words and re.fullmatch(r"[A-Z][A-Z0-9_]*=.*", words[0]):
        words.pop(0)
    return words[1:] if words and words[0].rpartition("/")[2] == program else None


def parse_prefect(words: list[str]) -> None:
    """Let Prefect's command line take the words, without doing anything. Raises what it raises for wrong ones."""
    from prefect.cli._app import _app

    _app.parse_args([word for word in words if word != "--no-prompt"], exit_on_error=False, print_error=False)
