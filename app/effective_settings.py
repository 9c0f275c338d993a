"""The effective settings: the environment and the files, together with what was saved in Prefect or the workspace.

This is the only place that knows both: `settings` knows no database, and `connector.state` no settings.
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
    """The effective settings, the state database, the saved values among them and the number of their version."""

    settings: Settings
    state: State
    saved: Saved
    version: int


@contextmanager
def effective_settings(*, needs_both_systems: bool = False, secrets: Saved | None = None) -> Iterator[AppContext]:
    """Yield the settings with their state database, which is closed at the end.

    `secrets` come from Prefect's Blocks and have the rank of saved values. Raises `SettingsError` and `StateError`.
    """
    state = open_private_state()
    try:
        yield read(state, needs_both_systems=needs_both_systems, secrets=secrets)
    finally:
        state.close()


def open_private_state() -> State:
    """Open the state database and make it and its folder private. Raises `StateError`.

    If other users could read the database, a warning is logged. If only the folder was open, Test Connection reports
    it: nobody could read anything, because the files in it were private.
    """
    state = open_state(database_url())
    for finding in state.opened:
        _LOG.warning(finding.message)
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


def is_outdated(context: AppContext) -> bool:
    """Return whether a newer version was saved since these settings were read."""
    with context.state.read() as connection:
        return saved_settings.newest_number(connection) != context.version
