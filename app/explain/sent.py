"""List what one entity sent to Magento in a period, record by record, with the value confirmed before."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.explain.from_state import Delivered, delivered_as_text
from connector.state.engine import State
from connector.state.operator import delivery_log
from entities.registry import ENTITIES


class SentPage(NamedTuple):
    """One page of deliveries, the newest first. `before`: the cursor of the next, earlier page; None at the end."""

    rows: list[Delivered]
    before: int | None


def sent_page(state: State, entity: str, since: datetime, until: datetime, *, before: int | None = None) -> SentPage:
    """Return one page of what was sent at or after `since` and before `until`. `before`: the cursor of the page."""
    with state.read() as connection:
        page = delivery_log.read(connection, entity, since, until, before=before)
    kind = ENTITIES[entity]
    return SentPage([delivered_as_text(kind, *row) for row in page.entries], page.before)
