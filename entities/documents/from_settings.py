"""What customers, orders and shipments share of the settings: documents begin at an instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from entities.read_plan import ReadPlan
from entities.values.from_settings import item_fields, plan_of
from settings import Settings


def document_plan(settings: Settings, feeds: tuple[str, ...], begins: datetime | None, **more: Any) -> ReadPlan:
    """Return a plan of documents: none is read from before `begins`; `more`: the entity's own fields of `ReadPlan`."""
    day = None if begins is None else begins.astimezone(settings.acumatica.zone()).date()
    return plan_of(settings, feeds, item_fields(settings), begins=begins, begins_on=day, **more)
