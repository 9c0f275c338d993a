"""Decide which values are saved in the state database when somebody changes settings.

A value that equals the one of the settings file, or else the default, is not saved, so that it keeps following those.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from settings.declare import Setting, setting_name
from settings.errors import SettingsError, not_a_setting
from settings.load import load_settings
from settings.locations import Saved
from settings.origin import fixed_by, renamed, written_in_file
from settings.settings import Settings, all_settings


def to_save(requested: Saved, before: Saved) -> dict[str, dict[str, Any]]:
    """Return the values to save for a request. Values that are not requested stay as they were saved `before`.

    Raises `SettingsError` if the settings would not be valid, if a secret is requested, or if a requested value is
    overridden by the environment or `.env`.
    """
    requested, before = renamed(requested), renamed(before)
    _refuse_unsavable(requested)
    merged = _merged(before, requested)
    settings = load_settings(saved=merged)
    _refuse_overridden(requested, settings)
    result: dict[str, dict[str, Any]] = {}
    for setting in all_settings():
        section, field = setting.section, setting.field
        if field not in merged.get(section, {}):
            continue
        is_requested = field in requested.get(section, {})
        if is_requested and fixed_by(section, field):
            continue
        value = setting.value_in(settings)
        if not is_requested:
            result.setdefault(section, {})[field] = merged[section][field]
        elif value != _value_without_saved(setting):
            result.setdefault(section, {})[field] = setting.as_json(value)
    return result


def _refuse_unsavable(requested: Saved) -> None:
    """Raise `SettingsError` for unknown settings and secrets."""
    known = {(setting.section, setting.field): setting for setting in all_settings()}
    wrong = []
    for section, field, _value in _each(requested):
        setting, name = known.get((section, field)), setting_name(section, field)
        if setting is None:
            wrong.append(not_a_setting(name))
        elif setting.is_secret:
            wrong.append(
                f"{name} is a secret: it is stored in a Block or in the environment, never among saved settings."
            )
    if wrong:
        raise SettingsError("\n".join(wrong))


def _refuse_overridden(requested: Saved, settings: Settings) -> None:
    """Raise `SettingsError` for requested values that the environment or `.env` overrides with another value."""
    known = {(setting.section, setting.field): setting for setting in all_settings()}
    wrong = []
    for section, field, value in _each(requested):
        origin, setting = fixed_by(section, field), known[section, field]
        effective = setting.value_in(settings)
        if origin and _validated(setting, value) != effective:
            wrong.append(
                f"{setting.name} = {value!r}: it is fixed by the {origin}, which says {setting.as_json(effective)!r}; "
                "change it there."
            )
    if wrong:
        raise SettingsError("\n".join(wrong))


def _value_without_saved(setting: Setting) -> Any:
    """Return the value of the settings file, else the default."""
    is_written, value = written_in_file(setting.section, setting.field)
    return _validated(setting, value) if is_written else setting.default


def _validated(setting: Setting, value: Any) -> Any:
    """Return the validated value, or the value itself if it is invalid; it then equals no valid one."""
    try:
        return setting.validated(value)
    except ValidationError:
        return value


def _merged(before: Saved, requested: Saved) -> dict[str, dict[str, Any]]:
    names = [*before, *(name for name in requested if name not in before)]
    return {name: {**before.get(name, {}), **requested.get(name, {})} for name in names}


def _each(values: Saved) -> Iterator[tuple[str, str, Any]]:
    for section, fields in values.items():
        for field, value in fields.items():
            yield section, field, value
