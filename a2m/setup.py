"""`a2m setup`: ask for every Setup Parameter in the order of the screen, and write the settings file.

Secrets are asked for twice and not shown. The file is only written once all answers are valid together, atomically and
readable by its owner only.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from a2m.console import out, print_error
from a2m.usage import SET_UP

if TYPE_CHECKING:
    from app.effective_settings import AppContext
    from settings import Setting

EMPTY = "-"


class NotSaved(Exception):
    """The answers cannot be saved, and without a terminal nobody can be asked again; the message says why."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=SET_UP)
    def setup(
        section: Annotated[str, typer.Argument(metavar="SECTION", help="One section only, such as queue.")] = "all",
    ) -> int:
        """Ask for every Setup Parameter in order and write the settings file."""
        try:
            _setup(section)
        except NotSaved as why:
            print_error(f"{why} Nothing was saved.")
            return 2
        except KeyboardInterrupt:
            print_error("\nStopped. Nothing was saved.")
            return 130
        return 0


def _setup(section: str) -> None:
    from app.effective_settings import effective_settings
    from settings import all_settings, sections, settings_file
    from settings.toml_file import read_settings_file, write_settings_file

    labels = sections()
    if section not in (*labels, "all"):
        raise typer.BadParameter(f"there is no section {section!r}; choose one of {', '.join(labels)}, or all.")
    file = settings_file()
    out.print(f"An empty answer keeps the value in brackets; {EMPTY} goes back to the default.", markup=False)
    out.print("Nothing is saved before the last question; Ctrl-C leaves everything as it was.", markup=False)
    with effective_settings() as now:
        answers = read_settings_file(file)
        for name in labels if section == "all" else [section]:
            out.print(f"\n{labels[name]}", markup=False, style="bold")
            fields = answers.setdefault(name, {})
            fields |= dict(_ask_section([setting for setting in all_settings() if setting.section == name], now))
            answers[name] = {field: value for field, value in fields.items() if value is not None}
        write_settings_file(file, answers, now.saved)
    out.print(f"\nSaved in {file}. Test it with: a2m check", markup=False)


def _ask_section(settings: list[Setting], now: AppContext) -> Iterator[tuple[str, Any]]:
    """Yield the answered fields with their new values; None means the default."""
    from settings import where_from

    for setting in settings:
        if setting.field.startswith("confirm_"):
            continue
        origin = where_from(setting.section, setting.field, now.saved)
        if origin in ("environment", ".env", "UI"):
            out.print(f"  {setting.label}: fixed by the {origin}", markup=False)
            continue
        out.print(f"  {setting.help_with_range}", markup=False, style="dim")
        value = setting.value_in(now.settings)
        if setting.is_secret:
            typed = _ask_secret(setting.label, is_set=value is not None)
            if typed:
                yield setting.field, None if typed == EMPTY else typed
        else:
            text = _as_text(setting, setting.as_json(value))
            answered, value = _ask_value(f"  {setting.label} [{text}]: ", setting)
            if answered:
                yield setting.field, value


def _ask_value(prompt: str, setting: Setting) -> tuple[bool, Any]:
    """Ask until the answer is valid. Return whether there was an answer, and its value; None means the default."""
    from pydantic import ValidationError

    from settings.errors import rule_of

    while True:
        typed = _line(prompt)
        if typed in ("", EMPTY):
            return bool(typed), None
        try:
            return True, setting.as_json(setting.validated(_meant(setting, typed)))
        except (ValidationError, ValueError) as error:
            rule = rule_of(error.errors()[0], setting) if isinstance(error, ValidationError) else str(error)
            _again(f"{setting.name} = {typed}: {rule}.")


def _ask_secret(name: str, *, is_set: bool) -> str:
    """Ask for a secret twice until both answers are equal. Return an empty text to keep the current one."""
    while True:
        first = _line(f"  {name} [{'set' if is_set else 'not set'}]: ", hidden=True)
        if first in ("", EMPTY) or _line(f"  Confirm {name}: ", hidden=True) == first:
            return first
        _again(f"{name} and Confirm {name} differ.")


def _again(problem: str) -> None:
    """Print what is wrong with an answer before asking again. Raises `NotSaved` without a terminal."""
    if not sys.stdin.isatty():
        raise NotSaved(problem)
    print_error(problem)


def _line(prompt: str, *, hidden: bool = False) -> str:
    if hidden and sys.stdin.isatty():
        return getpass.getpass(prompt).strip()
    out.print(prompt, end="", markup=False)
    line = sys.stdin.readline()
    if not line:
        raise NotSaved("The answers ended before the last question.")
    return line.strip()


def _as_text(setting: Setting, value: Any) -> str:
    """Return a value in the form in which it can be typed; for a choice, also the other labels."""
    from settings.kinds import Choice

    match setting.kind:
        case Choice(labels=labels):
            return f"{labels[value]}; or {', '.join(label for one, label in labels.items() if one != value)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _meant(setting: Setting, typed: str) -> Any:
    """Parse an answer: a choice by its label, a list with commas, a map as A=b, C=d, or both as JSON."""
    from settings.kinds import Choice, ListOf, Map

    match setting.kind:
        case Choice() as choice:
            return choice.value_of(typed)
        case _ if setting.is_structured and typed[0] in "[{":
            return json.loads(typed)
        case Map():
            pairs = [part.partition("=") for part in typed.split(",")]
            if not all(equals for _key, equals, _value in pairs):
                raise ValueError("it must be written as KEY=value, KEY=value, or as JSON")
            return {key.strip(): value.strip() for key, _equals, value in pairs}
        case ListOf():
            return [part.strip() for part in typed.split(",")]
    return typed
