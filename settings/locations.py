"""What values are read from: environment, `.env`, settings file; and the folder that all of it lives in."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from dotenv import dotenv_values

Saved = Mapping[str, Mapping[str, Any]]
"""Values saved from the Prefect UI: section, field, value."""

OF_TESTS = ("A2M_REQUIRE", "A2M_PROJECT")
"""What tests and scripts read: which tests may not be skipped, and the checkout that a script runs against."""
BESIDE = ("A2M_DATABASE_URL", "A2M_SETTINGS", "A2M_HOME", "A2M_LOG_FORMAT", "A2M_LOG_LEVEL", *OF_TESTS)
"""What is read from the environment and `.env` beside the settings."""


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
    written = (values.get("A2M_DATABASE_URL") for values in (environment(), dot_env()))
    return next((url for url in written if url), own_database())


def environment() -> dict[str, str | None]:
    """Return the environment, by capital name."""
    return _by_capitals(os.environ)


def dot_env() -> dict[str, str | None]:
    """Return what the file `.env` says, by capital name."""
    return _by_capitals(dotenv_values(".env")) if Path(".env").is_file() else {}


def in_file(file: Path) -> dict[str, Any]:
    """Return what a settings file says; nothing where there is none."""
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _by_capitals(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.upper(): value for name, value in values.items()}
