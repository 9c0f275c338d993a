"""Parse lines with the real command lines, `a2m`'s and Prefect's, to check documentation."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import Any

from typer.main import get_command

from a2m.__main__ import commands


@cache
def ours() -> Any:
    """Return the command line `a2m`."""
    return get_command(commands())


def command_of(words: list[str]) -> Any:
    """Remove the name of an `a2m` command from the beginning of the words; return the command, or `None`."""
    found = ours()
    while hasattr(found, "commands") and words:
        if words[0] not in found.commands:
            return None
        found = found.commands[words.pop(0)]
    return found


def words_of(line: str, program: str) -> list[str] | None:
    """Return the words after a program, without variables before it; `None` for a line that starts another program."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    while words and re.fullmatch(r"[A-Z][A-Z0-9_]*=.*", words[0]):
        words.pop(0)
    return words[1:] if words and words[0].rpartition("/")[2] == program else None


def parse_prefect(words: list[str]) -> None:
    """Parse the words with Prefect's command line without running it. Raises its error for wrong ones."""
    from prefect.cli._app import _app

    _app.parse_args([word for word in words if word != "--no-prompt"], exit_on_error=False, print_error=False)
