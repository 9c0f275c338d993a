"""What every page works with: the state database, the settings in force, the clock, Prefect, and who may come in."""

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
    """A run that was started."""

    name: str
    run_id: str


class Runs(Protocol):
    """What takes time is a run in Prefect."""

    def start(self, deployment: str, parameters: dict[str, object] | None = None) -> StartedRun:
        """Start a run of `FLOW/DEPLOYMENT`. Raises `NotStarted`."""

    def show_settings(self, filled: dict[str, Any]) -> None:
        """Let the form of Setup Parameters in Prefect show these values. Raises `NotStarted`."""

    def page(self) -> str | None:
        """Return the address of Prefect's UI; None where none is known."""

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
        """Return the settings as they are now, with the state. Raises `SettingsError` and `StateError`."""
        return read(self.state)
