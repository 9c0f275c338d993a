"""The fingerprint of the settings that determine an entity's values. When it changes, the next sync is a full one.

It is the hash of what the settings become: the entity's rule, its read plan, the source and the target. So it misses no
setting that changes one of them, and ignores settings that change none (ADR 0038). For values, a second hash of the
target follows: when the target changes, what Magento confirmed before was confirmed for another place.
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

_TARGET_SEPARATOR = "@"


def fingerprint_of(settings: Settings, entity: str, active_since: datetime | None = None) -> str:
    """Return the fingerprint of the settings for an entity."""
    acumatica, magento, kind = settings.acumatica, settings.magento, ENTITIES[entity]
    whole = fingerprint(
        kind.rule(settings),
        kind.read_plan(settings, active_since),
        kind.computed_with(settings),
        (acumatica.url, acumatica.tenant, acumatica.branch, acumatica.endpoint, acumatica.version),
        (magento.url, magento.store_code),
    )
    target = kind.shown_in(settings)
    return whole if target is None else f"{whole}{_TARGET_SEPARATOR}{fingerprint(magento.url, target)}"


def target_changed(before: str | None, now: str) -> bool:
    """Return whether two fingerprints differ in their target. False if the first one has none."""
    _whole, separator, target = (before or "").partition(_TARGET_SEPARATOR)
    return bool(separator) and target != now.partition(_TARGET_SEPARATOR)[2]


def fingerprint(*parts: Any) -> str:
    """Return a hash of the parts that is equal in every process and does not depend on the order of sets and maps."""
    return hashlib.sha256(repr([_plain(part) for part in parts]).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return the value as texts, numbers and lists; sets and maps are sorted."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal | date | datetime | time | timedelta | ZoneInfo):
        return f"{type(value).__name__} {value}"
    if isinstance(value, Mapping):
        return ["map", *sorted([repr(_plain(key)), _plain(item)] for key, item in value.items())]
    if isinstance(value, Set):
        return ["set", *sorted((_plain(item) for item in value), key=repr)]
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return [type(value).__name__, *([name, _plain(getattr(value, name))] for name in value.__struct_fields__)]
    if dataclasses.is_dataclass(value):
        named = (
            field.name for field in dataclasses.fields(value) if not ONLY_SENDING.items() <= field.metadata.items()
        )
        return [type(value).__name__, *([name, _plain(getattr(value, name))] for name in named)]
    raise TypeError(f"{type(value).__name__} has no fingerprint")
