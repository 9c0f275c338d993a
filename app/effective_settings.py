"""The settings in force: what the environment and the files say, together with what was saved from the Prefect UI.

The one place that knows both: `settings` knows no database, and `connector.state` no settings.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from connector.private_files import close_folder
from connector.state.engine import State, open_state
from connector.state.operator import saved_settings
from settings import Saved, Settings, database_url, home_folder, load_settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class AppContext:
    """The settings, the state database, and which saved version they are of."""

    settings: Settings
    state: State
    saved: Saved
    version: int


@contextmanager
def effective_settings(*, needs_both_systems: bool = False, secrets: Saved | None = None) -> Iterator[AppContext]:
    """Yield the settings with their state database, which is closed at the end. Raises `SettingsError` and
    `StateError`.

    `secrets` come from Prefect's Blocks and count as saved in the UI.
    """
    state = open_private_state()
    try:
        yield read(state, needs_both_systems=needs_both_systems, secrets=secrets)
    finally:
        state.close()


def open_private_state() -> State:
    """Return the state database; a warning is logged if others could read it. The folder is made private too, which
    Test Connection reports: while the files in it are private, nobody could read anything. Raises `StateError`.
    """
    state = open_state(database_url())
    for one in state.opened:
        _LOG.warning(one.message)
    return replace(state, opened=(*close_folder(home_folder()), *state.opened))


def read(state: State, *, needs_both_systems: bool = False, secrets: Saved | None = None) -> AppContext:
    """Return the settings as they are now. Raises `SettingsError` and `StateError`."""
    with state.read() as connection:
        version = saved_settings.newest(connection)
    saved: dict[str, dict[str, object]] = {name: dict(part) for name, part in version.values.items()} if version else {}
    for section, fields in (secrets or {}).items():
        saved[section] = {**saved.get(section, {}), **fields}
    settings = load_settings(needs_both_systems=needs_both_systems, saved=saved)
    return AppContext(settings, state, saved, version.number if version else 0)


def is_outdated(now: AppContext) -> bool:
    """Return whether somebody saved other values since these settings were read."""
    with now.state.read() as connection:
        return saved_settings.newest_number(connection) != now.version
