"""Whether the deployment of an entity is paused in Prefect: it is while the entity is not active, or paused by hand.

Then no runs are scheduled that would do nothing. The switch of its schedule is the operator's, and is left alone.
"""

from __future__ import annotations

from collections.abc import Collection

from entities.names import NAMES


def paused(active: Collection[str], by_hand: Collection[str]) -> dict[str, bool]:
    """Return for each entity whether its deployment has to be paused."""
    return {entity: entity not in active or entity in by_hand for entity in NAMES}
