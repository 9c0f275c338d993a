"""Where `a2m serve` and its runs work: in the state folder, with the settings of the `.env` beside the command.

Runs are processes of their own, and Prefect lets them import from the working folder before anything else: it must be
one without modules of others.
"""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

from connector.private_files import make_folder
from settings.load import refuse_open_dot_env
from settings.locations import home_folder


def state_folder() -> Path:
    """Return the folder, made where it is missing; the settings of `.env` and the paths among them count from now on in
    whichever folder this process, and what it starts, works. Raises `SettingsError`.
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
