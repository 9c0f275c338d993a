"""The sources of settings (environment, `.env`, settings file), the state folder and the address of the database."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from dotenv import dotenv_values

Saved = Mapping[str, Mapping[str, Any]]
"""Values that were saved in Prefect's UI or in the workspace, by section and field."""

_TEST_VARIABLES = ("A2M_REQUIRE", "A2M_PROJECT")
"""Read by tests and scripts: which tests must not be skipped, and the checkout that a script runs against."""
OTHER_VARIABLES = (
    "A2M_DATABASE_URL",
    "A2M_SETTINGS",
    "A2M_HOME",
    "A2M_LOG_FORMAT",
    "A2M_LOG_LEVEL",
    *_TEST_VARIABLES,
)
"""Variables of the environment and `.env` that are not settings."""


def home_folder() -> Path:
    """Return the state folder: `A2M_HOME`, else the system's data folder for the user."""
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
    """Return the address of the state database. It cannot be a saved setting, because these are stored there."""
    written = (values.get("A2M_DATABASE_URL") for values in (environment(), dot_env()))
    return next((url for url in written if url), own_database())


def environment() -> dict[str, str | None]:
    """Return the environment with names in capitals."""
    return _by_capitals(os.environ)


def dot_env() -> dict[str, str | None]:
    """Return the values of the file `.env` with names in capitals."""
    return _by_capitals(dotenv_values(".env")) if Path(".env").is_file() else {}


def in_file(file: Path) -> dict[str, Any]:
    """Return the values of a settings file; empty if there is none."""
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _by_capitals(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.upper(): value for name, value in values.items()}
