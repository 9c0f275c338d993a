"""Change Setup Parameters: compare settings, save a new version with who, when and why, restore an earlier one.

Valid values are saved as a version in the state database. Secrets are never part of a version: they are written to the
settings file, which only its owner can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.effective_settings import AppContext
from connector.state.operator import saved_settings
from connector.state.operator.saved_settings import SavedMeanwhile, Version
from settings import (
    Saved,
    Settings,
    all_settings,
    as_on_the_screen,
    load_settings,
    masked,
    settings_file,
    to_save,
)
from settings.toml_file import read_settings_file, write_settings_file

NOTHING_SAVED = 0
"""The version number before anything was saved."""


@dataclass(frozen=True)
class Change:
    """One setting that differs: its label and name, and both values in their JSON form."""

    label: str
    name: str
    before: object
    after: object

    def __str__(self) -> str:
        """Return the change as the summary of a version shows it."""
        return f"{as_on_the_screen(self.name)} {self.before!r} → {self.after!r}"


def changes(before: Settings, after: Settings) -> list[Change]:
    """Return the settings that differ, in the order of the screen. A secret is shown only as set or not set."""
    found = []
    for setting in all_settings():
        old, new = (masked(setting.as_json(setting.value_in(settings))) for settings in (before, after))
        if old != new:
            found.append(Change(setting.label, setting.name, before=old, after=new))
    return found


def save(
    context: AppContext, requested: Saved, *, after: int, who: str, why: str = "", moment: datetime
) -> Version | None:
    """Save the requested values as the version that follows number `after`.

    Return the version, or None if nothing changes. Raises `SettingsError`, and `SavedMeanwhile` if another version was
    saved after that number.
    """
    before = _newest_values(context)
    values = to_save(requested, before)
    if values == before:
        return None
    return _save_version(context, values, after=after, who=who, why=why, moment=moment)


def settings_after_save(context: AppContext, requested: Saved) -> Settings:
    """Return the settings that would be in force if the requested values were saved. Raises `SettingsError`."""
    return load_settings(saved=to_save(requested, _newest_values(context)))


def restore(
    context: AppContext, number: int, *, after: int, who: str, why: str = "", moment: datetime
) -> Version | None:
    """Save the values of an earlier version again. Return None if they are in force already. Raises as `save` does."""
    values = _values_of_version(context, number)
    if values == _newest_values(context):
        return None
    return _save_version(context, values, after=after, who=who, why=why or f"version {number} restored", moment=moment)


def settings_of_version(context: AppContext, number: int) -> Settings:
    """Return the settings with the values of a version. Raises `SettingsError`."""
    return load_settings(saved=_values_of_version(context, number))


def _newest_values(context: AppContext) -> Saved:
    with context.state.read() as connection:
        newest = saved_settings.newest(connection)
    return newest.values if newest else {}


def _values_of_version(context: AppContext, number: int) -> Saved:
    with context.state.read() as connection:
        version = saved_settings.of_number(connection, number)
    return version.values if version else {}


def _save_version(context: AppContext, values: Saved, *, after: int, who: str, why: str, moment: datetime) -> Version:
    changed = changes(context.settings, load_settings(saved=values))
    text = ", ".join(map(str, changed)) or "the same values, from another place"
    text = f"{text}. Why: {why}" if why else text
    number = saved_settings.save(context.state, values, after=after, who=who, summary=text, now=moment)
    return Version(number, saved_at=moment, saved_by=who, summary=text, values=values)


def save_secrets(context: AppContext, secrets: Mapping[str, Mapping[str, str | None]]) -> None:
    """Write secrets, by section and field, to the settings file. None removes a secret.

    Raises `SettingsError` or `OSError`; the file is then unchanged.
    """
    file = settings_file()
    written = read_settings_file(file)
    for section, fields in secrets.items():
        merged = {**written.get(section, {}), **fields}
        written[section] = {field: value for field, value in merged.items() if value is not None}
    write_settings_file(file, written, context.saved)


__all__ = [
    "NOTHING_SAVED",
    "Change",
    "SavedMeanwhile",
    "changes",
    "restore",
    "save",
    "save_secrets",
    "settings_after_save",
    "settings_of_version",
]
