"""`a2m setup`: asks for every Setup Parameter in the order of the screen and writes the settings file.

Secrets are asked for twice and not shown. Nothing is written before every answer is good together with all others; then
the file is replaced whole, readable by its owner only.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from a2m.say import complain, out

EMPTY = "-"


class NotSaved(Exception):
    """The answers cannot be saved, and nobody is there to be asked again; the message says why."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def setup(
        section: Annotated[str, typer.Argument(help="Only one section, such as queue.")] = "all",
    ) -> int:
        """Ask for every Setup Parameter in order, secrets twice and unseen; write the settings file."""
        try:
            _setup(section)
        except NotSaved as why:
            complain(f"{why} Nothing was saved.")
            return 2
        return 0


def _setup(section: str) -> None:
    from app.effective_settings import effective_settings
    from settings import settings_file
    from settings.reading import all_in_file
    from settings.words import SECTIONS
    from settings.writing import write_settings_file

    if section not in (*SECTIONS, "all"):
        raise typer.BadParameter(f"there is no section {section!r}; choose one of {', '.join(SECTIONS)}, or all.")
    file = settings_file()
    out.print(f"An empty answer keeps what stands in brackets; {EMPTY} goes back to the default.", markup=False)
    with effective_settings() as now:
        answers = all_in_file(file)
        for name in SECTIONS if section == "all" else [section]:
            out.print(f"\n{SECTIONS[name]}", markup=False, style="bold")
            fields = answers.setdefault(name, {})
            fields |= dict(_ask_section(name, now))
            answers[name] = {field: value for field, value in fields.items() if value is not None}
        write_settings_file(file, answers, now.saved)
    out.print(f"\nSaved in {file}. Test it with: a2m check", markup=False)


def _ask_section(section: str, now: Any) -> Iterator[tuple[str, Any]]:
    """What was answered: fields with their new values; none where it goes back to the default."""
    from settings import all_fields, where_from
    from settings.reading import is_secret
    from settings.saving import in_force_as_json, value_of
    from settings.words import title

    for one, field, about in all_fields():
        if one != section or field.startswith("confirm_"):
            continue
        name, place = title(section, field), where_from(section, field, now.saved)
        if place in ("environment", ".env", "UI"):
            out.print(f"  {name}: fixed by the {place}", markup=False)
            continue
        out.print(f"  {about.description}", markup=False, style="dim")
        if is_secret(about):
            typed = _ask_secret(name, is_set=value_of(now.settings, section, field) is not None)
            if typed:
                yield field, None if typed == EMPTY else typed
        else:
            shown = _as_text(section, field, in_force_as_json(now.settings, section, field, about))
            answered, value = _ask_value(f"  {name} [{shown}]: ", section, field, about)
            if answered:
                yield field, value


def _ask_value(prompt: str, section: str, field: str, about: Any) -> tuple[bool, Any]:
    """Ask until the answer is good: whether there is one, and its value."""
    from pydantic import ValidationError

    from settings import setting_name
    from settings.saving import kept_of

    while True:
        typed = _line(prompt)
        if typed in ("", EMPTY):
            return bool(typed), None
        try:
            return True, kept_of(about, _meant(section, field, about, typed))
        except (ValidationError, ValueError) as error:
            rule = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            _again(f"{setting_name(section, field)} = {typed}: {rule.removeprefix('Value error, ')}.")


def _ask_secret(name: str, *, is_set: bool) -> str:
    """Ask twice without showing it, until both are the same; empty if it is to stay as it is."""
    while True:
        first = _line(f"  {name} [{'set' if is_set else 'not set'}]: ", hidden=True)
        if first in ("", EMPTY) or _line(f"  Confirm {name}: ", hidden=True) == first:
            return first
        _again(f"{name} and Confirm {name} differ.")


def _again(said: str) -> None:
    """Say what is wrong with an answer before it is asked for again; without a terminal nobody would answer anew."""
    if not sys.stdin.isatty():
        raise NotSaved(said)
    complain(said)


def _line(prompt: str, *, hidden: bool = False) -> str:
    if hidden and sys.stdin.isatty():
        return getpass.getpass(prompt).strip()
    out.print(prompt, end="", markup=False)
    line = sys.stdin.readline()
    if not line:
        raise NotSaved("The answers ended before the last question.")
    return line.strip()


def _as_text(section: str, field: str, value: Any) -> str:
    from settings.words import CHOICES

    if (section, field) in CHOICES:
        words = CHOICES[section, field]
        return f"{words[value]}; or {', '.join(word for one, word in words.items() if one != value)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _meant(section: str, field: str, about: Any, typed: str) -> Any:
    """What somebody typed: a choice by its word, a list with commas, a map as A=b, C=d, or either as JSON."""
    from settings.words import CHOICES

    if (section, field) in CHOICES:
        words = {word.casefold(): value for value, word in CHOICES[section, field].items()}
        values = {str(value): value for value in CHOICES[section, field]}
        if typed.casefold() in words:
            return words[typed.casefold()]
        if typed in values:
            return values[typed]
        raise ValueError(f"it must be one of {', '.join(CHOICES[section, field].values())}")
    kind = str(about.annotation)
    if typed[0] in "[{":
        return json.loads(typed)
    if "dict" in kind:
        pairs = [part.partition("=") for part in typed.split(",")]
        if not all(equals for _key, equals, _value in pairs):
            raise ValueError("it must be written as KEY=value, KEY=value, or as JSON")
        return {key.strip(): value.strip() for key, _equals, value in pairs}
    if "tuple" in kind:
        return [part.strip() for part in typed.split(",")]
    return typed
