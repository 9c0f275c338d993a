"""Load the settings from all sources, or raise a `SettingsError` with a message for each wrong setting.

Unknown names are refused with the nearest known one: a misspelled setting must not be ignored silently.
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError as SourceError

from settings.declare import PREFIX, Setting
from settings.errors import SettingsError, SettingsMissing, bad_json, describe, nearest, not_a_setting
from settings.locations import OTHER_VARIABLES, Saved, dot_env, in_file, settings_file
from settings.origin import origins_above_the_ui, renamed
from settings.settings import Settings, all_settings, sections
from settings.sources import with_saved


def load_settings(*, needs_both_systems: bool = False, saved: Saved | None = None, **given: Any) -> Settings:
    """Return the current settings. Raises `SettingsError`.

    Args:
        needs_both_systems: Raise `SettingsMissing` unless both systems are configured.
        saved: Values that were saved in Prefect's UI or in the workspace.
        given: Sections that take precedence over all sources.
    """
    refuse_open_dot_env()
    _refuse_unknown_names()
    saved, given = renamed(saved or {}), renamed(given)
    file = settings_file()
    refuse_bad_file(file)
    try:
        with with_saved(saved):
            settings = Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(describe(error, given, saved))) from error
    except SourceError as error:
        raise SettingsError(bad_json() or str(error)) from error
    if needs_both_systems and settings.missing():
        names = settings.missing()
        it = "it" if len(names) == 1 else "them"
        lines = [*(f"{name} is not set." for name in names), f"Put {it} into the environment, .env or {file}."]
        raise SettingsMissing("\n".join(lines))
    return settings


def masked(value: Any) -> Any:
    """Return a value that may be shown: of a secret only that it is set."""
    return "(set)" if isinstance(value, SecretStr) else value


def shown_value(setting: Setting, settings: Settings) -> Any:
    """Return a setting's value in its JSON form; of a secret only that it is set."""
    value = setting.value_in(settings)
    return masked(value) if isinstance(value, SecretStr) else setting.as_json(value)


def refuse_bad_file(file: Path) -> None:
    """Raise `SettingsError` if the settings file cannot be used, or if others may read its secrets (ADR 0014)."""
    if not file.is_file():
        if os.environ.get("A2M_SETTINGS"):
            raise SettingsError(f"There is no settings file {file}: A2M_SETTINGS names it.")
        return
    try:
        written = in_file(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from error
    for section in written:
        if section not in sections():
            raise SettingsError(f"[{section}] in {file} is not a section.{nearest(section, sections())}")
    secrets = [
        f"{setting.section}.{setting.field}"
        for setting in all_settings()
        if setting.is_secret and setting.field in written.get(setting.section, {})
    ]
    _refuse_open_to_others(f"The settings file {file}", file, secrets)


def refuse_open_dot_env() -> None:
    """Raise `SettingsError` if `.env` holds a secret and others may read it."""
    values = dot_env()
    secrets = [setting.name for setting in all_settings() if setting.is_secret and values.get(setting.name)]
    if urlsplit(values.get("A2M_DATABASE_URL") or "").password:
        secrets.append("the password in A2M_DATABASE_URL")
    _refuse_open_to_others("The file .env", Path(".env"), secrets)


def _refuse_unknown_names() -> None:
    known = {setting.name for setting in all_settings()} | set(OTHER_VARIABLES)
    known |= {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    wrong = []
    for origin, values in origins_above_the_ui():
        place = "the environment" if origin == "environment" else origin
        wrong += [
            not_a_setting(name, f" (in {place})")
            for name in sorted(values)
            if name.startswith(PREFIX) and name not in known
        ]
    if wrong:
        raise SettingsError("\n".join(wrong))


def _refuse_open_to_others(what: str, file: Path, secrets: list[str]) -> None:
    if secrets and os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise SettingsError(f"{what} holds {secrets[0]} and others may read it. Run: chmod 600 {file}")
