"""Preview what a change of Setup Parameters would change in Magento, before it is saved.

Input: the settings before and after the change. Output, for each affected entity: what would be sent, with examples, or
why that cannot be predicted. Nothing is stored or sent.
"""

from __future__ import annotations

from collections.abc import Callable

from app.fingerprint import fingerprint_of
from app.preview.documents import DocumentPreview, preview_documents
from app.preview.values import ValuePreview, preview_values
from connector.clock import Clock
from connector.state.engine import State
from entities.documents.entity import DocumentEntity
from entities.registry import ENTITIES
from entities.values.entity import ValueEntity
from settings import Settings


def affected(before: Settings, after: Settings) -> list[str]:
    """Return the active entities whose values would all be recomputed."""
    return [
        name
        for name in ENTITIES
        if getattr(after.active, name)
        and (not getattr(before.active, name) or fingerprint_of(before, name) != fingerprint_of(after, name))
    ]


async def preview_entity(
    entity: str,
    before: Settings,
    after: Settings,
    state: State,
    clock: Clock,
    *,
    progress: Callable[[str], object] = lambda _message: None,
) -> ValuePreview | DocumentPreview:
    """Return what the new settings would change for an entity. Raises `StateError`.

    `progress` is called with a message about how much has been compared.
    """
    kind = ENTITIES[entity]
    plans = kind.read_plan(before, None), kind.read_plan(after, None)
    if isinstance(kind, ValueEntity):
        return await preview_values(kind, plans, after, state, clock, progress)
    if isinstance(kind, DocumentEntity):
        return await preview_documents(kind, plans, before, after, state, clock, progress)
    raise TypeError(f"{entity} is neither an entity of values nor one of documents.")
