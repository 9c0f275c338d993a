"""The settings file, written: whole or not at all, readable by its owner only, with the comments that it had."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AoT, Item, Table

from settings.load import load_settings, refuse_bad_file
from settings.locations import Saved, in_file
from settings.origin import renamed, written_in_file
from settings.settings import all_settings, sections

HEAD = "Setup Parameters, written by `a2m setup`; docs/reference/settings.md says what each of them means."


def read_settings_file(file: Path) -> dict[str, dict[str, Any]]:
    """Return what the settings file says, by section. Raises `SettingsError`."""
    refuse_bad_file(file)
    return renamed(in_file(file))


def write_settings_file(file: Path, values: Saved, saved: Saved) -> None:
    """Replace the settings file, once its values are good together with `saved`, those of the UI, which win over them.

    Raises `SettingsError`, and then the file is as it was.
    """
    load_settings(saved=_as_it_will_be(values, saved))
    text = as_toml(values, file.read_text(encoding="utf-8") if file.is_file() else "")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def as_toml(values: Saved, before: str = "") -> str:
    """Return the values as TOML, a table per section, in the order of the screen.

    What stands in the file `before` keeps its place and its comments.
    """
    document = tomlkit.parse(before)
    if not before.strip():
        document.add(tomlkit.comment(HEAD))
    for name in sections():
        fields = {field: value for field, value in values.get(name, {}).items() if value is not None}
        if fields or name in document:
            _write_section(document, name, fields)
    return tomlkit.dumps(document)


def _as_it_will_be(values: Saved, saved: Saved) -> Saved:
    """Return what counts below `.env` once the file is written; what is taken out of it falls back to its default."""
    together: dict[str, dict[str, Any]] = {}
    saved = renamed(saved)
    for one in all_settings():
        for part in (saved.get(one.section, {}), values.get(one.section, {})):
            if one.field in part:
                together.setdefault(one.section, {}).setdefault(one.field, part[one.field])
        if one.field not in together.get(one.section, {}) and written_in_file(one.section, one.field)[0]:
            together.setdefault(one.section, {})[one.field] = one.default
    return together


def _write_section(document: TOMLDocument, name: str, fields: Mapping[str, Any]) -> None:
    if name not in document:
        document.add(tomlkit.nl())
        document.add(name, tomlkit.table())
    _replace(document[name], fields)


def _replace(table: Any, values: Mapping[str, Any]) -> None:
    """Let a table have these values; what stays the same keeps its form and its comment."""
    for key in list(table):
        if key not in values:
            table.remove(key)
    for key, value in values.items():
        before = table.get(key)
        if isinstance(before, Table) and isinstance(value, Mapping):
            _replace(before, value)
        elif before is None or _plain(before) != value:
            if isinstance(before, Table | AoT):
                table.remove(key)
            table[key] = _item(value)


def _plain(item: Any) -> Any:
    return item.unwrap() if isinstance(item, Item) else item


def _item(value: Any) -> Any:
    """Return a value as one line of TOML."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, one in value.items():
            table.append(str(key), _item(one))
        return table
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for one in value:
            array.append(_item(one))
        return array
    return tomlkit.item(value)
