"""What may be saved from the Prefect UI, and which of it has to be.

What the settings file or the default says anyway is not saved, so that it continues to follow those.
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


def to_save(wanted: Saved, before: Saved) -> dict[str, dict[str, Any]]:
    """Return what is to be saved after somebody asked for `wanted`; what is not asked for stays as it was `before`.

    It is valid together with everything else. Raises `SettingsError`, and then nothing is to be saved.
    """
    wanted, before = renamed(wanted), renamed(before)
    _refuse_what_is_not_saved(wanted)
    together = _over(before, wanted)
    settings = load_settings(saved=together)
    _refuse_what_is_fixed(wanted, settings)
    result: dict[str, dict[str, Any]] = {}
    for one in all_settings():
        section, field = one.section, one.field
        if field not in together.get(section, {}):
            continue
        asked = field in wanted.get(section, {})
        if asked and fixed_by(section, field):
            continue
        value = one.value_in(settings)
        if not asked:
            result.setdefault(section, {})[field] = together[section][field]
        elif value != _below(one):
            result.setdefault(section, {})[field] = one.as_json(value)
    return result


def _refuse_what_is_not_saved(wanted: Saved) -> None:
    known = {(one.section, one.field): one for one in all_settings()}
    wrong = []
    for section, field, _value in _each(wanted):
        setting, name = known.get((section, field)), setting_name(section, field)
        if setting is None:
            wrong.append(not_a_setting(name))
        elif setting.is_secret:
            wrong.append(
                f"{name} is a secret: it is stored in a Block or in the environment, never among saved settings."
            )
    if wrong:
        raise SettingsError("\n".join(wrong))


def _refuse_what_is_fixed(wanted: Saved, settings: Settings) -> None:
    """A field that something above the UI fixes may be asked for only as it is."""
    known = {(one.section, one.field): one for one in all_settings()}
    wrong = []
    for section, field, value in _each(wanted):
        origin, setting = fixed_by(section, field), known[section, field]
        now = setting.value_in(settings)
        if origin and _meaning(setting, value) != now:
            wrong.append(
                f"{setting.name} = {value!r}: it is fixed by the {origin}, which says {setting.as_json(now)!r}; "
                "change it there."
            )
    if wrong:
        raise SettingsError("\n".join(wrong))


def _below(setting: Setting) -> Any:
    """Return what the settings file says, else the default."""
    written, value = written_in_file(setting.section, setting.field)
    return _meaning(setting, value) if written else setting.default


def _meaning(setting: Setting, value: Any) -> Any:
    """Return what a value means; one that is not valid stays what it is, and equals nothing that is."""
    try:
        return setting.validated(value)
    except ValidationError:
        return value


def _over(before: Saved, wanted: Saved) -> dict[str, dict[str, Any]]:
    names = [*before, *(name for name in wanted if name not in before)]
    return {name: {**before.get(name, {}), **wanted.get(name, {})} for name in names}


def _each(values: Saved) -> Iterator[tuple[str, str, Any]]:
    for section, fields in values.items():
        for field, value in fields.items():
            yield section, field, value
