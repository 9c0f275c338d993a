"""The status of each entity, as `a2m status`, the deployment Status, the workspace and the metrics show it."""

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
class EntityStatus:
    """The status of one entity: its activity, queue and last syncs, failed messages by cause, and current progress."""

    entity: str
    activity: Activity
    overview: Overview
    groups: Sequence[Group]
    progress: SyncProgress | None = None

    @property
    def waiting(self) -> int:
        """The number of messages that are pending or being sent."""
        return self.overview.counts["pending"] + self.overview.counts["sending"]

    @property
    def failed(self) -> int:
        """The number of failed messages."""
        return self.overview.counts["failed"]

    def describe(self) -> str:
        """Return the activity with its details, for people to read."""
        match self.activity:
            case Activity.DEAD:
                return f"dead: {self.overview.died}"
            case Activity.WORKING:
                progress = f", {describe_progress(self.progress, self.waiting)}" if self.progress else ""
                return f"working: {self.overview.working}{progress}"
        return str(self.activity)


def entity_statuses(context: AppContext, now: datetime) -> list[EntityStatus]:
    """Return the status of every entity, in the order in which they run. Raises `StateError`."""
    with context.state.read() as connection:
        overviews = [overview.of_entity(connection, entity, now) for entity in NAMES]
        groups = actions.groups(connection)
        progress = read_progress(connection, now)
    return [
        EntityStatus(
            row.entity,
            activity=_activity(getattr(context.settings.active, row.entity), row),
            overview=row,
            groups=[group for group in groups if group.entity == row.entity],
            progress=progress.get(row.entity),
        )
        for row in overviews
    ]


def _activity(is_active: bool, row: Overview) -> Activity:
    if not is_active:
        return Activity.INACTIVE
    if row.paused:
        return Activity.PAUSED
    if row.died:
        return Activity.DEAD
    return Activity.WORKING if row.working else Activity.IDLE
