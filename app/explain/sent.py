"""What Magento was sent of one entity in a span of time, record by record, with what it had confirmed before."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.explain.from_state import Delivered, delivered_as_text
from connector.state.engine import State
from connector.state.operator import delivery_log
from entities.registry import ENTITIES


class SentPart(NamedTuple):
    """A part of what was sent, the newest first; `before`: where what was sent earlier begins, None at the end."""

    rows: list[Delivered]
    before: int | None


def what_was_sent(
    state: State, entity: str, since: datetime, until: datetime, *, before: int | None = None
) -> SentPart:
    """Return a part of what was sent from `since` to before `until`."""
    with state.read() as connection:
        page = delivery_log.read(connection, entity, since, until, before=before)
    kind = ENTITIES[entity]
    return SentPart([delivered_as_text(kind, *one) for one in page.entries], page.before)
