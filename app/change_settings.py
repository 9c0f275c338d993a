"""Setup Parameters are changed: what is different, and a new version with who, when and why.

Values that were found good are saved as a version; secrets are none of them and go into the settings file, which only
its owner reads.
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
"""The number of the version before anybody saved anything."""


@dataclass(frozen=True)
class Change:
    """One setting that is different: its name on the screen, and both values as JSON has them."""

    label: str
    name: str
    before: object
    after: object

    def __str__(self) -> str:
        """Return it as a version keeps it."""
        return f"{as_on_the_screen(self.name)} {self.before!r} → {self.after!r}"


def changes(before: Settings, after: Settings) -> list[Change]:
    """Return the settings that are different, in the order of the screen; of a secret only whether it is set."""
    found = []
    for setting in all_settings():
        old, new = (masked(setting.as_json(setting.value_in(one))) for one in (before, after))
        if old != new:
            found.append(Change(setting.label, setting.name, before=old, after=new))
    return found


def save(now: AppContext, wanted: Saved, *, after: int, who: str, why: str = "", moment: datetime) -> Version | None:
    """Save what is asked for as the version that follows number `after`; None where all of it is so already.

    Raises `SettingsError`, and `SavedMeanwhile` where another version was saved after that number.
    """
    with now.state.read() as connection:
        newest = saved_settings.newest(connection)
    before = newest.values if newest else {}
    values = to_save(wanted, before)
    if values == before:
        return None
    return _keep(now, values, after=after, who=who, why=why, moment=moment)


def as_it_would_be(now: AppContext, wanted: Saved) -> Settings:
    """Return the settings as they would be with what is asked for. Raises `SettingsError`."""
    with now.state.read() as connection:
        newest = saved_settings.newest(connection)
    return load_settings(saved=to_save(wanted, newest.values if newest else {}))


def restore(now: AppContext, number: int, *, after: int, who: str, why: str = "", moment: datetime) -> Version | None:
    """Save the values of an earlier version again; None where they count already. Raises as `save` does."""
    values = values_of(now, number)
    with now.state.read() as connection:
        newest = saved_settings.newest(connection)
    if values == (newest.values if newest else {}):
        return None
    return _keep(now, values, after=after, who=who, why=why or f"version {number} restored", moment=moment)


def values_of(now: AppContext, number: int) -> Saved:
    """Return what a version saved; nothing where there is no such version."""
    with now.state.read() as connection:
        version = saved_settings.of_number(connection, number)
    return version.values if version else {}


def settings_of(now: AppContext, number: int) -> Settings:
    """Return the settings as they are with the values of a version. Raises `SettingsError`."""
    return load_settings(saved=values_of(now, number))


def _keep(now: AppContext, values: Saved, *, after: int, who: str, why: str, moment: datetime) -> Version:
    changed = changes(now.settings, load_settings(saved=values))
    text = ", ".join(map(str, changed)) or "the same values, from another place"
    text = f"{text}. Why: {why}" if why else text
    number = saved_settings.save(now.state, values, after=after, who=who, summary=text, now=moment)
    return Version(number, saved_at=moment, saved_by=who, summary=text, values=values)


def save_secrets(now: AppContext, secrets: Mapping[str, Mapping[str, str | None]]) -> None:
    """Write secrets, by section and field, into the settings file; None takes one out. Raises `SettingsError` and
    `OSError`, and then the file is as it was.
    """
    file = settings_file()
    written = read_settings_file(file)
    for section, fields in secrets.items():
        kept = {**written.get(section, {}), **fields}
        written[section] = {field: value for field, value in kept.items() if value is not None}
    write_settings_file(file, written, now.saved)


__all__ = ["NOTHING_SAVED", "Change", "SavedMeanwhile", "changes", "restore", "save", "save_secrets", "settings_of"]
