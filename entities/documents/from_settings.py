"""Settings that orders and shipments share: both have a first date, and both name items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from entities.from_settings import item_fields, plan_of
from entities.read_plan import ReadPlan
from settings import Settings


def document_plan(settings: Settings, feeds: tuple[str, ...], first: datetime | None, **more: Any) -> ReadPlan:
    """Return a read plan of documents. Nothing from before `first` is read; `more` holds the entity's other fields of
    `ReadPlan`.
    """
    day = None if first is None else first.astimezone(settings.acumatica.zone()).date()
    return plan_of(settings, feeds, item_fields(settings, conversions=True), begins_on=day, **more)
