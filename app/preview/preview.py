"""What a change of Setup Parameters would change in Magento, computed before anything is saved.

Input: the settings as they are and as they would be. Output for each entity that they touch: what would be sent, with
examples, or why that cannot be foreseen. Nothing is stored or sent.
"""

from __future__ import annotations

from collections.abc import Callable

from app.fingerprint import fingerprint_of
from app.preview.documents import ForeseenDocuments, foresee_documents
from app.preview.values import Foreseen, foresee_values
from connector.clock import Clock
from connector.state.engine import State
from entities.documents.entity import DocumentEntity
from entities.registry import ENTITIES
from entities.values.entity import ValueEntity
from settings import Settings


def affected(before: Settings, after: Settings) -> list[str]:
    """Return the entities of which everything would be recomputed."""
    return [
        name
        for name in ENTITIES
        if getattr(after.active, name)
        and (not getattr(before.active, name) or fingerprint_of(before, name) != fingerprint_of(after, name))
    ]


async def foresee(
    entity: str,
    before: Settings,
    after: Settings,
    state: State,
    clock: Clock,
    *,
    progress: Callable[[str], object] = lambda _message: None,
) -> Foreseen | ForeseenDocuments:
    """Return what the new settings would change of an entity. Raises `StateError`."""
    kind = ENTITIES[entity]
    plans = kind.read_plan(before, None), kind.read_plan(after, None)
    if isinstance(kind, ValueEntity):
        return await foresee_values(kind, plans, after, state, clock, progress)
    if isinstance(kind, DocumentEntity):
        return await foresee_documents(kind, plans, before, after, state, clock, progress)
    raise TypeError(f"{entity} is neither an entity of values nor one of documents.")
