"""Messages that name a setting as files do also name it as the screen does."""

from __future__ import annotations

import re
from functools import cache

from settings.settings import all_settings

_NAME = re.compile(r"\bA2M_[A-Z_]+?__[A-Z_]+\b")


def as_on_the_screen(text: str) -> str:
    """Return the text with each setting called as the screen calls it, its name in files after it in brackets.

    Settings that are already called so, or were by an earlier call, stay as they are.
    """

    def called(found: re.Match[str]) -> str:
        name, before = found[0], text[: found.start()]
        label = _labels().get(name)
        if label is None or before.casefold().endswith((f"{label} (".casefold(), f"{label}, ".casefold())):
            return name
        if before.rfind("(") <= before.rfind(")"):
            return f"{label} ({name})"
        return name if label.casefold() in before.casefold() else f"{label}, {name}"

    return _NAME.sub(called, text) if "A2M_" in text else text


@cache
def _labels() -> dict[str, str]:
    return {one.name: one.label for one in all_settings()}
