"""The places that values come from: environment, `.env`, settings file; and the folder that all of it lives in."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from dotenv import dotenv_values

from settings.declare import setting_name

Saved = Mapping[str, Mapping[str, Any]]
"""Values saved from the Prefect UI: section, field, value."""


def home_folder() -> Path:
    """Return the state folder: `A2M_HOME`, else the user's data folder of this system."""
    named = os.environ.get("A2M_HOME")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_path("a2m", appauthor=False))


def settings_file() -> Path:
    """Return the settings file: `A2M_SETTINGS`, else `settings.toml` in the state folder."""
    named = os.environ.get("A2M_SETTINGS")
    return Path(named).expanduser() if named else home_folder() / "settings.toml"


def own_database() -> str:
    """Return the address of the SQLite file in the state folder."""
    return f"sqlite:///{home_folder() / 'state.sqlite'}"


def database_url() -> str:
    """Return the address of the state database, which has to be known before the values that are saved in it."""
    written = (values.get("A2M_DATABASE_URL") for _place, values in places_above_the_ui())
    return next((url for url in written if url), own_database())


def places_above_the_ui() -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """Yield what wins over saved values, the highest first: the name of the place, and its values by capital name."""
    yield "environment", _by_capitals(os.environ)
    yield ".env", dot_env()


def dot_env() -> dict[str, str | None]:
    """Return what the file `.env` says, by capital name."""
    return _by_capitals(dotenv_values(".env")) if Path(".env").is_file() else {}


def in_file(file: Path) -> dict[str, Any]:
    """Return what a settings file says; nothing where there is none."""
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def written_in_file(section: str, field: str) -> tuple[bool, Any]:
    """Whether the settings file says a value, and which."""
    fields = in_file(settings_file()).get(section, {})
    return field in fields, fields.get(field)


def fixed_by(section: str, field: str) -> str | None:
    """Return what fixes a setting, so that nothing saved can change it: environment or .env; else `None`."""
    name = setting_name(section, field)
    return next((place for place, values in places_above_the_ui() if values.get(name)), None)


def where_from(section: str, field: str, saved: Saved | None = None) -> str:
    """Return where a setting's value comes from: environment, .env, UI, settings file, or default."""
    fixed = fixed_by(section, field)
    if fixed is not None:
        return fixed
    if field in (saved or {}).get(section, {}):
        return "UI"
    return "settings file" if written_in_file(section, field)[0] else "default"


def _by_capitals(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.upper(): value for name, value in values.items()}
