"""Convert messages to markup: settings become links to their fields, and commands become pages or buttons."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup, escape

from app.command_names import PAGE_NAMES, replace_commands
from settings import Setting, all_settings, as_on_the_screen

_NAMED = re.compile(r"\bA2M_[A-Z_]+?__[A-Z_]+\b")


def with_links(text: str) -> Markup:
    """Return the escaped text with every setting as a link to its field."""
    parts: list[Markup] = []
    left = replace_commands(as_on_the_screen(text), PAGE_NAMES)
    while found := _NAMED.search(left):
        before, name, left = left[: found.start()], found[0], left[found.end() :]
        setting = _settings().get(name)
        if setting is None:
            parts += [escape(before), escape(name)]
            continue
        called = re.search(rf"({re.escape(setting.label)})(?: \(|, )$", before, re.IGNORECASE)
        if called is None:
            parts += [escape(before), _link(setting, setting.label)]
            continue
        parts += [escape(before[: called.start()]), _link(setting, called[1])]
        if before.endswith("("):
            left = left.removeprefix(")")
    return Markup("").join([*parts, escape(left)])


def with_commands(text: str) -> Markup:
    """Return the text, escaped, in which what stands between backticks is code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _link(setting: Setting, text: str) -> Markup:
    anchor = f"/setup/{setting.section}#{setting.section}-{setting.field}"
    return Markup('<a href="{}">{}</a>').format(anchor, text)


@cache
def _settings() -> dict[str, Setting]:
    return {setting.name: setting for setting in all_settings()}


_BESIDE_ITS_LABEL = re.compile(r" \(A2M_[A-Z_]+?__[A-Z_]+\)")
_CHANGE = re.compile(r"(?P<was>True|False|None|''|\[\]|\{\}|[^\s,.]+) → (?P<becomes>True|False|None|''|\[\]|\{\})?")
_SHOWN = {"True": "on", "False": "off", "None": "nothing", "''": "nothing", "[]": "nothing", "{}": "nothing"}


def plainly(text: str) -> str:
    """Return the summary of a change of settings for people: labels without variables, and on, off or nothing."""

    def change(found: re.Match[str]) -> str:
        was, becomes = found["was"], found["becomes"] or ""
        return f"{_SHOWN.get(was, was)} → {_SHOWN.get(becomes, becomes)}"

    return _CHANGE.sub(change, _BESIDE_ITS_LABEL.sub("", text))
