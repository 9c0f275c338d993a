"""How each entity stands: what `a2m status`, the workspace's Overview and its metrics show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.effective_settings import AppContext
from app.listeners.sync_progress import SyncProgress, describe_progress, read_progress
from connector.state.operator import actions, overview
from connector.state.operator.actions import Group
from connector.state.operator.overview import Overview
from entities.names import NAMES


class Activity(StrEnum):
    """What an entity is doing."""

    INACTIVE = "not active"
    PAUSED = "paused"
    DEAD = "dead"
    WORKING = "working"
    IDLE = "active"


@dataclass(frozen=True)
class Standing:
    """One entity: what it is doing, its queue and its last syncs, its failed messages by cause, and how far the sync is
    that works now.
    """

    entity: str
    activity: Activity
    overview: Overview
    groups: Sequence[Group]
    progress: SyncProgress | None = None

    @property
    def waiting(self) -> int:
        """How many messages are in the queue, waiting for their turn or on their way."""
        return self.overview.counts["pending"] + self.overview.counts["sending"]

    @property
    def failed(self) -> int:
        """How many messages are failed."""
        return self.overview.counts["failed"]

    def describe(self) -> str:
        """Return what it is doing, for a person."""
        match self.activity:
            case Activity.DEAD:
                return f"dead: {self.overview.died}"
            case Activity.WORKING:
                far = f", {describe_progress(self.progress, self.waiting)}" if self.progress else ""
                return f"working: {self.overview.working}{far}"
        return str(self.activity)


def standings(here: AppContext, now: datetime) -> list[Standing]:
    """Return how every entity stands, in the order in which they run. Raises `StateError`."""
    with here.state.read() as connection:
        found = [overview.of_entity(connection, entity, now) for entity in NAMES]
        groups = actions.groups(connection)
        progress = read_progress(connection, now)
    return [
        Standing(
            one.entity,
            activity=_activity(getattr(here.settings.active, one.entity), one),
            overview=one,
            groups=[group for group in groups if group.entity == one.entity],
            progress=progress.get(one.entity),
        )
        for one in found
    ]


def _activity(is_active: bool, one: Overview) -> Activity:
    if not is_active:
        return Activity.INACTIVE
    if one.paused:
        return Activity.PAUSED
    if one.died:
        return Activity.DEAD
    return Activity.WORKING if one.working else Activity.IDLE
