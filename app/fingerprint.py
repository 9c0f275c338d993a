"""The fingerprint of the settings that everything of an entity is computed with.

It is made from what the settings become: the entity's rule, what it reads, where from and where to. So no setting can
be missed that changes any of them, and none counts that changes nothing. When it changes, the next sync is a full one.
That of values ends with where to: when that changes, what Magento confirmed before was confirmed elsewhere.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from entities.marks import ONLY_SENDING
from entities.registry import ENTITIES
from settings import Settings

_SHOWN_IN = "@"


def fingerprint_of(settings: Settings, entity: str, active_since: datetime | None = None) -> str:
    """Return the fingerprint of all that the entity is computed with."""
    acumatica, magento, chosen = settings.acumatica, settings.magento, ENTITIES[entity]
    whole = fingerprint(
        chosen.rule(settings),
        chosen.read_plan(settings, active_since),
        chosen.computed_with(settings),
        (acumatica.url, acumatica.tenant, acumatica.branch, acumatica.endpoint, acumatica.version),
        (magento.url, magento.store_code),
    )
    place = chosen.shown_in(settings)
    return whole if place is None else f"{whole}{_SHOWN_IN}{fingerprint(magento.url, place)}"


def is_elsewhere(before: str | None, now: str) -> bool:
    """Return whether values go elsewhere in Magento now than with the settings before, as far as that was kept."""
    _whole, kept, place = (before or "").partition(_SHOWN_IN)
    return bool(kept) and place != now.partition(_SHOWN_IN)[2]


def fingerprint(*parts: Any) -> str:
    """Return the same for equal parts, in every process, and something else for others."""
    return hashlib.sha256(repr([_plain(part) for part in parts]).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return the value as texts, numbers and lists in a fixed order: sets and maps have none of their own."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal | date | datetime | time | timedelta | ZoneInfo):
        return f"{type(value).__name__} {value}"
    if isinstance(value, Mapping):
        return ["map", *sorted([repr(_plain(key)), _plain(one)] for key, one in value.items())]
    if isinstance(value, Set):
        return ["set", *sorted((_plain(one) for one in value), key=repr)]
    if isinstance(value, Sequence):
        return [_plain(one) for one in value]
    if isinstance(value, msgspec.Struct):
        return [type(value).__name__, *([name, _plain(getattr(value, name))] for name in value.__struct_fields__)]
    if dataclasses.is_dataclass(value):
        named = (
            field.name for field in dataclasses.fields(value) if not ONLY_SENDING.items() <= field.metadata.items()
        )
        return [type(value).__name__, *([name, _plain(getattr(value, name))] for name in named)]
    raise TypeError(f"{type(value).__name__} has no fingerprint")
