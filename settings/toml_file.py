"""Read and write the settings file: atomically, readable by its owner only, and with its comments preserved."""

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
    """Return the values of the settings file by section and field. Raises `SettingsError`."""
    refuse_bad_file(file)
    return renamed(in_file(file))


def write_settings_file(file: Path, values: Saved, saved: Saved) -> None:
    """Replace the settings file with these values.

    They must be valid together with the `saved` values, which take precedence. Raises `SettingsError`; the file is then
    unchanged.
    """
    load_settings(saved=_effective_values(values, saved))
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
    """Return the values as TOML, with a table per section in the order of the screen.

    Tables and values of the file `before` keep their places and comments.
    """
    document = tomlkit.parse(before)
    if not before.strip():
        document.add(tomlkit.comment(HEAD))
    for name in sections():
        fields = {field: value for field, value in values.get(name, {}).items() if value is not None}
        if fields or name in document:
            _write_section(document, name, fields)
    return tomlkit.dumps(document)


def _effective_values(values: Saved, saved: Saved) -> Saved:
    """Return the values of saved settings and the new file together. Values that the new file drops are defaults."""
    merged: dict[str, dict[str, Any]] = {}
    saved = renamed(saved)
    for setting in all_settings():
        section, field = setting.section, setting.field
        for source in (saved.get(section, {}), values.get(section, {})):
            if field in source:
                merged.setdefault(section, {}).setdefault(field, source[field])
        if field not in merged.get(section, {}) and written_in_file(section, field)[0]:
            merged.setdefault(section, {})[field] = setting.default
    return merged


def _write_section(document: TOMLDocument, name: str, fields: Mapping[str, Any]) -> None:
    if name not in document:
        document.add(tomlkit.nl())
        document.add(name, tomlkit.table())
    _replace(document[name], fields)


def _replace(table: Any, values: Mapping[str, Any]) -> None:
    """Set the values of a table. Unchanged values keep their formatting and comments."""
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
    """Return a value as a TOML item on one line."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, element in value.items():
            table.append(str(key), _item(element))
        return table
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for element in value:
            array.append(_item(element))
        return array
    return tomlkit.item(value)
