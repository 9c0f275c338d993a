"""Why the deployment of an entity is paused in Prefect: the entity is not active, or somebody paused it.

While it is paused, no runs are scheduled that would do nothing. A tag and the description give the reason. The switch
of the schedule belongs to the operator and is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from entities.names import NAMES


class PauseReason(StrEnum):
    """Why nothing of an entity is sent, as the deployment's tag shows it. NONE: the entity is synced."""

    NONE = ""
    NOT_ACTIVE = "not active"
    PAUSED = "paused"


NOTICES = {
    PauseReason.NOT_ACTIVE: (
        "**Not active:** nothing is sent. Setup Parameters, Individual Sync Status, switches it on.\n\n"
    ),
    PauseReason.PAUSED: (
        "**Paused:** nothing is sent. Run Resume, and the newest state of what changed meanwhile is sent.\n\n"
    ),
}
"""The notice at the start of the description."""


def pause_reasons(active: Collection[str], paused: Collection[str]) -> dict[str, PauseReason]:
    """Return for each entity why its deployment has to be paused, or NONE."""
    return {
        entity: (
            PauseReason.NOT_ACTIVE
            if entity not in active
            else PauseReason.PAUSED
            if entity in paused
            else PauseReason.NONE
        )
        for entity in NAMES
    }


def description_with(description: str | None, reason: PauseReason) -> str:
    """Return a deployment's description with the notice of this reason instead of any earlier one."""
    plain = description or ""
    for notice in NOTICES.values():
        plain = plain.removeprefix(notice)
    return NOTICES.get(reason, "") + plain


def tags_with(tags: Sequence[str], reason: PauseReason) -> list[str]:
    """Return a deployment's tags with this reason instead of any earlier one."""
    return [tag for tag in tags if tag not in set(PauseReason)] + ([str(reason)] if reason else [])
