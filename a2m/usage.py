"""The help of the command line: commands in groups, each with a full sentence; completion of entity names."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

from entities.names import NAMES

TRY = "Try it on this machine"
SET_UP = "Set it up"
SYNC = "Sync"
LOOK_AND_FIX = "See the state, and fix what failed"
OPERATE = "Operate it"
GROUPS = (TRY, SET_UP, SYNC, LOOK_AND_FIX, OPERATE)
"""A command names its group as `rich_help_panel`; without one it is listed under *More*."""

JSON_HELP = "Print one JSON object and nothing else."


class Commands(TyperGroup):
    """Lists commands by group, with sentences that are wrapped, never truncated."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Refuse an unknown command, with the nearest known one as a suggestion."""
        if args and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if near:
                ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Add the help of a missing argument to the error about it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ") or getattr(error.param, "help", None) or ""
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each group."""
        groups: dict[str, list[tuple[str, str]]] = {one: [] for one in (*GROUPS, "More")}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                group = getattr(command, "rich_help_panel", None)
                sentence = " ".join((command.help or "").split("\n\n")[0].split())
                groups[group if group in GROUPS else "More"].append((name, sentence))
        width = max(len(name) for rows in groups.values() for name, _sentence in rows)
        for title, rows in groups.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl([(name.ljust(width), sentence) for name, sentence in rows])


def complete_entity(*more: str) -> Callable[[str], list[str]]:
    """Return a function for shell completion of entity names and these words."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in (*NAMES, *more) if name.startswith(incomplete)]

    return complete


def entity_argument(help_text: str, *more: str) -> Any:
    """Return an argument that takes an entity's name or one of these words."""
    return typer.Argument(help=help_text, metavar="ENTITY", autocompletion=complete_entity(*more))
