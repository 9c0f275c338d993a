"""Whether the deployment of an entity is paused in Prefect: it is while the entity is not active, or paused by hand.

Then no runs are scheduled that would do nothing, and a tag and the description say why. The switch of its schedule is
the operator's, and is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from entities.names import NAMES


class Held(StrEnum):
    """Why nothing of an entity is sent, as the deployment's tag has it; NOT: it is."""

    NOT = ""
    NOT_ACTIVE = "not active"
    PAUSED = "paused"


WORDS = {
    Held.NOT_ACTIVE: "**Not active:** nothing is sent. Setup Parameters, Individual Sync Status, switches it on.\n\n",
    Held.PAUSED: "**Paused:** nothing is sent. Run Resume, and the newest state of what changed meanwhile is sent.\n\n",
}
"""What stands before the description."""


def held(active: Collection[str], by_hand: Collection[str]) -> dict[str, Held]:
    """Return for each entity whether its deployment has to be paused, and why."""
    return {
        entity: Held.NOT_ACTIVE if entity not in active else Held.PAUSED if entity in by_hand else Held.NOT
        for entity in NAMES
    }


def described(description: str | None, why: Held) -> str:
    """Return a deployment's description with why it is paused, in the place of any that it had."""
    plain = description or ""
    for words in WORDS.values():
        plain = plain.removeprefix(words)
    return WORDS.get(why, "") + plain


def tagged(tags: Sequence[str], why: Held) -> list[str]:
    """Return a deployment's tags with why it is paused, in the place of any that it had."""
    return [one for one in tags if one not in set(Held)] + ([str(why)] if why else [])
