"""Find out which source a setting's value comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from settings.declare import setting_name
from settings.former import renamed_settings, with_new_fields, with_new_names
from settings.locations import Saved, dot_env, environment, in_file, settings_file
from settings.settings import Settings


def origins_above_the_ui() -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """Yield the sources with precedence over saved values, the highest first: name, and values by variable."""
    yield "environment", with_new_names(environment(), renamed_settings(Settings))
    yield ".env", with_new_names(dot_env(), renamed_settings(Settings))


def written_in_file(section: str, field: str) -> tuple[bool, Any]:
    """Return whether the settings file has a value, and the value."""
    fields = renamed(in_file(settings_file())).get(section, {})
    return field in fields, fields.get(field)


def fixed_by(section: str, field: str) -> str | None:
    """Return the source that overrides saved values of a setting, `environment` or `.env`; None if there is none."""
    name = setting_name(section, field)
    return next((origin for origin, values in origins_above_the_ui() if values.get(name)), None)


def where_from(section: str, field: str, saved: Saved | None = None) -> str:
    """Return where a setting's value comes from: environment, .env, UI, settings file, or default."""
    return origins(saved)(section, field)


def origins(saved: Saved | None = None) -> Callable[[str, str], str]:
    """Return a function like `where_from` for many settings: every source is read only once."""
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
    """Return values by section and field with former fields renamed."""
    return with_new_fields(values, renamed_settings(Settings))
