"""Add the labels of the screen to messages that name settings by their environment variables."""

from __future__ import annotations

import re
from functools import cache

from settings.settings import all_settings

_NAME = re.compile(r"\bA2M_[A-Z_]+?__[A-Z_]+\b")


def as_on_the_screen(text: str) -> str:
    """Return the text with each variable replaced by the label of its setting, followed by the variable in brackets.

    Variables that follow their label already are left alone, so that repeated calls change nothing.
    """

    def labelled(match: re.Match[str]) -> str:
        name, before = match[0], text[: match.start()]
        label = _labels().get(name)
        if label is None or before.casefold().endswith((f"{label} (".casefold(), f"{label}, ".casefold())):
            return name
        if before.rfind("(") <= before.rfind(")"):
            return f"{label} ({name})"
        return name if label.casefold() in before.casefold() else f"{label}, {name}"

    return _NAME.sub(labelled, text) if "A2M_" in text else text


@cache
def _labels() -> dict[str, str]:
    return {setting.name: setting.label for setting in all_settings()}
