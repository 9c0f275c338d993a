"""The working folder of `a2m serve` and its runs: the state folder, with the settings of the caller's `.env`.

Prefect lets the processes of runs import from the working folder before anything else, so it must not contain modules.
"""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

from connector.private_files import make_folder
from settings.load import refuse_open_dot_env
from settings.locations import home_folder


def state_folder() -> Path:
    """Create the state folder if necessary and return it. Raises `SettingsError`.

    The settings of `.env` become environment variables, with absolute paths, so that they apply in any working folder
    of this process and its children.
    """
    refuse_open_dot_env()
    for name, value in dotenv_values(".env").items():
        if value and name.upper().startswith("A2M_"):
            os.environ.setdefault(name.upper(), value)
    for name in ("A2M_HOME", "A2M_SETTINGS"):
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).expanduser().resolve())
    kind, separator, file = os.environ.get("A2M_DATABASE_URL", "").partition(":///")
    if kind.startswith("sqlite") and file:
        os.environ["A2M_DATABASE_URL"] = f"{kind}{separator}{Path(file).resolve()}"
    os.environ["PYTHONSAFEPATH"] = "1"
    home = home_folder()
    make_folder(home)
    return home
