"""Which place a setting's value comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from settings.declare import setting_name
from settings.former import renamed_settings, with_new_fields, with_new_names
from settings.locations import Saved, dot_env, environment, in_file, settings_file
from settings.settings import Settings


def origins_above_the_ui() -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """Yield what wins over saved values, the highest first: the name of the place, and its values by capital name."""
    yield "environment", with_new_names(environment(), renamed_settings(Settings))
    yield ".env", with_new_names(dot_env(), renamed_settings(Settings))


def written_in_file(section: str, field: str) -> tuple[bool, Any]:
    """Return whether the settings file says a value, and which."""
    fields = renamed(in_file(settings_file())).get(section, {})
    return field in fields, fields.get(field)


def fixed_by(section: str, field: str) -> str | None:
    """Return what fixes a setting, so that nothing saved can change it: environment or .env; else `None`."""
    name = setting_name(section, field)
    return next((origin for origin, values in origins_above_the_ui() if values.get(name)), None)


def where_from(section: str, field: str, saved: Saved | None = None) -> str:
    """Return where a setting's value comes from: environment, .env, UI, settings file, or default."""
    return origins(saved)(section, field)


def origins(saved: Saved | None = None) -> Callable[[str, str], str]:
    """Return what says of many settings where their values come from; every place is read once."""
    above, in_the_ui, written = list(origins_above_the_ui()), renamed(saved or {}), renamed(in_file(settings_file()))

    def where(section: str, field: str) -> str:
        name = setting_name(section, field)
        fixed = next((origin for origin, values in above if values.get(name)), None)
        if fixed is not None:
            return fixed
        if field in in_the_ui.get(section, {}):
            return "UI"
        return "settings file" if field in written.get(section, {}) else "default"

    return where


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by section and field with former fields under their new names."""
    return with_new_fields(values, renamed_settings(Settings))
