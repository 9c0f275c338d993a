"""The dependencies of the pages: state database, clock, Prefect, access rules, caches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.effective_settings import AppContext, read
from connector.state.engine import State
from web.offers import Offers
from web.previews import Previews
from web.recent import Recent
from web.security.attempts import LoginAttempts
from web.security.entrance import Entrance


class NotStarted(Exception):
    """No run could be started in Prefect; the message says why."""


@dataclass(frozen=True)
class StartedRun:
    """A run that was started in Prefect."""

    name: str
    run_id: str


class Runs(Protocol):
    """Starts runs in Prefect; long work of the workspace is done there."""

    def start(self, deployment: str, parameters: dict[str, object] | None = None) -> StartedRun:
        """Start a run of `FLOW/DEPLOYMENT`. Raises `NotStarted`."""

    def show_settings(self, filled: dict[str, Any]) -> None:
        """Update the values in Prefect's form of Setup Parameters. Raises `NotStarted`."""

    def page(self) -> str | None:
        """Return the address of Prefect's UI; None if it is unknown."""

    def page_of(self, run_id: str) -> str | None:
        """Return the address of a run's page."""


@dataclass(frozen=True)
class Workspace:
    """The workspace that one process serves."""

    state: State
    now: Callable[[], datetime]
    runs: Runs
    entrance: Entrance
    attempts: LoginAttempts
    previews: Previews = field(default_factory=Previews)
    offers: Offers = field(default_factory=Offers)
    recent: Recent = field(default_factory=Recent)

    def here(self) -> AppContext:
        """Return the current settings with the state database. Raises `SettingsError` and `StateError`."""
        return read(self.state)
