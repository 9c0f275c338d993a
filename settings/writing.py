"""The settings file, written: whole or not at all, and readable by its owner only, because it may hold secrets."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings.reading import all_fields, load_settings, written_in_file
from settings.screen import Saved

HEAD = "# Setup Parameters, written by `a2m setup`; docs/reference/settings.md says what each of them means.\n"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_settings_file(file: Path, sections: Saved, saved: Saved) -> None:
    """Replace the settings file, once its values are good together with `saved`, those of the UI, which win over them.

    Raises `SettingsError`, and then the file is as it was.
    """
    load_settings(saved=_as_it_will_be(sections, saved))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(as_toml(sections))
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def _as_it_will_be(sections: Saved, saved: Saved) -> Saved:
    """What counts below `.env` once the file is written; what is taken out of it falls back to its default."""
    together: dict[str, dict[str, Any]] = {}
    for section, field, about in all_fields():
        for part in (saved.get(section, {}), sections.get(section, {})):
            if field in part:
                together.setdefault(section, {}).setdefault(field, part[field])
        if field not in together.get(section, {}) and written_in_file(section, field)[0]:
            together.setdefault(section, {})[field] = about.get_default(call_default_factory=True)
    return together


def as_toml(sections: Saved) -> str:
    """The values as TOML, a table per section, in the order of the screen."""
    names = dict.fromkeys(section for section, _field, _about in all_fields())
    parts = [HEAD]
    for name in names:
        fields = {field: value for field, value in sections.get(name, {}).items() if value is not None}
        if fields:
            parts.append(f"\n[{name}]\n")
            parts += [f"{_key(field)} = {_value(value)}\n" for field, value in fields.items()]
    return "".join(parts)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else _text(str(value))


def _text(text: str) -> str:
    """JSON's strings are TOML's, but for the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
